// Ed25519 on the strict side of every edge (SPEC §2.2); the equation itself is checked by the browser.

import { littleEndian } from "./bytes.js";
import { refuse } from "./refused.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const Y8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
// y of the eight points whose order is small
const SMALL_ORDER = new Set([0n, 1n, P - 1n, Y8, P - Y8]);

function power(base, exponent) {
  let [result, square] = [1n, ((base % P) + P) % P];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const D = (((-121665n * power(121666n, P - 2n)) % P) + P) % P;

const yOf = (encoded) => littleEndian(encoded) & (2n ** 255n - 1n);

function checkEncoding(encoded, what) {
  if (yOf(encoded) >= P) refuse(`${what} is not canonical: y is not below p`);
  if (SMALL_ORDER.has(yOf(encoded))) refuse(`${what} has small order`);
}

export function checkKey(encoded) {
  if (encoded.length !== 32) refuse(`Ed25519 key has ${encoded.length} bytes, expected 32`);
  checkEncoding(encoded, "Ed25519 key");
  // RFC 8032 §5.1.3: x² = u/v; by Euler's criterion u/v is a square iff u·v is.
  const y2 = yOf(encoded) ** 2n;
  if (power((y2 - 1n) * (D * y2 + 1n), (P - 1n) / 2n) !== 1n) refuse("Ed25519 key is not on the curve");
}

export async function isSupported() {
  try {
    const point = new Uint8Array(32).fill(0x66);
    point[0] = 0x58; // the base point
    await crypto.subtle.importKey("raw", point, "Ed25519", false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

export async function verifyEd25519(key, signature, data) {
  if (signature.length !== 64) refuse(`Ed25519 signature has ${signature.length} bytes, expected 64`);
  if (littleEndian(signature.slice(32)) >= L) refuse("Ed25519 signature is malleable: S is not below L");
  checkEncoding(signature.slice(0, 32), "Ed25519 signature's R");
  const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  if (!(await crypto.subtle.verify("Ed25519", imported, signature, data)))
    refuse("Ed25519 signature does not verify");
}

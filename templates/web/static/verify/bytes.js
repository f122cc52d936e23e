// Bytes and their one spelling in base64url (SPEC §1.1).

import { refuse } from "./refused.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter, value]));

export const utf8 = (text) => new TextEncoder().encode(text);

export function b64u(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = Math.min(3, bytes.length - at);
    const three = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let letter = 0; letter <= left; letter += 1) text += ALPHABET[(three >> (18 - 6 * letter)) & 63];
  }
  return text;
}

export function unb64u(text, { pointer = "", length } = {}) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1)
    refuse("not base64url without padding", pointer);
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const letter of text) {
    held = ((held << 6) | VALUES.get(letter)) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 255;
      at += 1;
    }
  }
  // RFC 4648 §3.5: a second spelling of the same bytes
  if (held & ((1 << bits) - 1)) refuse("base64url has unused bits that are not zero", pointer);
  if (length !== undefined && bytes.length !== length)
    refuse(`${bytes.length} bytes, expected ${length}`, pointer);
  return bytes;
}

export function unb64(text, what) {
  const body = text.replace(/={1,2}$/, "");
  if (
    text.length % 4 ||
    !/^[A-Za-z0-9+/]*$/.test(body) ||
    text.length - body.length !== (4 - (body.length % 4)) % 4
  )
    refuse(`${what} is not base64`);
  return unb64u(body.replaceAll("+", "-").replaceAll("/", "_"));
}

export function b64(bytes) {
  const text = b64u(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

export function join(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const same = (left, right) =>
  left.length === right.length && left.every((byte, at) => byte === right[at]);

export const bigEndian = (bytes) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

export const littleEndian = (bytes) => bigEndian(Uint8Array.from(bytes).reverse());

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export const sha256Hex = async (bytes) => hex(await sha256(bytes));

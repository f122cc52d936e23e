// Public keys: Ed25519, P-256 and RSA, from JWK and COSE, and what each signs (SPEC §2).

import { b64u, bigEndian, join, same, sha256, unb64u } from "./bytes.js";
import { decode } from "./cbor.js";
import { checkKey, verifyEd25519 } from "./ed25519.js";
import { canonicalize, isObject, step } from "./json.js";
import { refuse } from "./refused.js";

const KINDS = {
  OKP: ["Ed25519", "EdDSA", ["x"]],
  EC: ["P-256", "ES256", ["x", "y"]],
  RSA: [null, "RS256", ["n", "e"]],
};
const EXTRAS = new Set(["kid", "use", "key_ops", "alg"]);
const JOSE = { EdDSA: ["EdDSA", "Ed25519"], ES256: ["ES256"], RS256: ["RS256"] };
const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const P256 = { name: "ECDSA", namedCurve: "P-256" };

export class PublicKey {
  constructor(alg, parts) {
    this.alg = alg;
    this.parts = parts;
  }

  static async of(alg, parts) {
    const key = new PublicKey(alg, parts);
    if (alg === "EdDSA") checkKey(parts[0]);
    else if (alg === "ES256") await key.#importP256();
    else key.#checkRsa();
    key.thumbprint = b64u(await sha256(canonicalize(key.jwk)));
    return key;
  }

  get jwk() {
    const [first, second] = this.parts.map(b64u);
    if (this.alg === "EdDSA") return { crv: "Ed25519", kty: "OKP", x: first };
    if (this.alg === "ES256") return { crv: "P-256", kty: "EC", x: first, y: second };
    return { e: second, kty: "RSA", n: first };
  }

  equals(other) {
    return this.thumbprint === other.thumbprint;
  }

  async #importP256() {
    const [x, y] = this.parts;
    if (x.length !== 32 || y.length !== 32) refuse("P-256 coordinate is not 32 bytes long");
    try {
      return await crypto.subtle.importKey("raw", join([4], x, y), P256, false, ["verify"]);
    } catch {
      return refuse("P-256 point is not on the curve");
    }
  }

  #checkRsa() {
    const [n, e] = this.parts;
    if (!n[0] || !e[0]) refuse("RSA number is empty or has a leading zero");
    const bits = n.length * 8 - Math.clz32(n[0]) + 24;
    if (bits < 2048 || bits > 4096 || n.at(-1) % 2 === 0)
      refuse(`RSA modulus of ${bits} bits is not accepted`);
    const exponent = bigEndian(e);
    if (exponent < 65537n || exponent >= 2n ** 32n || exponent % 2n === 0n)
      refuse("RSA exponent is not accepted");
  }

  // In the form that authenticators make: 64 bytes, DER for ES256, PKCS #1 v1.5 for RS256.
  async verify(signature, data) {
    if (this.alg === "EdDSA") return verifyEd25519(this.parts[0], signature, data);
    let holds;
    if (this.alg === "ES256") {
      const algorithm = { name: "ECDSA", hash: "SHA-256" };
      holds = await crypto.subtle.verify(algorithm, await this.#importP256(), fromDer(signature), data);
    } else {
      const imported = await crypto.subtle.importKey("jwk", { ...this.jwk, alg: "RS256" }, RSA, false, [
        "verify",
      ]);
      holds = await crypto.subtle.verify(RSA, imported, signature, data);
    }
    return holds ? undefined : refuse(`${this.alg} signature does not verify`);
  }
}

// r ‖ s of an ASN.1 DER signature (WebAuthn L3 §6.5.5), which has one encoding only.
function fromDer(signature) {
  const bad = () => refuse("ES256 signature does not verify");
  if (signature[0] !== 0x30 || signature[1] !== signature.length - 2 || signature.length > 72) bad();
  const halves = [];
  let at = 2;
  for (let number = 0; number < 2; number += 1) {
    const length = signature[at + 1];
    const part = signature.slice(at + 2, at + 2 + length);
    const negative = part[0] & 0x80;
    const padded = part.length > 1 && part[0] === 0 && !(part[1] & 0x80);
    if (signature[at] !== 2 || !length || part.length !== length || negative || padded) bad();
    const digits = part[0] === 0 ? part.slice(1) : part;
    if (digits.length > 32) bad();
    halves.push(join(new Uint8Array(32 - digits.length), digits));
    at += 2 + length;
  }
  if (at !== signature.length) bad();
  return join(...halves);
}

// RFC 9052 §7 as WebAuthn L3 §6.5.1 narrows it, in CTAP2 canonical CBOR; put together again and compared.
export async function readCose(bytes, pointer = "") {
  const members = decode(bytes);
  const part = (label) => {
    const found = members.get(BigInt(label));
    return found instanceof Uint8Array ? found : refuse("COSE key is not accepted", pointer);
  };
  const is = (label, value) => members.get(BigInt(label)) === BigInt(value);
  if (!(members instanceof Map)) refuse("COSE key is not a map", pointer);
  let [alg, parts, head, labels] = ["", [], [], []];
  if (is(1, 1) && is(3, -8) && is(-1, 6))
    [alg, labels, head] = ["EdDSA", [-2], [0xa4, 1, 1, 3, 0x27, 0x20, 6]];
  else if (is(1, 2) && is(3, -7) && is(-1, 1))
    [alg, labels, head] = ["ES256", [-2, -3], [0xa5, 1, 2, 3, 0x26, 0x20, 1]];
  else if (is(1, 3) && is(3, -257)) [alg, labels, head] = ["RS256", [-1, -2], [0xa4, 1, 3, 3, 0x39, 1, 0]];
  else refuse("COSE key type and algorithm are not accepted", pointer);
  parts = labels.map(part);
  const printed = labels.flatMap((label, index) => [[-1 - label + 0x20], byteString(parts[index])]);
  if (!same(join(head, ...printed), bytes)) refuse("COSE key is not in its canonical encoding", pointer);
  return PublicKey.of(alg, parts);
}

function byteString(bytes) {
  const { length } = bytes;
  if (length < 24) return join([0x40 | length], bytes);
  return length < 256 ? join([0x58, length], bytes) : join([0x59, length >> 8, length & 255], bytes);
}

export async function readJwk(jwk, pointer = "", { bare = false, alg: wanted } = {}) {
  if (!isObject(jwk)) refuse("JWK is not an object", pointer);
  if (typeof jwk.kty !== "string" || !Object.hasOwn(KINDS, jwk.kty))
    refuse("key type is not accepted", `${pointer}/kty`);
  const [curve, alg, names] = KINDS[jwk.kty];
  if (curve && jwk.crv !== curve) refuse("curve is not accepted", `${pointer}/crv`);
  const needed = new Set(["kty", ...names, ...(curve ? ["crv"] : [])]);
  for (const name of Object.keys(jwk))
    if (!needed.has(name) && (bare || !EXTRAS.has(name)))
      refuse("member is not accepted here", pointer + step(name));
  if ("use" in jwk && jwk.use !== "sig") refuse("key is not for signing", `${pointer}/use`);
  const { key_ops: operations } = jwk;
  if (
    "key_ops" in jwk &&
    !(Array.isArray(operations) && operations.length === 1 && operations[0] === "verify")
  )
    refuse("key is not for verifying", `${pointer}/key_ops`);
  if ("alg" in jwk && !JOSE[alg].includes(jwk.alg))
    refuse("algorithm does not fit the key", `${pointer}/alg`);
  if ("kid" in jwk && typeof jwk.kid !== "string") refuse("key id is not a string", `${pointer}/kid`);
  if (wanted && alg !== wanted) refuse(`not a key for ${wanted}`, pointer);
  const parts = names.map((name) => {
    if (typeof jwk[name] !== "string") refuse("missing or not a string", `${pointer}/${name}`);
    return unb64u(jwk[name], { pointer: `${pointer}/${name}` });
  });
  return PublicKey.of(alg, parts);
}

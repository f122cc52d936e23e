// Compact JWS for one purpose at a time (SPEC §3).

import { same, unb64u, utf8 } from "./bytes.js";
import { canonicalize, isObject, parse, parseCanonical } from "./json.js";
import { refuse, shown, under } from "./refused.js";

export const MAX_TOKEN_BYTES = 1 << 21;
const MAX_HEADER_BYTES = 8192;
const REFUSED_HEADER = ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip"];

export function parseCompact(token, maxBytes = MAX_TOKEN_BYTES) {
  if (typeof token !== "string" || !/^[\u0000-\u007f]*$/.test(token)) refuse("token is not ASCII");
  if (token.length > maxBytes) refuse(`token of ${token.length} bytes, at most ${maxBytes}`);
  const parts = token.split(".");
  if (parts.length !== 3) refuse(`token has ${parts.length} parts, expected 3`);
  const [headerBytes, payloadBytes, signature] = parts.map((part) => unb64u(part));
  const header = under("/header", () => parse(headerBytes, { maxBytes: MAX_HEADER_BYTES }));
  if (!isObject(header)) refuse("header is not an object", "/header");
  for (const name of REFUSED_HEADER)
    if (name in header) refuse("header member is refused", `/header/${name}`);
  return { header, headerBytes, payloadBytes, signature, signingInput: utf8(`${parts[0]}.${parts[1]}`) };
}

// The payload, if `keyOf(kid)` signed it for the purpose `typ`. `also`: header members beside the usual three.
export async function verifyJws(token, { typ, keyOf, also = [], maxBytes = MAX_TOKEN_BYTES }) {
  const parsed = parseCompact(token, maxBytes);
  const { header } = parsed;
  const wanted = ["alg", "kid", "typ", ...also].sort().join();
  if (Object.keys(header).sort().join() !== wanted)
    refuse("header member is missing or not expected", "/header");
  if (header.typ !== typ) refuse(`token is a ${shown(header.typ)}, expected ${typ}`);
  const key = typeof header.kid === "string" ? keyOf(header.kid) : undefined;
  if (!key || key.thumbprint !== header.kid) refuse(`key ${shown(header.kid)} is not the expected one`);
  if (key.alg !== "EdDSA" || !["EdDSA", "Ed25519"].includes(header.alg))
    refuse(`algorithm ${shown(header.alg)} is not accepted for this key`);
  await key.verify(parsed.signature, parsed.signingInput);
  if (!same(canonicalize(header), parsed.headerBytes)) refuse("header is not in RFC 8785 form", "/header");
  const payload = under("/payload", () => parseCanonical(parsed.payloadBytes, { maxBytes }));
  if (!isObject(payload)) refuse("payload is not an object", "/payload");
  return { payload, payloadBytes: parsed.payloadBytes, key };
}

// A passkey's assertion as a signature over a document (SPEC §5; WebAuthn L3 §7.2).

import { join, same, sha256, unb64u, utf8 } from "./bytes.js";
import { decodePrefix } from "./cbor.js";
import { isObject, parse } from "./json.js";
import { refuse } from "./refused.js";

const CONTEXT = utf8("consent-registry/webauthn-sign/v1\0");
const [PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS] = [0x01, 0x04, 0x08, 0x10, 0x40, 0x80];

function checkClientData(bytes, challenge, origins) {
  const said = parse(bytes, { maxBytes: 16_384, doubles: true });
  if (!isObject(said)) refuse("client data is not an object");
  for (const name of ["type", "challenge", "origin"])
    if (typeof said[name] !== "string") refuse("missing or not a string", `/${name}`);
  const crossOrigin = "crossOrigin" in said ? said.crossOrigin : false;
  if (typeof crossOrigin !== "boolean") refuse("not a boolean", "/crossOrigin");
  const answered = unb64u(said.challenge, { pointer: "/challenge" });
  if (said.type !== "webauthn.get")
    refuse(`client data was made for ${said.type.slice(0, 40)}, expected webauthn.get`);
  if (!same(answered, challenge))
    refuse("client data answers another challenge: other terms, text or nonce were signed");
  if (!origins.includes(said.origin)) refuse(`made on ${said.origin.slice(0, 100)}: not a signing origin`);
  if (crossOrigin || "topOrigin" in said) refuse("made in a page embedded by another origin");
}

function checkAuthenticatorData(data, rpIdHash) {
  if (data.length < 37 || data.length > 8192) refuse(`authenticator data has ${data.length} bytes`);
  const flags = data[32];
  if (flags & ATTESTED) refuse("authenticator data of a registration stands in an assertion");
  let rest = data.slice(37);
  if (flags & EXTENSIONS) {
    const [extensions, left] = decodePrefix(rest);
    if (!(extensions instanceof Map)) refuse("extension data is not a CBOR map");
    rest = left;
  }
  if (rest.length) refuse(`${rest.length} bytes after the authenticator data`);
  if (!same(data.slice(0, 32), rpIdHash)) refuse("made for another RP id");
  if (!(flags & PRESENT)) refuse("nobody was present (UP is not set)");
  if (!(flags & VERIFIED)) refuse("the person was not verified by PIN, finger or face (UV is not set)");
  if (flags & BACKED_UP && !(flags & ELIGIBLE))
    refuse("backed up though not eligible for backup (BS without BE)");
}

// `said` is a signature of an envelope as it was read, `party` the RP that the trust file names for it.
export async function verifyAssertion(said, { bodyHash, textHash, party, key }) {
  const challenge = await sha256(join(CONTEXT, said.nonce, bodyHash, textHash));
  checkClientData(said.clientData, challenge, party.origins);
  checkAuthenticatorData(said.authenticatorData, party.hash);
  await key.verify(said.signature, join(said.authenticatorData, await sha256(said.clientData)));
}

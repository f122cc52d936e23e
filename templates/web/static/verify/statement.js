// Statements: a body and the signatures under it, read (SPEC §4.8) and verified (SPEC §4.9).

import { same, sha256, unb64u, unhex } from "./bytes.js";
import { checkBody, schemaOf } from "./bodies.js";
import { anything, base64url, oneOf, record, sequence, sha256Digest, text, thumbprint } from "./fields.js";
import { canonicalize, isObject, MAX_BYTES } from "./json.js";
import { verifyJws } from "./jws.js";
import { readCose, readJwk } from "./keys.js";
import { verifyAssertion } from "./passkey.js";
import { refuse } from "./refused.js";

const ENVELOPE = record({ body: anything, signatures: sequence(anything, 8) });
const part = text(1 << 16);
const JWS = text(1 << 21);
const PASSKEY = record({
  role: oneOf("performer"),
  method: oneOf("webauthn"),
  credential: thumbprint,
  public_key: text(1400),
  nonce: base64url(32),
  client_data_json: part,
  authenticator_data: part,
  signature: part,
  text_sha256: sha256Digest,
});
const PERFORMER = record({ role: oneOf("performer"), method: oneOf("ed25519"), jws: JWS });
const REPRESENTATIVE = record({
  role: oneOf("representative"),
  method: oneOf("ed25519"),
  jws: JWS,
  public_key: anything,
});

async function readSignature(value, pointer) {
  if (!isObject(value)) refuse("not an object", pointer);
  if (value.method === "webauthn") {
    PASSKEY(value, pointer);
    const bytesOf = (name) => unb64u(value[name], { pointer: `${pointer}/${name}` });
    const key = await readCose(bytesOf("public_key"), `${pointer}/public_key`);
    if (key.thumbprint !== value.credential)
      refuse("not the thumbprint of public_key", `${pointer}/credential`);
    return {
      method: "webauthn",
      role: "performer",
      key,
      nonce: bytesOf("nonce"),
      clientData: bytesOf("client_data_json"),
      authenticatorData: bytesOf("authenticator_data"),
      signature: bytesOf("signature"),
      textDigest: value.text_sha256,
    };
  }
  if (value.method !== "ed25519")
    refuse("not an accepted word, expected webauthn, ed25519", `${pointer}/method`);
  if (value.role === "performer") {
    PERFORMER(value, pointer);
    return { method: "ed25519", role: "performer", jws: value.jws };
  }
  if (value.role !== "representative")
    refuse("not an accepted word, expected performer, representative", `${pointer}/role`);
  REPRESENTATIVE(value, pointer);
  const key = await readJwk(value.public_key, `${pointer}/public_key`, { bare: true, alg: "EdDSA" });
  return { method: "ed25519", role: "representative", jws: value.jws, key };
}

export async function readEnvelope(value, pointer = "") {
  ENVELOPE(value, pointer);
  const kind = await checkBody(value.body, `${pointer}/body`);
  const bodyBytes = canonicalize(value.body);
  if (bodyBytes.length > MAX_BYTES)
    refuse(`${bodyBytes.length} bytes, at most ${MAX_BYTES}`, `${pointer}/body`);
  const signatures = [];
  for (const [index, each] of value.signatures.entries())
    signatures.push(await readSignature(each, `${pointer}/signatures/${index}`));
  signatures.forEach((each, index) => {
    if ((each.role === "performer") !== (index === 0))
      refuse("not exactly one performer, standing first", `${pointer}/signatures/${index}/role`);
  });
  return { kind, body: value.body, bodyBytes, bodyHash: await sha256(bodyBytes), signatures };
}

function signerOf({ kind, body }) {
  if (kind !== "credential") return body.credential;
  if (body.introduced_by !== "performer")
    refuse("a key introduced by the registry is not signed by a performer");
  return body.by_credential;
}

async function verifyBodyJws(token, typ, key, bodyBytes) {
  const verified = await verifyJws(token, { typ, keyOf: () => key });
  if (!same(verified.payloadBytes, bodyBytes)) refuse("signature is over another body");
}

// Raises unless `key` signed this body and every co-signature holds. `party`: of passkeys, from the trust file.
export async function verifyStatement(envelope, { key, livemode, party }) {
  const { kind, body, bodyBytes, bodyHash, signatures } = envelope;
  if (body.livemode !== livemode)
    refuse("statement is of the other side: test is never live and live never test");
  if (signerOf(envelope) !== key.thumbprint)
    refuse("body names another key than the performer's expected one");
  const [first, ...others] = signatures;
  if (first.method === "webauthn") {
    if (!first.key.equals(key)) refuse("signed with another passkey than the expected one");
    if (body.template && body.template.text_sha256 !== first.textDigest)
      refuse("text shown is another one than the body names");
    await verifyAssertion(first, { bodyHash, textHash: unhex(first.textDigest), party, key });
  } else {
    await verifyBodyJws(first.jws, schemaOf(kind), key, bodyBytes);
  }
  for (const each of others) {
    if (each.key.equals(key)) refuse("the performer's key stands in for a representative's");
    await verifyBodyJws(each.jws, schemaOf(`representative/${kind}`), each.key, bodyBytes);
  }
}

// A key signs by the method that it was introduced for: a software key that plays a passkey is refused.
export function checkMethod(link, envelope) {
  const { method } = envelope.signatures[0];
  if (method !== (link.kind === "passkey" ? "webauthn" : "ed25519"))
    refuse(`key was introduced as ${link.kind} and signs by ${method}`);
}

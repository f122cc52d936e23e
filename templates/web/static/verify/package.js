// Grant packages: one file that proves a consent to anybody (SPEC §6).

import { hex } from "./bytes.js";
import { verifyChain } from "./chain.js";
import {
  anything,
  boolean,
  identifier,
  instant,
  integer,
  oneOf,
  record,
  sha256Digest,
  text,
} from "./fields.js";
import { CLOCK_SKEW, formatInstant, parseInstant } from "./instants.js";
import { isObject, parseStatement } from "./json.js";
import { verifyJws } from "./jws.js";
import { verifyLogged } from "./log_event.js";
import { refuse, under } from "./refused.js";
import { checkMethod, readEnvelope, verifyStatement } from "./statement.js";

export const MAX_PACKAGE_BYTES = 8 << 20;
const PACKAGE = record({
  body: anything,
  signatures: anything,
  key_chain: (value, pointer) => {
    if (!Array.isArray(value)) refuse("not a list", pointer);
  },
  registry: text(8192),
  proof: anything,
});
const PENDING = oneOf("pending");
const COUNTERSIGNATURE = record({
  grant: identifier("grt"),
  grant_sha256: sha256Digest,
  seq: integer(0),
  recorded_at: instant,
  status: record({ uri: text(500), idx: integer(0, 2 ** 20 - 1) }),
  livemode: boolean,
});

async function verifyCountersignature(token, envelope, trust) {
  const { payload, key } = await verifyJws(token, {
    typ: "consent-countersignature+jwt",
    keyOf: trust.named("registry"),
    maxBytes: 8192,
  });
  under("/registry/payload", () => COUNTERSIGNATURE(payload, ""));
  const { body, bodyHash } = envelope;
  if (payload.grant !== body.id || payload.grant_sha256 !== hex(bodyHash))
    refuse("countersignature is of another grant");
  if (payload.livemode !== body.livemode) refuse("countersignature is of the other side");
  trust.check(key.thumbprint, "registry", body.livemode, parseInstant(payload.recorded_at));
  return payload;
}

async function logProof(proof, said, { trust }) {
  if (!isObject(proof)) {
    PENDING(proof, "/proof");
    return undefined;
  }
  const found = await verifyLogged(proof, {
    trust,
    kind: "grant.signed",
    livemode: said.livemode,
    pointer: "/proof",
  });
  const { grant, grant_sha256: digest } = found.event.body;
  if (grant !== said.grant || digest !== said.grant_sha256)
    refuse("log proof is of the event of another grant");
  if (found.index !== BigInt(said.seq))
    refuse(`log proof is of entry ${found.index}, and the grant was recorded at ${said.seq}`);
  return found;
}

export async function verifyPackage(bytes, context) {
  const { trust, at, allowTest } = context;
  const value = parseStatement(bytes, { maxBytes: MAX_PACKAGE_BYTES });
  PACKAGE(value, "");
  const envelope = await readEnvelope({ body: value.body, signatures: value.signatures });
  if (envelope.kind !== "grant") refuse("not the body of a grant", "/body/schema");
  const { body } = envelope;
  const { livemode } = body;
  if (!livemode && !allowTest) refuse("grant is of the test side, and allow_test was not said");
  const recorded = await verifyCountersignature(value.registry, envelope, trust);
  const recordedAt = parseInstant(recorded.recorded_at);
  if (recordedAt > at + CLOCK_SKEW)
    refuse(`grant was recorded later than now, at ${formatInstant(recordedAt)}`);
  const chain = await verifyChain(value.key_chain, {
    signingKey: body.credential,
    livemode,
    trust,
    at: recordedAt,
  });
  const [first] = envelope.signatures;
  const party =
    first.method === "webauthn"
      ? trust.relyingParty(first.authenticatorData.slice(0, 32), recordedAt)
      : undefined;
  await verifyStatement(envelope, { key: chain.at(-1).key, livemode, party });
  checkMethod(chain.at(-1), envelope);
  return { envelope, recorded, chain, logged: await logProof(value.proof, recorded, context) };
}

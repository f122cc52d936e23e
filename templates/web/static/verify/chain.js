// Key chains: who introduced each key, from the performer's first to the one that signs (SPEC §6.1).

import { checkBody, readPublicKey, schemaOf } from "./bodies.js";
import { oneOf, record, sequence, sha256Digest, text } from "./fields.js";
import { formatInstant, parseInstant } from "./instants.js";
import { isObject } from "./json.js";
import { verifyJws } from "./jws.js";
import { refuse } from "./refused.js";
import { checkMethod, readEnvelope, verifyStatement } from "./statement.js";

const introducer = oneOf("performer", "registry");
const BY_REGISTRY = record({
  introduced_by: oneOf("registry"),
  statement: text(1 << 16),
  examiner: text(200),
  evidence_sha256: sha256Digest,
});
const BY_PERFORMER = record({
  introduced_by: oneOf("performer"),
  statement: (value, pointer) => {
    if (typeof value !== "string" && !isObject(value)) refuse("not a statement", pointer);
  },
});

const LINKS = sequence((value, pointer) => {
  if (!isObject(value)) refuse("not an object", pointer);
  introducer(value.introduced_by, `${pointer}/introduced_by`);
  (value.introduced_by === "registry" ? BY_REGISTRY : BY_PERFORMER)(value, pointer);
}, 64);

async function introduction(body) {
  return { ...body, key: await readPublicKey(body.public_key) };
}

async function byRegistry(entry, pointer, { livemode, trust }) {
  const { payload: body, key } = await verifyJws(entry.statement, {
    typ: schemaOf("credential"),
    keyOf: trust.named("registry"),
  });
  await checkBody(body, `${pointer}/statement`);
  if (body.introduced_by !== "registry")
    refuse("the registry signed a link that only the performer's former key can sign");
  if (body.livemode !== livemode) refuse("key was introduced on the other side");
  trust.check(key.thumbprint, "registry", livemode, parseInstant(body.recorded_at));
  if (entry.examiner !== body.examiner || entry.evidence_sha256 !== body.evidence_sha256)
    refuse("examiner or evidence differ from those that the registry signed");
  return introduction(body);
}

async function byPerformer(entry, pointer, former, { livemode, trust, at }) {
  if (typeof entry.statement === "string")
    refuse("a link by a registry key is presented as the performer's own");
  const envelope = await readEnvelope(entry.statement, `${pointer}/statement`);
  if (envelope.kind !== "credential" || envelope.body.introduced_by !== "performer")
    refuse("link is presented as the performer's own, and its statement is not");
  const [first] = envelope.signatures;
  const party =
    first.method === "webauthn"
      ? trust.relyingParty(first.authenticatorData.slice(0, 32), at, { orBefore: true })
      : undefined;
  await verifyStatement(envelope, { key: former.key, livemode, party });
  checkMethod(former, envelope);
  return introduction(envelope.body);
}

// Every link, from the first key to the one of thumbprint `signingKey`; all from before `at`.
export async function verifyChain(entries, { signingKey, livemode, trust, at }) {
  LINKS(entries, "/key_chain");
  const links = [];
  for (const [index, entry] of entries.entries()) {
    const pointer = `/key_chain/${index}`;
    const former = links.at(-1);
    let link;
    if (entry.introduced_by === "registry") {
      link = await byRegistry(entry, pointer, { livemode, trust });
      if (parseInstant(link.recorded_at) > at)
        refuse(`key was introduced after it signed, at ${formatInstant(at)}`);
      if (link.replaces !== former?.key.thumbprint)
        refuse("key introduced by the registry does not join on to the key before it");
    } else {
      if (!former) refuse("key chain does not start with a key that the registry introduced");
      link = await byPerformer(entry, pointer, former, { livemode, trust, at });
    }
    if (links.some((each) => each.key.equals(link.key))) refuse("a key stands twice in its chain");
    links.push(link);
  }
  if (links.at(-1).key.thumbprint !== signingKey)
    refuse("key chain leads to another key than the one that signed");
  return links;
}

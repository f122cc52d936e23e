// Receipt proofs: one file that shows, from the log alone, what was decided (SPEC §13.2 to §13.4).

import { hex, sha256, sha256Hex, unb64u, unhex, utf8, join } from "./bytes.js";
import { anything, integer, oneOf, pattern, record, sha256Digest, text } from "./fields.js";
import { CLOCK_SKEW, formatInstant, parseInstant } from "./instants.js";
import { canonicalize, parseStatement } from "./json.js";
import { verifyLogged } from "./log_event.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { readRecord, verifyReceipt } from "./receipt.js";
import { refuse } from "./refused.js";

export const SCHEMA = "consent-registry/receipt-proof/v1";
export const MAX_PROOF_BYTES = 34 << 20;
const MAX_SEGMENTS = 10_000;
const KIND = "ledger.committed";

const ascii = (longest) => (value, pointer) => {
  if (typeof value !== "string" || value.length > longest || /[^\u0000-\u007f]/.test(value))
    refuse(`not an accepted text, expected ASCII, at most ${longest} characters`, pointer);
};

const encoded = ascii(Math.floor(((10 << 20) * 4) / 3) + 4);
const PROOF = record(
  {
    schema: oneOf(SCHEMA),
    record: encoded,
    record_path: encoded,
    segment: anything,
    index: integer(0, MAX_SEGMENTS - 1),
    segment_path: encoded,
    log: anything,
  },
  { receipt: ascii(16 << 20) },
);
const SEGMENT = record({
  boot: pattern(/^[0-9a-f]{12}$/, "12 lower-case hex digits"),
  chain: sha256Digest,
  count: integer(1, 1 << 16),
  first: integer(0),
  node: text(100),
  object: sha256Digest,
  root: sha256Digest,
  segment: integer(0, (1 << 24) - 1),
});
const COMMITMENT = record({
  count: integer(1, MAX_SEGMENTS),
  list: sha256Digest,
  number: integer(0),
  previous: sha256Digest,
  root: sha256Digest,
});

function readPath(value, pointer) {
  const bytes = unb64u(value, { pointer });
  if (bytes.length % 32 || bytes.length > 64 * 32)
    refuse("not a list of hashes of 32 bytes, at most 64", pointer);
  return hex(bytes).match(/.{64}/g)?.map(unhex) ?? [];
}

function readCommitment(body) {
  COMMITMENT(body, "/log/event/body");
  if ((body.number === 0) !== (body.previous === "0".repeat(64)))
    refuse("only the first commitment has none before it", "/log/event/body/previous");
  return body;
}

// What both a receipt and the ledger's record of it say; what the asker chose is salted in the record.
async function asKept(receipt, salt) {
  const salted = (value) => sha256Hex(join(unhex(salt), utf8(value)));
  const plain = receipt.salt === undefined;
  const items = [];
  for (const each of receipt.items) {
    const item = {
      decision_id: each.decision_id,
      decision: each.decision,
      reasons: each.reasons,
      obligations: each.obligations,
      grants: each.grants,
      record_sha256: each.record_sha256,
      req_sha256: plain ? await salted(each.req_sha256) : each.req_sha256,
      id: each.id === undefined || !plain ? (each.id ?? null) : await salted(each.id),
      attester: each.attester ?? null,
    };
    items.push(item);
  }
  const { jti, iss, aud, sub, livemode, iat, exp, position, seq, as_of, node, batch } = receipt;
  const nonce = receipt.nonce === null || !plain ? receipt.nonce : await salted(receipt.nonce);
  const kept = plain ? salt : receipt.salt;
  const head = {
    jti,
    iss,
    aud,
    sub,
    livemode,
    iat,
    exp,
    nonce,
    position,
    seq,
    as_of,
    node,
    batch,
    salt: kept,
  };
  return hex(canonicalize({ ...head, items }));
}

async function committedReceipt(value, commitment, iss, livemode) {
  const { segment } = value;
  await verifyInclusion({
    index: value.index,
    size: commitment.count,
    leaf: await leafHash(canonicalize(segment)),
    proof: readPath(value.segment_path, "/segment_path"),
    root: unhex(commitment.root),
  });
  const bytes = unb64u(value.record, { pointer: "/record" });
  const { n, receipt } = await readRecord(bytes, { iss, livemode, of_node: segment.node });
  await verifyInclusion({
    index: n - segment.first,
    size: segment.count,
    leaf: await leafHash(await sha256(bytes)),
    proof: readPath(value.record_path, "/record_path"),
    root: unhex(segment.root),
  });
  return receipt;
}

export async function verifyReceiptProof(bytes, context) {
  const { trust, at, allowTest } = context;
  const value = parseStatement(bytes, { maxBytes: MAX_PROOF_BYTES });
  PROOF(value, "");
  SEGMENT(value.segment, "/segment");
  const livemode = value.log?.event?.livemode !== false;
  if (!livemode && !allowTest) refuse("receipt is of the test side, and allow_test was not said");
  const logged = await verifyLogged(value.log, { trust, kind: KIND, livemode, pointer: "/log" });
  const found = await committedReceipt(
    value,
    readCommitment(logged.event.body),
    trust.issuer(livemode),
    livemode,
  );
  const committedAt = parseInstant(logged.event.at, "/log/event/at");
  if (found.issuedAt > committedAt + CLOCK_SKEW)
    refuse(
      `decision of ${formatInstant(found.issuedAt)} is younger than its commitment of ${logged.event.at}`,
    );
  if (found.issuedAt > at + CLOCK_SKEW)
    refuse(`receipt was issued later than now, at ${formatInstant(found.issuedAt)}`);
  if (value.receipt === undefined) return { receipt: found, logged, signed: false };
  const enclosed = await verifyReceipt(value.receipt.replace(/\n$/, ""), context);
  if (enclosed.aud !== found.aud) refuse(`receipt was given to ${enclosed.aud}, expected ${found.aud}`);
  if ((await asKept(enclosed, found.salt)) !== (await asKept(found, found.salt)))
    refuse("enclosed receipt says something else than the record in the log");
  return { receipt: enclosed, logged, signed: true };
}

// Receipts: of one decision or a batch, with a signature of their own or under a ledger's root (SPEC §9).

import { hex, sha256, sha256Hex, unb64u, unhex } from "./bytes.js";
import {
  anything,
  boolean,
  identifier,
  integer,
  listed,
  nullable,
  oneOf,
  pattern,
  record,
  sequence,
  sha256Digest,
  text,
  token,
} from "./fields.js";
import { CLOCK_SKEW, DAY, formatInstant, parseInstantMs, parseNumericDate } from "./instants.js";
import { isObject, parseCanonical } from "./json.js";
import { MAX_TOKEN_BYTES, parseCompact, verifyJws } from "./jws.js";
import { readJwk } from "./keys.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { refuse, shown, under } from "./refused.js";

export const [RECEIPT, BATCH, ROOT] = [
  "consent-receipt+jwt",
  "consent-batch-receipt+jwt",
  "consent-ledger-root+jwt",
];
export const MAX_RECEIPT_BYTES = 16 << 20;
const HEAD = {
  iss: text(300),
  aud: identifier("org"),
  sub: identifier("org"),
  jti: identifier("rcp"),
  iat: integer(0),
  exp: integer(0),
  nonce: nullable(text(128)),
  livemode: boolean,
  position: text(400),
  seq: integer(-1),
  as_of: text(24),
  node: text(100),
};
const ITEM = {
  decision_id: pattern(/^dec_[A-Za-z0-9_-]{1,120}$/, "dec_…"),
  req_sha256: sha256Digest,
  decision: oneOf("allow", "deny"),
  reasons: listed(token),
  obligations: listed(token),
  grants: listed(identifier("grt")),
  record_sha256: sha256Digest,
};
const SINGLE = record({ ...HEAD, ...ITEM }, { attester: text(200) });
const MANY = record({
  ...HEAD,
  items: sequence(record(ITEM, { attester: text(200), id: text(128) }), 10_000),
});
const CERTIFICATE = record({
  iss: text(300),
  livemode: boolean,
  node: text(100),
  jwk: anything,
  nbf: integer(0),
  exp: integer(0),
});
const ROOT_CLAIMS = record({
  iss: text(300),
  livemode: boolean,
  node: text(100),
  iat: integer(0),
  of_node: text(100),
  boot: pattern(/^[0-9a-f]{12}$/, "12 lower-case hex digits"),
  segment: integer(0, (1 << 24) - 1),
  first: integer(0),
  count: integer(1, 1 << 16),
  root: sha256Digest,
  previous: sha256Digest,
  chain: sha256Digest,
  dropped: integer(0),
});
const RECORD = { n: integer(0), salt: pattern(/^[0-9a-f]{32}$/, "32 lower-case hex digits") };
const performers = listed(identifier("prf"));

function windowOf(payload, from) {
  const [begins, ends] = [parseNumericDate(payload[from], `/${from}`), parseNumericDate(payload.exp, "/exp")];
  if (ends <= begins || ends - begins > DAY)
    refuse(`window is empty or too long, at most 24 hours after ${from}`, "/exp");
  return [begins, ends];
}

async function certificateOf(certified, { trust, allowTest }) {
  const { kid } = parseCompact(certified, MAX_TOKEN_BYTES).header;
  if (typeof kid !== "string") refuse("header has no key id", "/header/kid");
  const livemode = trust.keys.get(kid)?.livemode ?? true;
  if (!livemode && !allowTest) refuse("receipt is of the test side, and allow_test was not said");
  const { payload } = await verifyJws(certified, {
    typ: "consent-process-key+jwt",
    keyOf: trust.named("receipt"),
    maxBytes: 4096,
  });
  const [from, until] = under("/payload", () => {
    CERTIFICATE(payload, "");
    return windowOf(payload, "nbf");
  });
  const key = await readJwk(payload.jwk, "/payload/jwk", { bare: true, alg: "EdDSA" });
  if (payload.livemode !== livemode) refuse("process certificate is of the other side");
  trust.check(kid, "receipt", livemode, from);
  if (payload.iss !== trust.issuer(livemode))
    refuse(`process certificate is of another issuer: ${payload.iss}`);
  return { ...payload, key, from, until };
}

// The payload of a token whose signature and chain of keys hold, and the certificate of its process key.
async function certifiedPayload(token, typ, context, maxBytes) {
  const { header } = parseCompact(token, maxBytes);
  if (typeof header.cert !== "string") refuse("missing or not a string", "/header/cert");
  const certificate = await certificateOf(header.cert, context);
  const keyOf = () => certificate.key;
  const { payload } = await verifyJws(token, { typ, keyOf, also: ["cert"], maxBytes: MAX_RECEIPT_BYTES });
  return { payload, certificate };
}

function checkCertified(payload, certificate, at) {
  for (const name of ["iss", "livemode", "node"])
    if (payload[name] !== certificate[name])
      refuse("it is of another issuer, side or node than its process key's certificate");
  if (at < certificate.from || at >= certificate.until)
    refuse(`process key was not certified at ${formatInstant(at)}`);
}

function readClaims(payload, batch, salt) {
  (batch ? MANY : SINGLE)(payload, "");
  const [issuedAt, expiresAt] = windowOf(payload, "iat");
  const items = batch ? payload.items : [payload];
  items.forEach((item, index) => {
    const pointer = batch ? `/items/${index}` : "";
    if (item.decision !== "deny") return;
    if (!item.reasons.length) refuse("a denial without a reason", `${pointer}/reasons`);
    if (item.grants.length || item.obligations.length)
      refuse("a denial with grants or obligations", `${pointer}/grants`);
  });
  parseInstantMs(payload.as_of, "/as_of");
  return { ...payload, items, batch, salt, issuedAt, expiresAt };
}

async function signedReceipt(token, context) {
  const { typ } = parseCompact(token, MAX_RECEIPT_BYTES).header;
  if (typ !== RECEIPT && typ !== BATCH) refuse(`token is a ${shown(typ)}, expected a receipt`);
  const { payload, certificate } = await certifiedPayload(token, typ, context, MAX_RECEIPT_BYTES);
  const receipt = under("/payload", () => readClaims(payload, typ === BATCH));
  checkCertified(receipt, certificate, receipt.issuedAt);
  return receipt;
}

export async function verifyRoot(token, context) {
  const { payload, certificate } = await certifiedPayload(token, ROOT, context, 8192);
  const at = under("/payload", () => {
    ROOT_CLAIMS(payload, "");
    if (payload.node === payload.of_node && payload.dropped !== 0)
      refuse("a node that sealed its own segment dropped bytes", "/dropped");
    return parseNumericDate(payload.iat, "/iat");
  });
  checkCertified(payload, certificate, at);
  return { ...payload, sealedAt: at };
}

function claimsOfItem(item, digest, pointer) {
  if (!isObject(item)) refuse("not an object", pointer);
  if ("record_sha256" in item) refuse("unknown member", `${pointer}/record_sha256`);
  if (!("performers" in item)) refuse("missing", `${pointer}/performers`);
  performers(item.performers, `${pointer}/performers`);
  const { performers: named, ...claims } = item;
  return { ...claims, record_sha256: digest };
}

// A record of the ledger (SPEC §9.3) as the receipt that it stands for.
export async function readRecord(bytes, root) {
  const digest = await sha256Hex(bytes);
  return under("/record", () => {
    const payload = parseCanonical(bytes, { maxBytes: 10 << 20 });
    if (!isObject(payload)) refuse("record is not an object");
    for (const [name, check] of Object.entries(RECORD)) {
      if (!(name in payload)) refuse("missing", `/${name}`);
      check(payload[name], `/${name}`);
    }
    for (const name of ["iss", "livemode", "node", "jti"])
      if (name in payload) refuse("unknown member", `/${name}`);
    const batch = "items" in payload;
    const { n, salt, ...own } = payload;
    if (batch && (!Array.isArray(own.items) || !own.items.length)) refuse("not a list with items", "/items");
    const claims = batch
      ? { ...own, items: own.items.map((each, index) => claimsOfItem(each, digest, `/items/${index}`)) }
      : claimsOfItem(own, digest, "");
    const first = batch ? claims.items[0] : claims;
    const jti = `rcp_${(typeof first.decision_id === "string" ? first.decision_id : "").replace(/^dec_/, "")}`;
    const said = { ...claims, iss: root.iss, livemode: root.livemode, node: root.of_node, jti };
    return { n, receipt: readClaims(said, batch, salt) };
  });
}

async function ledgerReceipt(whole, context) {
  if (whole.length > MAX_RECEIPT_BYTES) refuse(`${whole.length} bytes, at most ${MAX_RECEIPT_BYTES}`);
  const parts = whole.split("~");
  if (parts.length !== 3) refuse(`receipt has ${parts.length} parts, expected 3`);
  const [recordBytes, proof] = [unb64u(parts[1]), unb64u(parts[2])];
  if (proof.length % 32) refuse("proof is not a list of hashes of 32 bytes");
  const root = await verifyRoot(parts[0], context);
  const { n, receipt } = await readRecord(recordBytes, root);
  await verifyInclusion({
    index: n - root.first,
    size: root.count,
    leaf: await leafHash(await sha256(recordBytes)),
    proof: hex(proof).match(/.{64}/g)?.map(unhex) ?? [],
    root: unhex(root.root),
  });
  if (receipt.issuedAt > root.sealedAt) refuse("record is younger than the root that it rests on");
  return receipt;
}

export async function verifyReceipt(token, context) {
  const receipt = token.includes("~")
    ? await ledgerReceipt(token, context)
    : await signedReceipt(token, context);
  if (receipt.issuedAt > context.at + CLOCK_SKEW)
    refuse(`receipt was issued later than now, at ${formatInstant(receipt.issuedAt)}`);
  return receipt;
}

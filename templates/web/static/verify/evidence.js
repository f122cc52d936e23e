// What a file proves, its kind found out by looking; the same facts as `consent verify --json` prints.

import { hex } from "./bytes.js";
import { ACKNOWLEDGEMENT, verifyAcknowledgement } from "./acknowledgement.js";
import { formatInstant, formatInstantMs, parseInstantMs } from "./instants.js";
import { isObject, parse } from "./json.js";
import { parseCompact } from "./jws.js";
import { describeLogged } from "./log_event.js";
import { MAX_PACKAGE_BYTES, verifyPackage } from "./package.js";
import { BATCH, MAX_RECEIPT_BYTES, RECEIPT, ROOT, verifyReceipt } from "./receipt.js";
import { MAX_PROOF_BYTES, SCHEMA, verifyReceiptProof } from "./receipt_proof.js";
import { refuse, Refused, shown } from "./refused.js";
import { before } from "./fields.js";

export const MAX_DOCUMENT_BYTES = Math.max(MAX_PACKAGE_BYTES, MAX_RECEIPT_BYTES, MAX_PROOF_BYTES);
const BLANK = new Set([32, 9, 13, 10]);

function strip(bytes) {
  let [first, end] = [0, bytes.length];
  while (first < end && BLANK.has(bytes[first])) first += 1;
  while (end > first && BLANK.has(bytes[end - 1])) end -= 1;
  return bytes.slice(first, end);
}

function describeItem(item) {
  const { id, decision, decision_id, reasons, obligations, grants, req_sha256 } = item;
  return {
    ...(id === undefined ? {} : { id }),
    decision,
    decision_id,
    reasons,
    obligations,
    grants,
    req_sha256,
  };
}

function describeReceipt(receipt, at) {
  return {
    kind: receipt.batch ? "batch receipt" : "receipt",
    livemode: receipt.livemode,
    issuer: receipt.iss,
    audience: receipt.aud,
    licensee: receipt.sub,
    receipt: receipt.jti,
    issued_at: formatInstant(receipt.issuedAt),
    expires_at: formatInstant(receipt.expiresAt),
    fresh: receipt.issuedAt <= at && at < receipt.expiresAt,
    position: receipt.position,
    node: receipt.node,
    ...(receipt.salt === undefined ? {} : { salt: receipt.salt }),
    decisions: receipt.items.map(describeItem),
  };
}

function describeReceiptProof({ receipt, logged, signed }, at) {
  const { decisions, ...said } = describeReceipt(receipt, at);
  return {
    ...said,
    kind: `${said.kind} with log proof`,
    receipt_signature: signed ? "verified" : "not enclosed",
    committed_at: logged.event.at,
    ...describeLogged(logged),
    decisions,
  };
}

function describeKey(link) {
  return {
    key: link.key.thumbprint,
    kind: link.kind,
    introduced_by: link.introduced_by,
    by_credential: link.by_credential ?? null,
    examiner: link.examiner ?? null,
    evidence_sha256: link.evidence_sha256 ?? null,
  };
}

function describePackage({ envelope, recorded, chain, logged }) {
  const { body, bodyHash, signatures } = envelope;
  const uses = [...new Set(body.lines.flatMap((line) => line.uses))];
  return {
    kind: "grant package",
    livemode: body.livemode,
    grant: recorded.grant,
    grant_sha256: hex(bodyHash),
    performer_name: body.performer_name,
    licensee: body.licensee.legal_name,
    uses: uses.sort((left, right) => (before(left, right) ? -1 : 1)),
    valid_from: body.valid_from,
    valid_until: body.valid_until,
    signed_with: signatures[0].method,
    user_verified: signatures[0].method === "webauthn",
    recorded_at: recorded.recorded_at,
    seq: recorded.seq,
    status: recorded.status,
    keys: chain.map(describeKey),
    only_first_key_by_registry: chain.slice(1).every((link) => link.introduced_by === "performer"),
    ...(logged ? describeLogged(logged) : { proof: "pending" }),
  };
}

function describeAcknowledgement(said) {
  return {
    kind: "acknowledgement",
    livemode: said.livemode,
    issuer: said.iss,
    grant: said.grant,
    ...("statement" in said ? { statement: said.statement } : { recorded_on: said.authority }),
    body_sha256: said.body_sha256,
    compared_with_statement: false,
    committed: said.committed,
    enforced_at: formatInstantMs(parseInstantMs(said.enforced_at)),
  };
}

function isReceiptProof(bytes) {
  try {
    const value = parse(bytes, { maxBytes: MAX_DOCUMENT_BYTES });
    return isObject(value) && value.schema === SCHEMA;
  } catch (fault) {
    if (fault instanceof Refused) return false;
    throw fault;
  }
}

// `context`: {trust, at in milliseconds, allowTest}. Raises `Refused` with the reason.
export async function verifyEvidence(file, context) {
  const bytes = strip(file);
  if (bytes[0] === 0x7b) {
    if (!isReceiptProof(bytes)) return describePackage(await verifyPackage(bytes, context));
    return describeReceiptProof(await verifyReceiptProof(bytes, context), context.at);
  }
  if (bytes.length > MAX_RECEIPT_BYTES) refuse(`${bytes.length} bytes, at most ${MAX_RECEIPT_BYTES}`);
  const token = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  if (token.split(".").length !== 3 || /[^\u0000-\u007f]/.test(token))
    refuse("expected a receipt, a receipt proof, a grant package or an acknowledgement");
  // A deferred receipt begins with the root that it rests on.
  const { typ } = parseCompact(token.split("~", 1)[0], MAX_RECEIPT_BYTES).header;
  if (typ === ACKNOWLEDGEMENT) return describeAcknowledgement(await verifyAcknowledgement(token, context));
  if (![RECEIPT, BATCH, ROOT].includes(typ))
    refuse(`expected a receipt, a package or an acknowledgement, got a token of typ ${shown(typ)}`);
  return describeReceipt(await verifyReceipt(token, context), context.at);
}

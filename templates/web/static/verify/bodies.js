// The bodies that a grant package holds: a grant, and the credentials of its key chain (SPEC §4.3, §4.7).

import {
  anything,
  before,
  boolean,
  country,
  identifier,
  instant,
  integer,
  language,
  lineId,
  nullable,
  oneOf,
  openObject,
  openValue,
  record,
  sequence,
  setOf,
  sha256Digest,
  templateId,
  text,
  thumbprint,
  token,
} from "./fields.js";
import { unb64u } from "./bytes.js";
import { parseInstant } from "./instants.js";
import { checkStrings, isObject, step } from "./json.js";
import { readCose, readJwk } from "./keys.js";
import { refuse, Refused } from "./refused.js";

export const schemaOf = (kind) => `consent-registry/${kind}/v1`;

const KINDS = { [schemaOf("grant")]: "grant", [schemaOf("credential")]: "credential" };
const nonce = thumbprint;

function wordOrAny(value, pointer) {
  if (value !== "*") token(value, pointer);
}

function constraint(value, pointer) {
  if (!isObject(value)) refuse("not an object", pointer);
  const own = Object.keys(value).filter((name) => name !== "kind" && name !== "v");
  const members = Object.fromEntries(own.map((name) => [name, openValue(2)]));
  record({ kind: token, v: integer(1, 1000) }, members)(value, pointer);
  openValue(3)(value, pointer);
}

const LINE = record(
  {
    id: lineId,
    uses: setOf(token, 64),
    purposes: setOf(wordOrAny, 64),
    description: text(4000, { shortest: 200, lines: true }),
    explicit: boolean,
    initials: boolean,
    constraints: sequence(constraint, 32),
  },
  { modalities: setOf(token, 16), content_max: token },
);
const GRANT = record(
  {
    schema: oneOf(schemaOf("grant")),
    id: identifier("grt"),
    livemode: boolean,
    performer: identifier("prf"),
    performer_name: text(120),
    credential: thumbprint,
    licensee: record({ id: identifier("org"), legal_name: text(200), country, contact: text(254) }),
    offer: identifier("off"),
    template: record({ id: templateId, version: integer(1), language, text_sha256: sha256Digest }),
    lines: sequence(LINE, 32),
    valid_from: instant,
    valid_until: instant,
    on_end: record(
      { published: oneOf("keep", "unpublish"), model: oneOf("delete", "quarantine", "retain_no_use") },
      { model_days: integer(0, 3650) },
    ),
    compensation: record({ kind: oneOf("paid", "unpaid", "revshare") }, { terms_sha256: sha256Digest }),
    posthumous: nullable(record({ allowed: boolean }, { years: integer(1, 70), controller_ref: text(200) })),
    exclusive: nullable(openObject(2)),
    representation: record(
      { kind: token },
      { name: text(200), authority_ref: text(200), cba_ref: text(200) },
    ),
    replaces_in_person_work: boolean,
    attestations: setOf(token, 32),
    nonce,
    supersedes: nullable(identifier("grt")),
  },
  {
    recipients: sequence(
      record({ id: identifier("org"), legal_name: text(200), role: oneOf("host", "processor") }),
      64,
    ),
    project: record({ ref: text(64), title: text(200) }),
    prohibitions: sequence(openObject(1), 64),
    obligations: setOf(token, 64),
  },
);
const CREDENTIAL = record(
  {
    schema: oneOf(schemaOf("credential")),
    id: identifier("stm"),
    livemode: boolean,
    public_key: (value, pointer) => (isObject(value) ? anything() : text(1400)(value, pointer)),
    kind: oneOf("passkey", "ed25519"),
    introduced_by: oneOf("performer", "registry"),
    nonce,
  },
  {
    by_credential: thumbprint,
    label: text(100),
    examiner: text(200),
    evidence_sha256: sha256Digest,
    recorded_at: instant,
    replaces: thumbprint,
  },
);
const NEEDED = { performer: ["by_credential"], registry: ["examiner", "evidence_sha256", "recorded_at"] };
const REFUSED = {
  performer: ["examiner", "evidence_sha256", "recorded_at", "replaces"],
  registry: ["by_credential"],
};

function refuseRepeats(items, pointer, name) {
  const seen = new Set();
  items.forEach((item, index) => {
    if (seen.has(item[name])) refuse("stands twice", `${pointer}/${index}/${name}`);
    seen.add(item[name]);
  });
}

function checkGrant(body) {
  GRANT(body, "");
  refuseRepeats(body.lines, "/lines", "id");
  body.lines.forEach((line, index) => refuseRepeats(line.constraints, `/lines/${index}/constraints`, "kind"));
  const recipients = (body.recipients ?? []).map((each) => `${each.id}\n${each.role}`);
  for (let index = 1; index < recipients.length; index += 1)
    if (!before(recipients[index - 1], recipients[index]))
      refuse("not sorted by id and role", `/recipients/${index}`);
  if (parseInstant(body.valid_from) >= parseInstant(body.valid_until))
    refuse("ends before it begins", "/valid_until");
  if (body.supersedes === body.id) refuse("a grant cannot supersede itself", "/supersedes");
}

export async function readPublicKey(value, pointer = "") {
  if (typeof value !== "string") return readJwk(value, pointer, { bare: true });
  return readCose(unb64u(value, { pointer }), pointer);
}

async function checkCredential(body) {
  CREDENTIAL(body, "");
  const by = body.introduced_by;
  for (const name of NEEDED[by]) if (!(name in body)) refuse("missing", `/${name}`);
  for (const name of REFUSED[by]) if (name in body) refuse("not for this introducer", `/${name}`);
  const key = await readPublicKey(body.public_key, "/public_key");
  const cose = typeof body.public_key === "string";
  if (body.kind === "ed25519" && (key.alg !== "EdDSA" || cose)) refuse("not an Ed25519 JWK", "/public_key");
  if (body.kind === "passkey" && !cose) refuse("not a COSE key", "/public_key");
  if ([body.by_credential, body.replaces].includes(key.thumbprint))
    refuse("a key cannot introduce itself", "/public_key");
}

function refuseTestIds(value, pointer) {
  if (typeof value === "string") {
    if (/^[a-z]{3}_test_[a-z0-9_]+$/.test(value))
      refuse("an id of the test side in a live statement", pointer);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, child] of Object.entries(value)) refuseTestIds(child, pointer + step(name));
  }
}

export async function checkBody(body, pointer = "") {
  try {
    if (!isObject(body)) refuse("body is not an object");
    const kind =
      typeof body.schema === "string" && Object.hasOwn(KINDS, body.schema) ? KINDS[body.schema] : "";
    if (!kind) refuse("no schema that stands in a grant package", "/schema");
    checkStrings(body);
    if (kind === "grant") checkGrant(body);
    else await checkCredential(body);
    if (body.livemode) refuseTestIds(body, "");
    return kind;
  } catch (fault) {
    if (fault instanceof Refused) fault.pointer = pointer + fault.pointer;
    throw fault;
  }
}

// An event shown to stand in the registry's log: its opening, a proof, a signed checkpoint (SPEC §8, §14, §15).

import { b64, hex, join, same, sha256, unb64, unb64u, utf8 } from "./bytes.js";
import { base64url, boolean, identifier, instant, oneOf, record, token } from "./fields.js";
import { isObject } from "./json.js";
import { entryOf, leafHash, verifyInclusion } from "./merkle.js";
import { refuse, under } from "./refused.js";
import { verifyEd25519 } from "./ed25519.js";

const MAX_SIZE = 2n ** 62n;
const DASH = "\u2014 ";

function object(value, pointer) {
  if (!isObject(value)) refuse("not an object", pointer);
}

const LOGGED = record({
  tlog_proof: (value, pointer) => {
    if (typeof value !== "string" || !value || [...value].length > 1 << 16)
      refuse("not a text of accepted length, expected 1 to 65536 characters", pointer);
  },
  event: object,
  salt: base64url(32),
});
const EVENT = record({
  schema: oneOf("consent-registry/event/v1"),
  id: identifier("evt"),
  kind: token,
  livemode: boolean,
  at: instant,
  body: object,
});

function decimal(text, what) {
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text)) refuse(`${what} is not canonical decimal`);
  const number = BigInt(text);
  return number <= MAX_SIZE ? number : refuse(`${what} is above 2^62`);
}

function hash32(text, what) {
  const bytes = unb64(text, what);
  return bytes.length === 32 ? bytes : refuse(`${what} has ${bytes.length} bytes, expected 32`);
}

function signatureLine(line) {
  const parts = line.slice(DASH.length).split(" ");
  if (!line.startsWith(DASH) || parts.length !== 2) refuse("not a signature line");
  const [name, encoded] = parts;
  const size = utf8(name).length;
  if (size < 1 || size > 255 || /[\s+\u0000-\u001f\u0085]/u.test(name)) refuse("key name is not accepted");
  const data = unb64(encoded, "signature line");
  if (data.length <= 4) refuse("signature line holds no signature");
  return { name, keyId: data.slice(0, 4), signature: data.slice(4) };
}

// C2SP signed-note: the text is separated from the signatures by the last empty line.
function readNote(whole) {
  const split = whole.lastIndexOf("\n\n");
  if (split < 0 || !whole.endsWith("\n") || split + 2 === whole.length) refuse("note has no signatures");
  const [text, lines] = [whole.slice(0, split + 1), whole.slice(split + 2, -1).split("\n")];
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) refuse("note has a control character");
  if (lines.length > 100) refuse(`note has ${lines.length} signatures, at most 100`);
  return { text, signatures: lines.map(signatureLine) };
}

function readCheckpoint(text) {
  if ([...text].length > 16_384) refuse("checkpoint has too many characters, at most 16384");
  const lines = text.split("\n");
  if (lines.length < 4 || lines.pop() !== "") refuse("checkpoint has not its lines: origin, size, root");
  if (lines.some((line) => !line)) refuse("checkpoint has an empty line");
  return {
    origin: lines[0],
    size: decimal(lines[1], "checkpoint size"),
    root: hash32(lines[2], "checkpoint root"),
  };
}

function readProof(whole) {
  const split = whole.indexOf("\n\n");
  const lines = whole.slice(0, Math.max(split, 0)).split("\n");
  if (split < 0 || lines.shift() !== "c2sp.org/tlog-proof@v1") refuse("not a proof file");
  if (lines[0]?.startsWith("extra ")) {
    if (unb64(lines.shift().slice(6), "extra data").length > 1 << 16) refuse("extra data is too long");
  }
  if (!lines[0]?.startsWith("index ")) refuse("proof names no index");
  const index = decimal(lines.shift().slice(6), "index");
  if (lines.length > 63) refuse(`proof has ${lines.length} hashes, at most 63`);
  const hashes = lines.map((line) => hash32(line, "proof hash"));
  return { index, hashes, note: readNote(whole.slice(split + 2)) };
}

// Every signature that says to be by a log key of the trust file must hold. Returns the first that does, as a vkey.
async function checkSigned(note, origin, keys) {
  const known = [];
  for (const key of keys) {
    const encoded = join([1], key.parts[0]);
    const keyId = (await sha256(join(utf8(origin), [10], encoded))).slice(0, 4);
    known.push({ key, keyId, vkey: `${origin}+${hex(keyId)}+${b64(encoded)}` });
  }
  let first;
  for (const each of note.signatures) {
    const found = known.find(({ keyId }) => each.name === origin && same(each.keyId, keyId));
    if (!found) continue;
    await verifyEd25519(found.key.parts[0], each.signature, utf8(note.text));
    first ??= found.vkey;
  }
  return first ?? refuse(`checkpoint is not signed by the log ${origin.slice(0, 80)}`);
}

function checkOrigin(origin, trust, livemode) {
  const host = new URL(trust.issuer(livemode)).host;
  const side = livemode ? "live" : "test";
  const found = /^([^/]+)\/log\/(live|test)(?:\/[1-9][0-9]{0,5})?$/.exec(origin);
  if (!found || found[1] !== host || found[2] !== side)
    refuse(`checkpoint is of ${origin.slice(0, 80)}, expected of ${host}/log/${side}`);
}

// An event of that kind and side in the registry's own log; `pointer` is where it stands.
export async function verifyLogged(logged, { trust, kind, livemode, pointer }) {
  LOGGED(logged, pointer);
  const { event } = logged;
  EVENT(event, `${pointer}/event`);
  if (event.kind !== kind) refuse(`event is ${event.kind}, expected ${kind}`);
  if (event.livemode !== livemode) refuse("event is of the other side");
  const proof = under(pointer, () => readProof(logged.tlog_proof));
  const checkpoint = under(pointer, () => readCheckpoint(proof.note.text));
  checkOrigin(checkpoint.origin, trust, livemode);
  const keys = [...trust.keys.values()].filter((each) => each.role === "log" && each.livemode === livemode);
  const key = await checkSigned(
    proof.note,
    checkpoint.origin,
    keys.map((each) => each.key),
  );
  await verifyInclusion({
    index: proof.index,
    size: checkpoint.size,
    leaf: await leafHash(await entryOf(event, unb64u(logged.salt))),
    proof: proof.hashes,
    root: checkpoint.root,
  });
  return { event, index: proof.index, checkpoint, key };
}

// Where the log holds it, and who vouches for order and time: here nobody but the log's own key.
export function describeLogged({ index, checkpoint, key }) {
  return {
    proof: "in the log",
    log_index: Number(index),
    log: checkpoint.origin,
    log_size: Number(checkpoint.size),
    log_root: b64(checkpoint.root),
    log_key: key,
    witnesses: "not asked: no policy was given",
  };
}

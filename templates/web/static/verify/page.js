// The page that verifies a file in this browser. Nothing of the file leaves it: only the trust file is fetched.

const byId = (id) => document.getElementById(id);
const word = (name) =>
  document.querySelector(`#words [data-word="${name}"]`)?.textContent ?? name.replaceAll("_", " ");
const LISTS = new Set(["kind", "livemode", "decisions", "keys", "status"]);
// What a person asks first; the rest stands behind one more click.
const FIRST = [
  ...["performer_name", "licensee", "uses", "valid_from", "valid_until", "issued_at", "expires_at", "fresh"],
  ...["audience", "enforced_at", "recorded_at", "user_verified", "proof", "grant"],
];
const SHOWN = 20;
let turn = 0;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const spoken = (value) => {
  if (typeof value === "boolean") return word(value ? "yes" : "no");
  return Array.isArray(value) ? value.join(", ") || "-" : String(value);
};

function fields(facts, names) {
  const list = element("dl");
  for (const name of names) {
    const value = facts[name] ?? null;
    if (LISTS.has(name) || value === null) continue;
    list.append(element("dt", word(name)));
    const told = element("dd");
    const isText = typeof value === "string" && value.length > 20 && !value.includes(" ");
    told.append(isText ? element("code", value) : spoken(value));
    list.append(told);
  }
  return list;
}

function keyList(keys) {
  const list = element("ol");
  for (const key of keys) {
    const item = element("li");
    const by =
      key.introduced_by === "performer" ? word("by_performer") : `${word("by_registry")} ${key.examiner}`;
    item.append(element("code", key.key), ` ${key.kind}. ${by}`);
    list.append(item);
  }
  return list;
}

function decisionList(decisions) {
  const list = element("ul", undefined, "can");
  for (const each of decisions.slice(0, SHOWN)) {
    const item = element("li", undefined, each.decision === "allow" ? "" : "not");
    const row = each.id === undefined ? "" : `${each.id}: `;
    item.append(
      `${row}${word(each.decision)} ${each.reasons.join(", ")} `,
      element("code", each.decision_id),
    );
    list.append(item);
  }
  if (decisions.length > SHOWN) list.append(element("li", `… ${decisions.length - SHOWN} ${word("more")}`));
  return list;
}

function details(title, text) {
  const box = element("details");
  const code = element("pre", text);
  code.id = "facts";
  code.tabIndex = 0;
  box.append(element("summary", title), code);
  return box;
}

// One outcome in the box: what stands in large letters, then everything behind it.
function put(kind, title, ...more) {
  const result = byId("result");
  result.className = `result ${kind}`;
  result.replaceChildren(element("strong", title), ...more);
  result.hidden = false;
  return result;
}

function show(facts) {
  const side = facts.livemode ? "" : ` (${word("test_side")})`;
  const result = put("allow", `${word("valid")}: ${word(facts.kind.replaceAll(" ", "_"))}${side}`);
  if (facts.decisions) result.append(decisionList(facts.decisions));
  result.append(fields(facts, FIRST));
  const more = element("details");
  const rest = Object.keys(facts).filter((name) => !FIRST.includes(name));
  more.append(element("summary", word("all_facts")), fields(facts, rest));
  result.append(more);
  if (facts.keys) result.append(element("h2", word("keys")), keyList(facts.keys));
  const meaning = facts.kind === "acknowledgement" ? word("genuine_ended") : word("genuine_only");
  result.append(element("p", meaning, "soft"));
  result.append(details(word("as_json"), JSON.stringify({ valid: true, ...facts }, undefined, 1)));
}

function showRefused(why) {
  const plain = why.includes("allow_test") ? word("is_test") : word("not_valid_means");
  const exact = element("p", `${word("exactly")} `, "soft");
  exact.append(element("code", why));
  const json = JSON.stringify({ valid: false, why }, undefined, 1);
  put("deny", word("not_valid"), element("p", plain), exact, details(word("as_json"), json));
}

// What keeps the file from being judged at all. It says nothing about the file.
class Unable extends Error {}

const showUnable = (why) => put("wait", word("unable"), element("p", why));

async function bytesOf(input, atMost) {
  const file = input.files[0];
  if (file.size > atMost) throw new Unable(`${word("too_large")} ${file.name}`);
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Unable(`${word("unreadable")} ${file.name}`); // moved, or changed since it was chosen
  }
}

async function trustBytes() {
  if (byId("trust").files.length) return bytesOf(byId("trust"), 1 << 20);
  const answer = await fetch("/.well-known/consent-registry", { credentials: "omit" }).catch(() => undefined);
  if (!answer?.ok) throw new Unable(word("no_trust"));
  return new Uint8Array(await answer.arrayBuffer());
}

// What is told of the file must not be blamed on it when the keys or the day are what is wrong.
const orUnable = async (read, said, Refused) => {
  try {
    return await read();
  } catch (fault) {
    throw fault instanceof Refused ? new Unable(said) : fault;
  }
};

// The verifier itself is fetched when there is something to verify.
async function judge() {
  const loaded = await Promise.all([
    import("./evidence.js"),
    import("./trust.js"),
    import("./refused.js"),
    import("./instants.js"),
    import("./ed25519.js"),
  ]).catch(() => {
    throw new Unable(word("no_verifier"));
  });
  const [{ verifyEvidence, MAX_DOCUMENT_BYTES }, { Trust }, { Refused }, { parseInstant }, { isSupported }] =
    loaded;
  if (!(await isSupported())) throw new Unable(word("no_ed25519"));
  const keys = await trustBytes();
  const trust = await orUnable(() => Trust.read(keys), word("bad_trust"), Refused);
  const day = byId("at").value.trim();
  const at = day ? await orUnable(() => parseInstant(day), word("bad_day"), Refused) : Date.now();
  if (byId("file").files[0].name.endsWith(".zip")) throw new Unable(word("bundle"));
  const file = await bytesOf(byId("file"), MAX_DOCUMENT_BYTES);
  try {
    const facts = await verifyEvidence(file, { trust, at, allowTest: byId("test").checked });
    return () => show(facts);
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    return () => showRefused(fault.sentence);
  }
}

async function verify(change) {
  turn += 1;
  const mine = turn;
  byId("result").hidden = true;
  document.body.removeAttribute("data-verified");
  if (!byId("file").files.length) return;
  put("wait", word("checking"));
  let outcome;
  try {
    outcome = await judge();
  } catch (fault) {
    outcome = () => showUnable(fault instanceof Unable ? fault.message : `${word("stumbled")} ${fault}`);
  }
  if (mine !== turn) return; // another file was chosen meanwhile
  outcome();
  // On a phone it stands below the window. Whoever goes on to another field keeps that field in view.
  if (change.target.id === "file") byId("result").scrollIntoView({ block: "nearest" });
  document.body.dataset.verified = String(mine);
}

for (const id of ["file", "test", "trust", "at"]) byId(id).addEventListener("change", verify);
byId("form").addEventListener("submit", (event) => event.preventDefault());
byId("form").hidden = false;

// The page that verifies a file in this browser. Nothing of the file leaves it: only the trust file is fetched.

const byId = (id) => document.getElementById(id);
const word = (name) =>
  document.querySelector(`#words [data-word="${name}"]`)?.textContent ?? name.replaceAll("_", " ");
const LISTS = new Set(["kind", "livemode", "decisions", "keys", "status"]);
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

function fields(facts) {
  const list = element("dl");
  for (const [name, value] of Object.entries(facts)) {
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

function show(facts) {
  const result = byId("result");
  const side = facts.livemode ? "" : ` (${word("test_side")})`;
  result.className = "result allow";
  result.replaceChildren(
    element("strong", `${word("valid")}: ${word(facts.kind.replaceAll(" ", "_"))}${side}`),
  );
  if (facts.decisions) result.append(decisionList(facts.decisions));
  result.append(fields(facts));
  if (facts.keys) result.append(element("h3", word("keys")), keyList(facts.keys));
  result.append(element("p", word("genuine_only"), "soft"));
  result.append(details(word("as_json"), JSON.stringify({ valid: true, ...facts }, undefined, 1)));
  result.hidden = false;
}

function showRefused(why) {
  const result = byId("result");
  result.className = "result deny";
  result.replaceChildren(element("strong", word("not_valid")), element("p", why));
  if (why.includes("allow_test")) result.append(element("p", word("is_test"), "soft"));
  result.append(details(word("as_json"), JSON.stringify({ valid: false, why }, undefined, 1)));
  result.hidden = false;
}

async function bytesOf(input, atMost) {
  const file = input.files[0];
  if (file.size > atMost) throw new RangeError(`${file.name}: ${file.size} > ${atMost}`);
  return new Uint8Array(await file.arrayBuffer());
}

async function trustBytes() {
  if (byId("trust").files.length) return bytesOf(byId("trust"), 1 << 20);
  const answer = await fetch("/.well-known/consent-registry", { credentials: "omit" });
  if (!answer.ok) throw new Error(word("no_trust"));
  return new Uint8Array(await answer.arrayBuffer());
}

async function verify() {
  turn += 1;
  const mine = turn;
  byId("result").hidden = true;
  document.body.removeAttribute("data-verified");
  if (!byId("file").files.length) return;
  // The verifier itself is fetched when there is something to verify.
  const [{ verifyEvidence, MAX_DOCUMENT_BYTES }, { Trust }, { Refused }, { parseInstant }, { isSupported }] =
    await Promise.all([
      import("./evidence.js"),
      import("./trust.js"),
      import("./refused.js"),
      import("./instants.js"),
      import("./ed25519.js"),
    ]);
  let outcome;
  try {
    if (!(await isSupported())) throw new Error(word("no_ed25519"));
    const trust = await Trust.read(await trustBytes());
    const at = byId("at").value.trim() ? parseInstant(byId("at").value.trim()) : Date.now();
    const context = { trust, at, allowTest: byId("test").checked };
    const facts = await verifyEvidence(await bytesOf(byId("file"), MAX_DOCUMENT_BYTES), context);
    outcome = () => show(facts);
  } catch (fault) {
    outcome = () => showRefused(fault instanceof Refused ? fault.sentence : fault.message);
  }
  if (mine !== turn) return; // another file was chosen meanwhile
  outcome();
  document.body.dataset.verified = String(mine);
}

for (const id of ["file", "test", "trust", "at"]) byId(id).addEventListener("change", verify);
byId("form").addEventListener("submit", (event) => event.preventDefault());
byId("form").hidden = false;

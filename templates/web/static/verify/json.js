// JSON: one strict parser (SPEC §1.2, §1.3), one canonical form (SPEC §1.4; RFC 8785).

import { same, utf8 } from "./bytes.js";
import { refuse } from "./refused.js";

export const MAX_BYTES = 1 << 20;
const MAX_DEPTH = 32;
// RFC 8259 §6, and ECMAScript's reading of it
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const WORDS = { true: true, false: false, null: null };
// Unicode §23.7: the last two code points of each plane and U+FDD0–U+FDEF
const NONCHARACTER = /[\ufdd0-\ufdef]|\p{Noncharacter_Code_Point}/u;

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

export const step = (name) =>
  `/${String(name).slice(0, 200).replaceAll("~", "~0").replaceAll("/", "~1")}`.toWellFormed();

class Reader {
  constructor(text, doubles) {
    this.text = text;
    this.doubles = doubles;
    this.at = 0;
  }

  match(form) {
    form.lastIndex = this.at;
    const found = form.exec(this.text);
    if (found) this.at = form.lastIndex;
    return found;
  }

  fail(what, pointer) {
    refuse(`not JSON: ${what} at character ${this.at}`, pointer);
  }

  take(letter, pointer) {
    if (this.text[this.at] !== letter) this.fail(`expected ${letter}`, pointer);
    this.at += 1;
  }

  value(room, pointer) {
    this.match(SPACE);
    const letter = this.text[this.at];
    let value;
    if (letter === "{" || letter === "[") {
      if (room === 0) refuse("nested too deep", pointer);
      this.at += 1;
      value = letter === "{" ? this.members(room, pointer) : this.items(room, pointer);
    } else if (letter === '"') {
      value = this.string(pointer);
    } else if (letter === "-" || (letter >= "0" && letter <= "9")) {
      value = this.number(pointer);
    } else {
      const word = Object.keys(WORDS).find((each) => this.text.startsWith(each, this.at));
      if (word === undefined) this.fail("expected a value", pointer);
      this.at += word.length;
      value = WORDS[word];
    }
    this.match(SPACE);
    return value;
  }

  members(room, pointer) {
    const members = Object.create(null);
    this.match(SPACE);
    if (this.text[this.at] === "}") {
      this.at += 1;
      return members;
    }
    for (;;) {
      this.match(SPACE);
      const name = this.string(pointer);
      const here = pointer + step(name);
      if (name in members) refuse("member name stands twice", here);
      this.match(SPACE);
      this.take(":", here);
      members[name] = this.value(room - 1, here);
      if (this.text[this.at] === "}") break;
      this.take(",", pointer);
    }
    this.at += 1;
    return members;
  }

  items(room, pointer) {
    const items = [];
    this.match(SPACE);
    if (this.text[this.at] === "]") {
      this.at += 1;
      return items;
    }
    for (;;) {
      items.push(this.value(room - 1, `${pointer}/${items.length}`));
      if (this.text[this.at] === "]") break;
      this.take(",", pointer);
    }
    this.at += 1;
    return items;
  }

  string(pointer) {
    this.take('"', pointer);
    let text = "";
    for (;;) {
      text += this.match(PLAIN)[0];
      const letter = this.text[this.at];
      if (letter === '"') break;
      if (letter !== "\\") this.fail("unfinished string or control character", pointer);
      const escaped = this.text[this.at + 1];
      if (escaped === "u") {
        const code = this.text.slice(this.at + 2, this.at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(code)) this.fail("bad escape", pointer);
        text += String.fromCharCode(Number.parseInt(code, 16));
        this.at += 6;
      } else {
        if (!Object.hasOwn(ESCAPES, escaped ?? "")) this.fail("bad escape", pointer);
        text += ESCAPES[escaped];
        this.at += 2;
      }
    }
    this.at += 1;
    if (!text.isWellFormed()) refuse("string has a lone surrogate", pointer);
    return text;
  }

  number(pointer) {
    const found = this.match(NUMBER);
    if (!found) this.fail("expected a number", pointer);
    const [literal, fraction, exponent] = found;
    const number = Number(literal);
    if (this.doubles) {
      if (!Number.isFinite(number)) refuse("number is beyond IEEE 754 doubles", pointer);
      return number;
    }
    if (fraction || exponent)
      refuse(`${literal.slice(0, 24)} is not an integer; fractions and exponents are refused`, pointer);
    if (literal === "-0") refuse("minus zero is not an integer", pointer);
    if (!Number.isSafeInteger(number)) refuse("integer is beyond ±(2^53−1)", pointer);
    return number;
  }
}

export function parse(bytes, { maxBytes = MAX_BYTES, doubles = false } = {}) {
  if (bytes.length > maxBytes) refuse(`${bytes.length} bytes, at most ${maxBytes}`);
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse("not UTF-8");
  }
  if (text.startsWith("\ufeff")) refuse("starts with a byte order mark");
  const reader = new Reader(text, doubles);
  const value = reader.value(MAX_DEPTH, "");
  if (reader.at !== text.length) reader.fail("something follows the value", "");
  return value;
}

export function checkStrings(value, pointer = "") {
  if (typeof value === "string") {
    if (value.normalize("NFC") !== value) refuse("string is not in NFC", pointer);
    if (NONCHARACTER.test(value)) refuse("string has a noncharacter", pointer);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, child] of Object.entries(value)) {
      checkStrings(name, pointer + step(name));
      checkStrings(child, pointer + step(name));
    }
  }
}

export function parseStatement(bytes, { maxBytes = MAX_BYTES } = {}) {
  const value = parse(bytes, { maxBytes });
  checkStrings(value);
  return value;
}

// ECMAScript prints strings and numbers as RFC 8785 §3.2.2 asks, and sorts names by UTF-16 code units.
function print(value) {
  if (Array.isArray(value)) return `[${value.map(print).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${print(value[name])}`).join(",")}}`;
}

export const canonicalize = (value) => utf8(print(value));

export function parseCanonical(bytes, { maxBytes = MAX_BYTES } = {}) {
  const value = parseStatement(bytes, { maxBytes });
  if (!same(canonicalize(value), bytes)) refuse("JSON is not in RFC 8785 form");
  return value;
}

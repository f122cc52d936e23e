// The kinds of members that signed things are made of: each a check of a value at its pointer (SPEC §4.2).

import { unb64u } from "./bytes.js";
import { parseInstant } from "./instants.js";
import { isObject, step } from "./json.js";
import { refuse } from "./refused.js";

const MAX_LIST = 5000;
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/;
const UNPRINTABLE_BUT_LF = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/;

export function record(required, optional = {}) {
  const known = new Map(Object.entries({ ...required, ...optional }));
  return (value, pointer) => {
    if (!isObject(value)) refuse("not an object", pointer);
    for (const name of Object.keys(value))
      if (!known.has(name)) refuse("unknown member", pointer + step(name));
    for (const [name, member] of known) {
      if (name in value) member(value[name], `${pointer}/${name}`);
      else if (Object.hasOwn(required, name)) refuse("missing", `${pointer}/${name}`);
    }
  };
}

export const anything = () => {};

export const nullable = (member) => (value, pointer) => value === null || member(value, pointer);

export const oneOf =
  (...words) =>
  (value, pointer) => {
    if (typeof value !== "string" || !words.includes(value))
      refuse(`not an accepted word, expected ${words.join(", ")}`, pointer);
  };

export function boolean(value, pointer) {
  if (typeof value !== "boolean") refuse("not true or false", pointer);
}

export const integer =
  (low, high = Number.MAX_SAFE_INTEGER) =>
  (value, pointer) => {
    if (!Number.isInteger(value) || value < low || value > high)
      refuse(`not an accepted integer, expected ${low} to ${high}`, pointer);
  };

export const pattern = (form, expected) => (value, pointer) => {
  if (typeof value !== "string" || !form.test(value))
    refuse(`not of the accepted form, expected ${expected}`, pointer);
};

export const identifier = (prefix) =>
  pattern(
    new RegExp(`^${prefix}_(?:[a-z2-7]{26}|test_[a-z0-9]{1,20}(?:_[a-z0-9]{1,20}){0,3})$`),
    `${prefix}_ and 26 characters of a-z2-7`,
  );

export const token = pattern(
  /^(?=.{1,64}$)[a-z][a-z0-9]*(?:[._:-][a-z0-9]+)*$/,
  "a word such as train.voice",
);
export const templateId = pattern(/^[a-z][a-z0-9-]{0,63}$/, "a-z, 0-9 and -");
export const lineId = pattern(/^[a-z0-9-]{1,32}$/, "1 to 32 of a-z, 0-9 and -");
export const sha256Digest = pattern(/^[0-9a-f]{64}$/, "64 lower-case hex digits");
export const country = pattern(/^[A-Z]{2}$/, "ISO 3166-1 alpha-2");
export const language = pattern(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}$/, "a BCP 47 tag");

export const base64url = (length) => (value, pointer) => {
  unb64u(value, { pointer, length });
};

export const thumbprint = base64url(32);

export function instant(value, pointer) {
  parseInstant(value, pointer);
}

export const text =
  (longest, { shortest = 1, lines = false } = {}) =>
  (value, pointer) => {
    if (typeof value !== "string") refuse("not a string", pointer);
    const characters = [...value].length;
    if (characters < shortest || characters > longest)
      refuse(`${characters} characters, expected ${shortest} to ${longest}`, pointer);
    if ((lines ? UNPRINTABLE_BUT_LF : UNPRINTABLE).test(value))
      refuse("has a control or reordering character", pointer);
    if (value !== value.trim()) refuse("begins or ends with blank space", pointer);
    if (value !== value.normalize("NFC")) refuse("string is not in NFC", pointer);
  };

export const sequence =
  (member, longest = MAX_LIST) =>
  (value, pointer) => {
    if (!Array.isArray(value)) refuse("not a list", pointer);
    if (!value.length) refuse("list is empty; leave it out", pointer);
    if (value.length > longest) refuse(`${value.length} items, at most ${longest}`, pointer);
    value.forEach((item, index) => member(item, `${pointer}/${index}`));
  };

export const listed =
  (member, longest = 1000) =>
  (value, pointer) => {
    if (!Array.isArray(value) || value.length) sequence(member, longest)(value, pointer);
  };

// By code point, which is not the order of UTF-16 that `<` has.
export function before(left, right) {
  const [these, those] = [[...left], [...right]];
  for (let at = 0; at < Math.min(these.length, those.length); at += 1)
    if (these[at] !== those[at]) return these[at].codePointAt(0) < those[at].codePointAt(0);
  return these.length < those.length;
}

export const setOf =
  (member, longest = MAX_LIST) =>
  (value, pointer) => {
    sequence(member, longest)(value, pointer);
    for (let index = 1; index < value.length; index += 1)
      if (!before(value[index - 1], value[index])) refuse("not a sorted set", `${pointer}/${index}`);
  };

const word = text(400);

// A value whose meaning this version may not know; `room` is how many levels of objects may follow.
export const openValue = (room) => (value, pointer) => {
  if (isObject(value)) {
    if (room === 0) refuse("nested too deep", pointer);
    if (!Object.keys(value).length) refuse("object is empty; leave it out", pointer);
    for (const [name, item] of Object.entries(value)) {
      token(name, pointer + step(name));
      openValue(room - 1)(item, pointer + step(name));
    }
  } else if (Array.isArray(value)) setOf(word)(value, pointer);
  else if (typeof value === "string") word(value, pointer);
  else if (value !== null && typeof value !== "boolean") integer(-Number.MAX_SAFE_INTEGER)(value, pointer);
};

export const openObject = (room) => (value, pointer) => {
  if (!isObject(value)) refuse("not an object", pointer);
  openValue(room)(value, pointer);
};

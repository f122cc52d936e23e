// Instants in signed bytes, as milliseconds since 1970 (SPEC §1.5).

import { refuse } from "./refused.js";

const SECONDS = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
const MILLISECONDS = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;
const LAST_SECOND = 253402300799;
export const DAY = 86_400_000;
export const CLOCK_SKEW = 60_000;

export const formatInstantMs = (at) => new Date(at).toISOString();

export const formatInstant = (at) => `${formatInstantMs(at).slice(0, 19)}Z`;

function read(text, form, print, pointer) {
  if (typeof text !== "string" || !form.test(text)) refuse("not an instant in UTC of this form", pointer);
  const at = Date.parse(text);
  // A day that no month has is read as one of the next month: it is printed otherwise.
  if (Number.isNaN(at) || print(at) !== text || text.startsWith("0000")) refuse("no such instant", pointer);
  return at;
}

export const parseInstant = (text, pointer = "") => read(text, SECONDS, formatInstant, pointer);

export const parseInstantMs = (text, pointer = "") => read(text, MILLISECONDS, formatInstantMs, pointer);

export function parseNumericDate(value, pointer = "") {
  if (!Number.isInteger(value) || value < 0 || value > LAST_SECOND)
    refuse("not whole seconds since 1970", pointer);
  return value * 1000;
}

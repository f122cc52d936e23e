// The CBOR that authenticators speak, and no more of it (SPEC §5.2; CTAP 2.1 §8).

import { refuse } from "./refused.js";

const MAX_DEPTH = 4;
const MAX_MEMBERS = 256;
const SIMPLE = new Map([
  [20, false],
  [21, true],
  [22, null],
]);

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    if (count > this.bytes.length - this.at) refuse("CBOR ends inside an item");
    this.at += Number(count);
    return this.bytes.slice(this.at - Number(count), this.at);
  }

  argument(code) {
    if (code < 24) return BigInt(code);
    if (code > 27) refuse("CBOR has an indefinite or reserved length");
    const size = 1 << (code - 24);
    const value = this.take(size).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    if (value < (size === 1 ? 24n : 1n << BigInt(4 * size))) refuse("CBOR length is not the shortest");
    return value;
  }

  item(room) {
    const first = this.take(1)[0];
    const [major, code] = [first >> 5, first & 31];
    if ((major === 4 || major === 5) && room === 0) refuse(`CBOR nested deeper than ${MAX_DEPTH}`);
    if (major === 7 && SIMPLE.has(code)) return SIMPLE.get(code);
    if (major >= 6) refuse("CBOR has a tag, a float or another simple value");
    const argument = this.argument(code);
    if (major === 0) return argument;
    if (major === 1) return -1n - argument;
    if (major >= 4 && argument > BigInt(this.bytes.length - this.at))
      refuse("CBOR announces more items than follow");
    if (major === 2) return this.take(argument);
    if (major === 3) return this.text(argument);
    if (major === 4) return Array.from({ length: Number(argument) }, () => this.item(room - 1));
    return this.members(Number(argument), room);
  }

  text(length) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(length));
    } catch {
      return refuse("CBOR text is not UTF-8");
    }
  }

  members(count, room) {
    if (count > MAX_MEMBERS) refuse(`CBOR map of ${count} members, at most ${MAX_MEMBERS}`);
    const members = new Map();
    for (let number = 0; number < count; number += 1) {
      const name = this.item(0);
      if (typeof name !== "bigint" && typeof name !== "string") refuse("CBOR map name is no number or text");
      if (members.has(name)) refuse("CBOR map has a name twice");
      members.set(name, this.item(room - 1));
    }
    return members;
  }
}

export function decodePrefix(bytes) {
  const reader = new Reader(bytes);
  return [reader.item(MAX_DEPTH), bytes.slice(reader.at)];
}

export function decode(bytes) {
  const [value, rest] = decodePrefix(bytes);
  if (rest.length) refuse(`${rest.length} bytes after the CBOR item`);
  return value;
}

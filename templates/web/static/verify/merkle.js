// Inclusion in a tree (SPEC §11; RFC 9162 §2.1.3.2), and log entries (SPEC §8).

import { join, same, sha256, utf8 } from "./bytes.js";
import { canonicalize } from "./json.js";
import { refuse } from "./refused.js";

export const leafHash = (entry) => sha256(join([0], entry));

const nodeHash = (left, right) => sha256(join([1], left, right));

export async function verifyInclusion({ index, size, leaf, proof, root }) {
  if (index < 0 || index >= size) refuse(`there is no leaf ${index} of ${size}`);
  let [place, last] = [BigInt(index), BigInt(size) - 1n];
  let hash = leaf;
  for (const each of proof) {
    if (last === 0n) refuse("inclusion proof has a hash too many");
    if (place & 1n || place === last) {
      hash = await nodeHash(each, hash);
      while (!(place & 1n) && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
    } else {
      hash = await nodeHash(hash, each);
    }
    [place, last] = [place >> 1n, last >> 1n];
  }
  if (last !== 0n) refuse("inclusion proof has a hash too few");
  if (!same(hash, root)) refuse("inclusion proof leads to another root");
}

// The 33 bytes of the log that an event and its salt open.
export async function entryOf(event, salt) {
  const key = await crypto.subtle.importKey("raw", salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const message = join(utf8("consent-registry/commit/v1\0"), await sha256(canonicalize(event)));
  return join([1], new Uint8Array(await crypto.subtle.sign("HMAC", key, message)));
}

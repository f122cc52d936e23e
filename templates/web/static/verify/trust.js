// The trust file: whose keys speak for a registry, in which role, on which side, since when (SPEC §7).

import { same, sha256, utf8 } from "./bytes.js";
import {
  anything,
  boolean,
  instant,
  oneOf,
  pattern,
  record,
  sequence,
  setOf,
  text,
  thumbprint,
} from "./fields.js";
import { formatInstant, parseInstant } from "./instants.js";
import { isObject, parseStatement, step } from "./json.js";
import { readJwk } from "./keys.js";
import { refuse } from "./refused.js";

const origin = pattern(
  /^(?:https:\/\/[a-z0-9.-]+(?::[0-9]{1,5})?|http:\/\/localhost(?::[0-9]{1,5})?)$/,
  "https://host or http://localhost",
);
const window = { not_before: instant, not_after: instant };

function endpoints(value, pointer) {
  if (!isObject(value) || Object.keys(value).length > 32)
    refuse("not an object of at most 32 members", pointer);
  for (const [name, address] of Object.entries(value)) {
    text(40)(name, pointer);
    text(500)(address, pointer + step(name));
  }
}

const TRUST = record(
  {
    schema: oneOf("consent-registry/trust/v1"),
    issuers: record({}, { live: text(300), test: text(300) }),
    keys: sequence(
      record({
        kid: thumbprint,
        role: oneOf("registry", "receipt", "status", "log"),
        livemode: boolean,
        jwk: anything,
        ...window,
      }),
      1000,
    ),
  },
  {
    relying_parties: sequence(record({ rp_id: text(253), signing_origins: setOf(origin, 8), ...window }), 32),
    endpoints,
  },
);

const sideOf = (livemode) => (livemode ? "live" : "test");

function readWindow(members, pointer) {
  const [from, until] = [parseInstant(members.not_before), parseInstant(members.not_after)];
  if (from >= until) refuse("ends before it begins", `${pointer}/not_after`);
  return { from, until };
}

export class Trust {
  static async read(bytes) {
    const document = parseStatement(bytes);
    TRUST(document, "");
    const trust = new Trust();
    trust.issuers = document.issuers;
    const issuers = Object.values(document.issuers);
    if (!issuers.length || new Set(issuers).size !== issuers.length)
      refuse("no issuer, or one for both sides", "/issuers");
    trust.keys = new Map();
    for (const [index, each] of document.keys.entries()) {
      const key = await readJwk(each.jwk, `/keys/${index}/jwk`, { bare: true, alg: "EdDSA" });
      if (key.thumbprint !== each.kid) refuse("not the thumbprint of jwk", `/keys/${index}/kid`);
      if (trust.keys.has(each.kid)) refuse("one key twice, or in two roles", `/keys/${index}/kid`);
      trust.keys.set(each.kid, { ...each, ...readWindow(each, `/keys/${index}`), key });
    }
    trust.parties = [];
    for (const [index, each] of (document.relying_parties ?? []).entries()) {
      const hash = await sha256(utf8(each.rp_id));
      trust.parties.push({ ...each, ...readWindow(each, `/relying_parties/${index}`), hash });
    }
    return trust;
  }

  named(role) {
    return (kid) => (this.keys.get(kid)?.role === role ? this.keys.get(kid).key : undefined);
  }

  check(kid, role, livemode, at) {
    const found = this.keys.get(kid);
    if (!found) refuse(`key ${kid} is not in the trust file`);
    if (found.role !== role || found.livemode !== livemode)
      refuse(`key ${kid} is not a ${sideOf(livemode)} ${role} key`);
    if (at < found.from || at >= found.until) refuse(`key ${kid} was not valid at ${formatInstant(at)}`);
  }

  issuer(livemode) {
    return this.issuers[sideOf(livemode)] ?? refuse(`trust file names no ${sideOf(livemode)} issuer`);
  }

  // RP id and signing origins of that hash; with `orBefore` also where the window had ended by then.
  relyingParty(hash, at, { orBefore = false } = {}) {
    const held = this.parties.filter(
      (each) => same(each.hash, hash) && each.from <= at && (orBefore || at < each.until),
    );
    if (!held.length) refuse(`passkey is of an RP id that was not trusted at ${formatInstant(at)}`);
    return { hash: held[0].hash, rpId: held[0].rp_id, origins: held.flatMap((each) => each.signing_origins) };
  }
}

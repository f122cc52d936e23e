// Acknowledgements: the registry's word that an ending took effect, and when (SPEC §10).

import { boolean, identifier, oneOf, record, sha256Digest, text } from "./fields.js";
import { parseInstantMs } from "./instants.js";
import { verifyJws } from "./jws.js";
import { refuse, under } from "./refused.js";

export const ACKNOWLEDGEMENT = "consent-acknowledgement+jwt";
const PAYLOAD = record(
  {
    iss: text(300),
    livemode: boolean,
    grant: identifier("grt"),
    body_sha256: sha256Digest,
    committed: text(400),
    enforced_at: text(24),
  },
  { statement: identifier("stm"), authority: oneOf("link", "operator", "session") },
);

export async function verifyAcknowledgement(token, { trust, allowTest }) {
  const { payload, key } = await verifyJws(token, {
    typ: ACKNOWLEDGEMENT,
    keyOf: trust.named("registry"),
    maxBytes: 8192,
  });
  const enforcedAt = under("/payload", () => {
    PAYLOAD(payload, "");
    if ("statement" in payload === "authority" in payload) refuse("both or neither", "/statement");
    return parseInstantMs(payload.enforced_at, "/enforced_at");
  });
  if (!payload.livemode && !allowTest)
    refuse("acknowledgement is of the test side, and allow_test was not said");
  trust.check(key.thumbprint, "registry", payload.livemode, enforcedAt);
  if (payload.iss !== trust.issuer(payload.livemode))
    refuse(`acknowledgement is of another issuer: ${payload.iss}`);
  return payload;
}

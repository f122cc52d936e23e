"""What an erasure does to every table, one line each. A test fails for a table or sealed column that is not here."""

# ruff: noqa: S608  # only the constants below are put together

from typing import Final

# Rows about the person go, in this order: what refers to a row goes before it. `%(performer)s` is their internal id.
_OFFERS = "SELECT id FROM registry_offer WHERE performer_id = %(performer)s"
_GRANTS = "SELECT id FROM registry_grant WHERE performer_id = %(performer)s"
_EVENTS = "SELECT event_id FROM log_event WHERE performer_id = %(performer)s::text"
_OWN = "performer_id = %(performer)s"
_ASKED = (
    "scope = 'performer/' || %(performer)s::text OR scope IN "
    f"(SELECT 'statement/' || thumbprint FROM registry_credential WHERE {_OWN})"
)
DELETED: Final[dict[str, str]] = {
    "log_outbox": (
        f"performer_id = %(performer)s::text OR offer IN ({_OFFERS}) OR invitation IN "
        f"(SELECT id FROM registry_invitation WHERE offer_id IN ({_OFFERS}))"
    ),
    "registry_idempotentrequest": _ASKED,
    "registry_legalhold": _OWN,
    "registry_checkcount": _OWN,
    "registry_grantrecipient": _OWN,
    "registry_counter": f"grant_id IN ({_GRANTS})",
    "registry_acknowledgement": f"event IN ({_EVENTS})",
    "registry_countersignature": f"grant_id IN ({_GRANTS})",
    "registry_grantending": _OWN,
    "registry_granthold": _OWN,
    "registry_pendingrevocation": _OWN,
    "registry_limits": _OWN,
    "registry_preparedgrant": _OWN,
    "registry_statement": f"{_OWN} AND grant_id IS NOT NULL",
    "registry_grant": _OWN,
    "registry_statement ": _OWN,  # those that grants and keys rest on
    "registry_offerchoice": f"offer_id IN ({_OFFERS})",
    "registry_invitation": f"{_OWN.replace('performer_id', 'redeemed_by_id')} OR offer_id IN ({_OFFERS})",
    "registry_offer": _OWN,
    "registry_identitycheck": _OWN,
    "registry_passkey": _OWN,
    "registry_credential": _OWN,
    "registry_recoverycode": _OWN,
    "registry_oneuselink": _OWN,
    "registry_externalid": _OWN,
    "registry_priorrecord": _OWN,
    "registry_stagename": _OWN,
    "registry_identityrecord": _OWN,
    "registry_contactindex": _OWN,
}
# Opaque ids alone, for companies' copies and check processes that are behind; these go when the erasure is complete.
DELETED_LAST: Final[dict[str, str]] = {
    "registry_pairwisereference": _OWN,
    "registry_performer": "id = %(performer)s",
}
BLANKED: Final[dict[str, str]] = {
    "log_event": "only its entry, its place and its time are left",
    "log_erasurepermit": "whom it was about, with the completion",
    "registry_erasure": "whom it was about, with the completion: a tombstone is left",
    "registry_feedentry": "whom and which grant it was about, with the completion; numbers stay without gaps",
}
# The browser's rows belong to the pages, which forget them (`consent.web.forgetting`).
BY_THE_PAGES: Final = ("web_ceremony", "web_handoff", "web_session")
SHORT_LIVED: Final[dict[str, str]] = {
    "registry_counteruse": "a company's own nonce; forgotten after its time",
    "registry_spentproof": "kept until a proof could no longer be replayed",
}
KEPT: Final[dict[str, str]] = {
    "log_enforcement": "ids of events and instants",
    "log_head": "positions",
    "log_publication": "roots of the log's tree",
    "log_signed_root": "roots of the log's tree",
    "registry_accountpasskey": "of operators and members",
    "registry_apikey": "of organizations",
    # Written until there was a ledger (decisions 6 and 13) and by nobody since; registries from before go on giving
    # these receipts to those who were promised them, so the rows stay as long as such a registry may be upgraded.
    "registry_decisionrecord": "a company's own answers, by opaque ids that lead to nobody any more",
    "registry_feedcounter": "how much each organization was told",
    "registry_feedstart": "a position",
    "registry_keptreceipt": "as its decisions: opaque ids and digests of questions",
    "registry_keyuse": "counts of keys of organizations",
    "registry_ledgercommitment": "roots over segments",
    "registry_ledgerrun": "runs of segments: numbers and digests",
    "registry_ledgersegment": "roots of segments, whose records hold opaque ids and salted digests",
    "registry_member": "of organizations",
    "registry_operator": "people who run the registry",
    "registry_organization": "of organizations",
    "registry_organizationside": "of organizations",
    "registry_statuslist": "numbers of lists, and when each was published",
    "registry_statusslot": "a random number that is never given out again, and reads as invalid for ever",
}
# Every sealed column that may hold something about a performer: where the records are found whose keys go.
RECORDS: Final[dict[str, str]] = {
    "log_event.sealed": (
        "SELECT record FROM log_event WHERE performer_id = %(performer)s::text "
        "AND record <> coalesce(organization_id, '') AND record <> 'erased'"
    ),
    "log_outbox.sealed": (
        f"SELECT record FROM log_outbox WHERE record IS NOT NULL AND ({DELETED['log_outbox']})"
    ),
    "registry_identityrecord.sealed": f"SELECT record FROM registry_identityrecord WHERE {_OWN}",
    "registry_idempotentrequest.sealed": (
        f"SELECT record FROM registry_idempotentrequest WHERE record IS NOT NULL AND ({_ASKED})"
    ),
    "registry_invitation.sealed_email": (
        f"SELECT record FROM registry_invitation WHERE record IS NOT NULL AND "
        f"({DELETED['registry_invitation']})"
    ),
    "registry_legalhold.sealed": f"SELECT record FROM registry_legalhold WHERE {_OWN}",
    "registry_priorrecord.sealed": f"SELECT record FROM registry_priorrecord WHERE {_OWN}",
    "registry_statement.sealed": f"SELECT record FROM registry_statement WHERE {_OWN}",
    "registry_performer": "SELECT record FROM registry_performer WHERE id = %(performer)s",
}
SEALED_ELSEWHERE: Final[dict[str, str]] = {
    "registry_member.sealed": "of organizations",
}

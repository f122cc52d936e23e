"""Every purpose that a signature of ours can have, and the role whose key may serve it (SPEC §3.2).

A purpose is the `typ` header of a JWS. The table is closed: a `typ` that is not here is neither signed nor
verified, and a key of one role never signs for another, so a receipt can never pass as a grant.
"""

from typing import Literal, TypeAlias

Role: TypeAlias = Literal["registry", "receipt", "status", "log", "process", "performer", "representative"]

STATEMENT_KINDS = (
    "grant",
    "confirmation",
    "rescission",
    "limits",
    "revocation",
    "cancellation",
    "suspension",
    "resumption",
    "credential",
)

RECEIPT = "consent-receipt+jwt"
BATCH_RECEIPT = "consent-batch-receipt+jwt"
LEDGER_ROOT = "consent-ledger-root+jwt"
CHANGES = "consent-changes+jwt"
PROCESS_KEY = "consent-process-key+jwt"
COUNTERSIGNATURE = "consent-countersignature+jwt"
ACKNOWLEDGEMENT = "consent-acknowledgement+jwt"
GRANT_SEAL = "consent-grant-seal+jwt"
EVIDENCE = "consent-evidence+jwt"
STATUS_LIST = "statuslist+jwt"  # Token Status List §5.1
PERFORMER_PROOF = "consent-performer-proof+jwt"


def statement_schema(kind: str) -> str:
    """The `schema` of a statement body; also the `typ` under which a performer's own key signs it."""
    return f"consent-registry/{kind}/v1"


def representative_typ(kind: str) -> str:
    """The `typ` under which a representative co-signs: never the one that a performer's signature has."""
    return f"consent-registry/representative/{kind}/v1"


INTRODUCTION = statement_schema("credential")  # by the registry, when it introduces a key: SPEC §6

_ROLES: dict[str, frozenset[Role]] = {
    RECEIPT: frozenset({"process"}),
    BATCH_RECEIPT: frozenset({"process"}),
    LEDGER_ROOT: frozenset({"process"}),
    CHANGES: frozenset({"process"}),
    PROCESS_KEY: frozenset({"receipt"}),
    COUNTERSIGNATURE: frozenset({"registry"}),
    ACKNOWLEDGEMENT: frozenset({"registry"}),
    GRANT_SEAL: frozenset({"registry"}),
    EVIDENCE: frozenset({"registry"}),
    STATUS_LIST: frozenset({"status"}),
    PERFORMER_PROOF: frozenset({"performer"}),
    **{statement_schema(kind): frozenset({"performer"}) for kind in STATEMENT_KINDS},
    **{representative_typ(kind): frozenset({"representative"}) for kind in STATEMENT_KINDS},
    INTRODUCTION: frozenset({"performer", "registry"}),
}


def roles_for(typ: str) -> frozenset[Role]:
    """The roles whose keys may sign `typ`; empty if it is no purpose of ours."""
    return _ROLES.get(typ, frozenset())

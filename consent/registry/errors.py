"""The registry's one error tree.

Each error has a stable snake_case `code` (the problem code), and where it concerns input a JSON
`pointer`, the `rule` that was broken, what was `expected` and what was `got`. Nothing from an identity
record, no secret and no key ever stands in one.
"""

# ruff: noqa: N818 - the house names errors by what happened (`AlreadyEnded`), as the SDK does (`Denied`)

from collections.abc import Sequence
from datetime import datetime


class RegistryError(Exception):
    """Any refusal or failure of the registry."""

    code = "registry_error"

    def __init__(
        self, message: str = "", *, pointer: str = "", rule: str = "", expected: str = "", got: str = ""
    ) -> None:
        super().__init__(message or self.code.replace("_", " "))
        self.pointer = pointer
        self.rule = rule
        self.expected = expected
        self.got = got


class NotFound(RegistryError):
    """No such thing, or not yours: the two answer alike."""

    code = "not_found"


class Invalid(RegistryError):
    """The input breaks a rule; sending it again unchanged will not help."""

    code = "invalid"


class StatementInvalid(Invalid):
    """A statement is malformed, or says something its kind cannot say."""

    code = "statement_invalid"


class OfferInvalid(Invalid):
    """An offer's terms break rules; `faults` lists each as (pointer, rule, expected, got)."""

    code = "offer_invalid"

    def __init__(self, faults: Sequence[tuple[str, str, str, str]]) -> None:
        pointer, rule, expected, got = faults[0]
        super().__init__(
            "the offer's terms cannot be offered", pointer=pointer, rule=rule, expected=expected, got=got
        )
        self.faults = tuple(faults)


class DescriptionLanguageMissing(Invalid):
    """A free text of the offer does not exist in a language it is sent or read in."""

    code = "description_language_missing"


class BodyMismatch(Invalid):
    """The signed bytes are not those that were prepared."""

    code = "body_mismatch"


class LivemodeMismatch(Invalid):
    """A test object met a live one."""

    code = "livemode_mismatch"


class SignatureInvalid(Invalid):
    """The signature does not verify with the performer's own key."""

    code = "signature_invalid"


class Refused(RegistryError):
    """Well-formed, but this actor may not do it now."""

    code = "refused"


class CredentialUnknown(Refused):
    """The key is not one of this performer's."""

    code = "credential_unknown"


class CredentialBlocked(Refused):
    """The key was switched off, or is not yet covered by an identity check."""

    code = "credential_blocked"


class CredentialWaiting(Refused):
    """The key is younger than 72 hours and may only deny."""

    code = "credential_waiting"


class MethodNotAllowed(Refused):
    """This signing method does not suffice for these terms (adult tiers need a passkey)."""

    code = "method_not_allowed"


class IdentityMissing(Refused):
    """Nobody recorded this performer as verified and 18 or older."""

    code = "identity_missing"


class IdentityStale(Refused):
    """The identity check is too old: 12 months, for adult tiers 90 days."""

    code = "identity_stale"


class TooEarly(Refused):
    """The step has a waiting time that has not passed."""

    code = "too_early"


class TooLate(Refused):
    """The step had a time limit that has passed."""

    code = "too_late"


class NotHolder(Refused):
    """Only the party that suspended may resume."""

    code = "not_holder"


class ProofReplayed(Refused):
    """A proof of possession works once."""

    code = "proof_replayed"


class LastOwner(Refused):
    """An organization keeps at least one owner."""

    code = "last_owner"


class OnLegalHold(Refused):
    """What there is about this performer has to be kept for now; ending consents is possible at any time."""

    code = "on_legal_hold"

    def __init__(self, *, hold: str, ground: str, until: datetime) -> None:
        super().__init__(
            f"a legal hold stands until {until:%Y-%m-%d}: nothing may be erased before, everything may be ended"
        )
        self.hold = hold
        self.ground = ground
        self.until = until


class Conflict(RegistryError):
    """Somebody else was faster, or the object is in another state."""

    code = "conflict"


class StateConflict(Conflict):
    """The object is not in a state from which this step leads.

    `event` is the denial that this tells of, if any: it leaves the registry only after that is enforced.
    """

    code = "state_conflict"

    def __init__(
        self, message: str = "", *, event: str | None = None, expected: str = "", **parts: str
    ) -> None:
        super().__init__(message, expected=expected, **parts)
        self.event = event


class AlreadyEnded(StateConflict):
    """The grant has ended; ending is final. Leaves the registry only after that ending is enforced.

    `event` records the ending.
    """

    code = "already_ended"

    def __init__(self, event: str) -> None:
        super().__init__("this grant has ended, for good", event=event)


class StatementConflict(Conflict):
    """This statement id was already used for other bytes."""

    code = "statement_conflict"


class NonceSpent(Conflict):
    """A nonce works once."""

    code = "nonce_spent"


class PreparationSpent(Conflict):
    """The prepared body was used, replaced or has expired; prepare again."""

    code = "preparation_spent"


class InvitationSpent(Conflict):
    """The code is unknown, used, revoked or expired; which of these is not said."""

    code = "invitation_spent"


class LinkSpent(Conflict):
    """The link is unknown, used or expired, or whom it was for has gone; which of these is not said."""

    code = "link_spent"


class RecoveryCodeSpent(Conflict):
    """The recovery code is unknown, used or replaced; which of these is not said."""

    code = "recovery_code_spent"


class ExternalIdTaken(Conflict):
    """The organization already uses this external id for another performer."""

    code = "external_id_taken"


class CredentialTaken(Conflict):
    """The key is enrolled already; a key belongs to one performer of one side, once."""

    code = "credential_taken"


class ExclusivityConflict(Conflict):
    """An exclusive grant of the performer stands against signing this one."""

    code = "exclusivity_conflict"


class LimitsVersionConflict(Conflict):
    """Limits must follow the performer's last version and name its digest."""

    code = "limits_version_conflict"


class CounterExhausted(Conflict):
    """A counted limit of a grant would be exceeded; nothing was counted."""

    code = "counter_exhausted"

    def __init__(self, grant: str, line: str, kind: str) -> None:
        super().__init__(f"the {kind} of line {line} is used up")
        self.grant = grant
        self.line = line
        self.kind = kind


class IdempotencyRunning(Conflict):
    """A request with this Idempotency-Key is being worked on."""

    code = "idempotency_running"


class IdempotencyMismatch(RegistryError):
    """This Idempotency-Key was used for another request."""

    code = "idempotency_mismatch"


class Unavailable(RegistryError):
    """Nothing can be said now; try again."""

    code = "unavailable"


class NotPrimary(Unavailable):
    """The database is a standby: it may be behind, so it never answers."""

    code = "stale"

"""Statements on their way in: read, bound to a key, compared with what was accepted before, kept sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from consent.registry.errors import (
    CredentialBlocked,
    CredentialUnknown,
    CredentialWaiting,
    LivemodeMismatch,
    NonceSpent,
    SignatureInvalid,
    StatementConflict,
    StatementInvalid,
)
from consent.registry.introduction import public_key_of
from consent.registry.models import Credential, Performer, Statement
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import to_bytes
from signing.errors import MalformedError, SigningError, UntrustedError
from signing.statement import (
    Envelope,
    VerifiedStatement,
    parse_envelope,
    signer_of,
    verify_statement,
    write_envelope,
)

STATEMENT_PURPOSE = "statement/"  # followed by the statement's id


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An envelope whose structure is right; nothing about its signature is known yet."""

    envelope: Envelope
    kind: str
    id: str
    livemode: bool
    body: Mapping[str, Any]
    body_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A submission that its performer's own key signed; the only thing from which a write is made."""

    submission: Submission
    verified: VerifiedStatement
    credential: Credential

    @property
    def body(self) -> Mapping[str, Any]:
        """The signed body."""
        return self.submission.body


def read_submission(data: bytes) -> Submission:
    """The submission in an envelope's bytes.

    Raises:
        StatementInvalid: malformed, of an unknown kind, or with a member at fault; names its pointer.
    """
    try:
        envelope = parse_envelope(data)
    except MalformedError as exc:
        raise StatementInvalid(
            exc.message, pointer=exc.pointer, rule=exc.rule, expected=exc.expected
        ) from exc
    body = envelope.body
    return Submission(
        envelope=envelope,
        kind=envelope.kind,
        id=str(body["id"]),
        livemode=envelope.livemode,
        body=body,
        body_sha256=envelope.body_sha256,
    )


def verify_submission(submission: Submission, ports: RegistryPorts) -> Signed:
    """Check the performer's signature with the key that the body names.

    A key signs by the method it was enrolled for: a software key that plays a passkey would claim that
    a person was verified.

    Raises:
        StatementInvalid: a body that performers do not sign, or a part of a signature that cannot be read.
        CredentialUnknown: no such key on either side.
        LivemodeMismatch: a key of the other side.
        SignatureInvalid: the signature does not fit the body, the key, the method or the purpose.
    """
    try:
        thumbprint = signer_of(submission.envelope)
    except UntrustedError as exc:
        raise StatementInvalid(str(exc), pointer="/body/introduced_by", rule="introduced_by") from exc
    credential = Credential.objects.filter(thumbprint=thumbprint).first()
    if credential is None:
        raise CredentialUnknown(
            "the key that the statement names is not enrolled", pointer="/body/credential"
        )
    if credential.livemode != submission.livemode:
        raise LivemodeMismatch("the statement and its key are of different sides", pointer="/body/livemode")
    try:
        verified = verify_statement(
            submission.envelope,
            expected_performer_key=public_key_of(credential),
            expected_livemode=credential.livemode,
            rp=ports.rp if credential.kind == "passkey" else None,
        )
    except MalformedError as exc:
        raise StatementInvalid(
            exc.message, pointer=exc.pointer, rule=exc.rule, expected=exc.expected
        ) from exc
    except SigningError as exc:
        raise SignatureInvalid(str(exc), pointer="/signatures", rule="signature") from exc
    performer = verified.performer
    if (performer.method == "webauthn") != (credential.kind == "passkey"):
        raise SignatureInvalid("signed by another method than the key's", pointer="/signatures/0/method")
    if performer.backup_eligible != credential.backup_eligible:
        # WebAuthn L3 §7.2: the backup eligibility of a credential never changes
        raise SignatureInvalid("backup eligibility differs from the registration", pointer="/signatures/0")
    return Signed(submission=submission, verified=verified, credential=credential)


def find_repeat(submission: Submission) -> Statement | None:
    """The accepted statement of this id, if its body was the very same.

    Raises:
        StatementConflict: another body was accepted under this id.
    """
    row = Statement.objects.filter(id=submission.id).first()
    if row is not None and (row.body_sha256, row.kind) != (submission.body_sha256, submission.kind):
        raise StatementConflict("this id was used for another statement", pointer="/body/id")
    return row


def require_may_deny(credential: Credential) -> None:
    """Any own key that is not blocked may end, pause and tighten at once; CredentialBlocked otherwise.

    A key that no identity check covers yet belongs to nobody who could have granted anything.
    """
    if credential.state != "active":
        raise CredentialBlocked("this key is off, or not yet covered by an identity check")


def require_may_loosen(credential: Credential, *, at: datetime) -> None:
    """Grants, confirmations, resumptions, looser limits and further keys need a key that is old enough.

    Raises:
        CredentialBlocked: as above.
        CredentialWaiting: introduced less than 72 hours ago.
    """
    require_may_deny(credential)
    if credential.usable_from is None or at < credential.usable_from:
        raise CredentialWaiting("this key is younger than 72 hours and may only end or pause")


def keep_statement(
    ports: RegistryPorts,
    signed: Signed,
    *,
    person: Performer,
    event: str,
    awaits: str | None,
    at: datetime,
    grant: str | None = None,
    text: bytes | None = None,
) -> Statement:
    """Store the sealed envelope, and the text that was shown with it; the performer is locked.

    Raises:
        StatementConflict: another call was faster with this id.
        NonceSpent: the nonce was used by another statement.
    """
    submission = signed.submission
    document: dict[str, Any] = {"envelope": write_envelope(submission.envelope)}
    if text is not None:
        document["text"] = text.decode()
    sealed = ports.log.sealer.seal(
        person.record, to_bytes(document), purpose=STATEMENT_PURPOSE + submission.id
    )
    if Statement.objects.filter(id=submission.id).exists():
        raise StatementConflict("this id was used for another statement", pointer="/body/id")
    try:
        with transaction.atomic():
            return Statement.objects.create(
                id=submission.id,
                livemode=submission.livemode,
                kind=submission.kind,
                authority="performer",
                performer=person,
                credential=signed.credential,
                grant_id=grant,
                body_sha256=submission.body_sha256,
                nonce=str(submission.body["nonce"]),
                record=person.record,
                sealed=sealed,
                event=event,
                awaits=awaits,
                received_at=at,
            )
    except IntegrityError as exc:
        raise NonceSpent("this nonce or id was used before", pointer="/body/nonce") from exc

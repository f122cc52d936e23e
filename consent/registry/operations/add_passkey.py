"""A further passkey, vouched for by a key that the performer has."""

from collections.abc import Sequence

from consent.registry.acceptance import Acting, Done, accept
from consent.registry.answers import StatementAnswer, answer_enforced
from consent.registry.errors import BodyMismatch, StatementInvalid
from consent.registry.models import Credential
from consent.registry.operations.add_credential import add_key
from consent.registry.passkey_rows import keep_registration
from consent.registry.ports import RegistryPorts
from consent.registry.statements import read_submission, verify_submission
from signing.attestation import RegisteredCredential
from signing.bodies.credential import read_public_key


def add_passkey(
    ports: RegistryPorts,
    *,
    envelope: bytes,
    registration: RegisteredCredential,
    user_handle: bytes,
    transports: Sequence[str],
) -> StatementAnswer:
    """Enrol the passkey that was registered, if the signed credential statement is about that very key.

    It may end and pause at once, and anything else after 72 hours.

    Raises:
        StatementInvalid, SignatureInvalid, LivemodeMismatch, CredentialUnknown: before anything is written.
        BodyMismatch: the statement is about another key than was registered.
        CredentialBlocked, CredentialWaiting: the vouching key may not loosen.
        CredentialTaken: the key or its WebAuthn id is registered. Invalid: another person's handle.
    """
    submission = read_submission(envelope)
    if submission.kind != "credential" or submission.body["kind"] != "passkey":
        raise StatementInvalid("this is not about a new passkey", pointer="/body/kind", rule="passkey")
    stated = read_public_key(submission.body["public_key"], pointer="/body/public_key")
    if stated.thumbprint != registration.public_key.thumbprint:
        raise BodyMismatch(
            "the statement is about another key", pointer="/body/public_key", rule="registration"
        )

    def add(acting: Acting) -> Done:
        done = add_key(acting, backup_eligible=registration.backup_eligible)
        keep_registration(
            credential=Credential.objects.get(thumbprint=stated.thumbprint).id,
            performer=acting.person.id,
            livemode=acting.person.livemode,
            registration=registration,
            user_handle=user_handle,
            transports=transports,
        )
        return done

    return answer_enforced(accept(ports, verify_submission(submission, ports), add), ports)

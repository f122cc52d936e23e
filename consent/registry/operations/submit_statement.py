"""`POST /v1/statements`: whatever a performer signs comes in here."""

from collections.abc import Callable, Mapping

from consent.registry.acceptance import repeated
from consent.registry.answers import StatementAnswer, StatementResult, answer_committed, answer_enforced
from consent.registry.operations.add_credential import add_credential
from consent.registry.operations.cancel_revocation import cancel_revocation
from consent.registry.operations.confirm_grant import confirm_grant, rescind_grant
from consent.registry.operations.revoke_grant import revoke_grant
from consent.registry.operations.set_limits import set_limits
from consent.registry.operations.sign_grant import sign_grant
from consent.registry.operations.suspend_grant import resume_grant, suspend_grant
from consent.registry.ports import RegistryPorts
from consent.registry.statements import Signed, find_repeat, read_submission, verify_submission

_OPERATIONS: Mapping[str, Callable[..., StatementResult]] = {
    "cancellation": cancel_revocation,
    "confirmation": confirm_grant,
    "credential": add_credential,
    "grant": sign_grant,
    "limits": set_limits,
    "rescission": rescind_grant,
    "resumption": resume_grant,
    "revocation": revoke_grant,
    "suspension": suspend_grant,
}


def submit_statement(ports: RegistryPorts, *, envelope: bytes, wait: bool = True) -> StatementAnswer:
    """Verify, write, wait until it is enforced, answer. The same statement again answers the same.

    Without `wait` a denial is answered as soon as it is committed, and says that it is not enforced yet.

    Raises:
        StatementInvalid, SignatureInvalid, LivemodeMismatch, CredentialUnknown: before anything is written.
        StatementConflict: the id was used for another body.
        Whatever the statement's own operation raises.
    """
    result = write_statement(ports, envelope=envelope)
    return answer_enforced(result, ports) if wait else answer_committed(result, ports)


def write_statement(ports: RegistryPorts, *, envelope: bytes) -> StatementResult:
    """The same without the wait: nobody may be told of the result before `answer_enforced`."""
    signed = verify_envelope(ports, envelope=envelope)
    repeat = find_repeat(signed.submission)
    if repeat is not None:
        return repeated(ports, repeat)
    return _OPERATIONS[signed.submission.kind](ports, signed=signed)


def verify_envelope(ports: RegistryPorts, *, envelope: bytes) -> Signed:
    """The verified statement in an envelope; nothing is written."""
    return verify_submission(read_submission(envelope), ports)

"""What the browser answered: the form field `passkey`, JSON as `PublicKeyCredential.toJSON` writes it."""

from typing import Any

import msgspec

from consent.web.refusals import PasskeyRefused
from signing.encoding import unb64u
from signing.errors import MalformedError

MAX_CHARS = 100_000  # attestation objects are bounded at 64 KiB
_TRANSPORTS = frozenset({"ble", "hybrid", "internal", "nfc", "smart-card", "usb"})  # WebAuthn L3 §5.8.4


class _Created(msgspec.Struct):
    clientDataJSON: str  # noqa: N815  # the standard's names
    attestationObject: str  # noqa: N815
    transports: list[str] = []


class _Used(msgspec.Struct):
    clientDataJSON: str  # noqa: N815
    authenticatorData: str  # noqa: N815
    signature: str
    userHandle: str | None = None  # noqa: N815


class _CreatedAnswer(msgspec.Struct):
    rawId: str  # noqa: N815
    response: _Created


class _UsedAnswer(msgspec.Struct):
    rawId: str  # noqa: N815
    response: _Used


class NewPasskey(msgspec.Struct, frozen=True):
    """A registration, still to be verified."""

    webauthn_id: bytes
    client_data_json: bytes
    attestation_object: bytes
    transports: tuple[str, ...]


class UsedPasskey(msgspec.Struct, frozen=True):
    """An assertion, still to be verified."""

    webauthn_id: bytes
    client_data_json: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None


def read_new(text: str) -> NewPasskey:
    """The answer to `to_create`; PasskeyRefused if it cannot be read."""
    answer = _read(text, _CreatedAnswer)
    with _refusing():
        return NewPasskey(
            webauthn_id=unb64u(answer.rawId),
            client_data_json=unb64u(answer.response.clientDataJSON),
            attestation_object=unb64u(answer.response.attestationObject),
            transports=tuple(sorted(_TRANSPORTS.intersection(answer.response.transports))),
        )


def read_used(text: str) -> UsedPasskey:
    """The answer to `to_get`; PasskeyRefused if it cannot be read."""
    answer = _read(text, _UsedAnswer)
    handle = answer.response.userHandle
    with _refusing():
        return UsedPasskey(
            webauthn_id=unb64u(answer.rawId),
            client_data_json=unb64u(answer.response.clientDataJSON),
            authenticator_data=unb64u(answer.response.authenticatorData),
            signature=unb64u(answer.response.signature),
            user_handle=unb64u(handle) if handle else None,
        )


def _read(text: str, kind: Any) -> Any:
    if not text or len(text) > MAX_CHARS:
        raise PasskeyRefused("unreadable")
    try:
        return msgspec.json.decode(text.encode(), type=kind)
    except (msgspec.MsgspecError, UnicodeEncodeError) as exc:
        raise PasskeyRefused("unreadable") from exc


class _refusing:  # noqa: N801  # reads as a verb where it is used
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, raised: Any, trace: Any) -> None:
        if isinstance(raised, MalformedError):
            raise PasskeyRefused("unreadable") from raised

"""Bodies of checks: typed by the core, and held to what an answer and its receipt can repeat."""

import re

from msgspec import UNSET

from consent.core.ids import is_id
from consent.core.wire.check import CheckRequest
from consent.core.wire.decode import Batch, decode_batch, decode_check
from consent.core.wire.errors import WireError

# A receipt repeats nonces and row ids (SPEC §9.2); printable ASCII has one form in every encoding.
PRINTABLE = r"[!-~]([ -~]{0,126}[!-~])?"
_PRINTABLE = re.compile(PRINTABLE)
PRINTABLE_TOLD = "1 to 128 printable ASCII characters, no space at either end"
_POSITION = re.compile(r"ct_[A-Za-z0-9_-]{76}")  # consent.log.position: 57 bytes
_OF_THE_BATCH = ("at_least", "explain", "receipt")
_SHOWN_CHARS = 60


def read_check(data: bytes) -> CheckRequest:
    """The body of one check; raises WireError."""
    request = decode_check(data)
    check_question(request)
    return request


def check_question(request: CheckRequest) -> None:
    """Refuse in a single check what an answer and its receipt could not repeat; raises WireError."""
    _check_position(request.at_least if isinstance(request.at_least, str) else None)
    _check_repeated(request)


def read_batch(data: bytes) -> Batch:
    """The body of a batch; raises WireError for a fault of the whole. Faults of rows stay with their rows."""
    batch = decode_batch(data)
    _check_nonce(batch.nonce)
    _check_position(batch.at_least)
    every = "".join(batch.names)
    # ASCII and printable is U+0020 to U+007E: then only spaces at the ends are left to find.
    if " " in every or not (every.isascii() and every.isprintable()):
        for place, name in enumerate(batch.names):
            if not _PRINTABLE.fullmatch(name):
                got = repr(name)[:_SHOWN_CHARS]
                raise WireError(f"/checks/{place}/id", "row_id", PRINTABLE_TOLD, got, "row_id_invalid")
    return batch


def check_row(request: CheckRequest) -> None:
    """Refuse in a row what belongs to the batch as a whole; raises WireError."""
    for name in _OF_THE_BATCH:
        if getattr(request, name) is not UNSET:
            raise WireError(
                f"/{name}", "member_of_batch", "it beside `checks`", "it in a row", "member_unknown"
            )
    _check_repeated(request)


def _check_repeated(request: CheckRequest) -> None:
    """What the receipt repeats of a question must have a form that receipts accept."""
    _check_nonce(request.nonce if isinstance(request.nonce, str) else None)
    licensee = request.on_behalf_of
    if isinstance(licensee, str) and not is_id(licensee, "org"):
        got = licensee[:_SHOWN_CHARS]
        raise WireError("/on_behalf_of", "reference", "org_… as it was given", got, "reference_invalid")


def _check_nonce(nonce: str | None) -> None:
    if nonce is not None and not _PRINTABLE.fullmatch(nonce):
        raise WireError("/nonce", "nonce", PRINTABLE_TOLD, repr(nonce)[:_SHOWN_CHARS], "value_invalid")


def _check_position(at_least: str | None) -> None:
    if at_least is not None and not _POSITION.fullmatch(at_least):
        got = at_least[:_SHOWN_CHARS]
        raise WireError("/at_least", "position", "a token ct_… as it was given", got, "value_invalid")

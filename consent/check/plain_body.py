"""Bodies of single checks as programs write them, typed in one step; whatever looks unlike that is read by
`read_check`, which alone says what is wrong with a body.

A typed decoder takes things that a strict one refuses: a member twice (the last counts), numbers such as 1.0. But
what it read, written again in the shortest form there is, has as many characters beside white space as the body has
only if the body holds each member once and spells each value in that form: a second member, an escape, a fraction
would each add some, and nothing takes any away.
"""

import msgspec

from consent.check.question_body import check_question
from consent.core.wire.check import CheckRequest
from consent.core.wire.errors import WireError

MAX_DIGITS = 15  # of a number: within what I-JSON can say
_WHITE = b" \t\n\r"
_DECODER = msgspec.json.Decoder(CheckRequest)
_ENCODER = msgspec.json.Encoder()


def read_plain(data: bytes) -> CheckRequest | None:
    """The question of a plain body, the same that `read_check` reads; None for any other body, faulty ones among
    them."""
    try:
        request = _DECODER.decode(data)
        again = _ENCODER.encode(request)
        if len(again) != len(data) and len(again.translate(None, _WHITE)) != len(
            data.translate(None, _WHITE)
        ):
            return None
        if isinstance(request.quantity, int) and abs(request.quantity) >= 10**MAX_DIGITS:
            return None
        check_question(request)
    except (msgspec.MsgspecError, WireError, UnicodeError):
        return None
    return request

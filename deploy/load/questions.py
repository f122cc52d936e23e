"""What is asked: one request whose middle changes, and which middles come how often."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from json import dumps

ALLOW = b'"decision":"allow"'
NEGATIVES = 0.2  # the share of questions about performers who allow nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An HTTP/1.1 request as two constant parts; between them stands what differs, always of `width` bytes.

    An answer that holds `allow` allowed.
    """

    head: bytes
    tail: bytes
    width: int
    allow: bytes = ALLOW

    def request(self, middle: str) -> bytes:
        """The whole request. Raises ValueError for a middle of another length."""
        data = middle.encode("ascii")
        if len(data) != self.width:
            raise ValueError(f"expected {self.width} characters, got {middle!r}")
        return self.head + data + self.tail


def post(path: str, body: bytes, *, host: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one POST with a JSON body."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("ascii") + body


def check_question(
    members: Mapping[str, object], *, width: int, host: str, key: str, path: str = "/v1/check"
) -> Question:
    """A single check whose performer's name, of `width` characters, is filled in at each request."""
    mark = "~" * width
    body = dumps({"performer": mark, **members}, separators=(",", ":")).encode()
    whole = post(path, body, host=host, headers={"Authorization": f"Bearer {key}"})
    head, _, tail = whole.partition(mark.encode())
    return Question(head=head, tail=tail, width=width)


def zipf_draws(
    names: Sequence[str], negatives: Sequence[str], *, count: int, seed: int = 1, share: float = NEGATIVES
) -> list[str]:
    """`count` names: popular ones often (Zipf, s = 1.0, the first is the most popular), `share` of them negatives."""
    draw = random.Random(seed)  # noqa: S311  # which question comes next, no secret
    weights = list(accumulate(1 / rank for rank in range(1, len(names) + 1)))
    drawn = draw.choices(names, cum_weights=weights, k=count)
    if negatives:
        for place in range(count):
            if draw.random() < share:
                drawn[place] = draw.choice(negatives)
    return drawn

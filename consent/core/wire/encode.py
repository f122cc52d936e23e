"""Typed answers to bytes: deterministic JSON, member names sorted, no spaces.

For the types of `core.wire` (ASCII member names, integers, no floats) these bytes equal RFC 8785;
a property test compares the two.
"""

from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")


def encode(value: Any) -> bytes:
    """Write a wire struct or a plain JSON value."""
    return _ENCODER.encode(value)

"""A handler that does nothing but sign: the ruler for inline receipts. It signs the very JWS of a real receipt."""

import base64
import os
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_KEY = Ed25519PrivateKey.generate()
_SIGNED = (
    os.environ["BENCH_RECEIPT"].rpartition(".")[0].encode("ascii")
)  # header and claims, as they are signed


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Read the request, sign, answer the token."""
    environ["wsgi.input"].read()
    signature = base64.urlsafe_b64encode(_KEY.sign(_SIGNED)).rstrip(b"=")
    body = b'{"receipt":"' + _SIGNED + b"." + signature + b'"}'
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]

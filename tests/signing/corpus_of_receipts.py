"""Receipts to accept and to refuse: with a signature of their own, deferred, of batches."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from signing import jws
from signing.canonical import canonicalize
from signing.encoding import b64u, unb64u
from signing.purposes import CHANGES, RECEIPT
from signing.receipt import sign_receipt
from tests.signing.ledger_samples import ledger, written
from tests.signing.samples import NOW, STRANGER, item, receipt, receipt_signer

ORDER = 2**252 + 27742317777372353535851937790883648493  # of the Ed25519 group, RFC 8032 §5.1


def one(**changes: Any) -> str:
    """A receipt of one allow."""
    value = receipt(**changes)
    return sign_receipt(value, signer=receipt_signer(livemode=value.livemode))


def receipt_documents() -> Iterator[tuple[str, bool, str, bytes]]:
    """Name, whether it is valid, why, and the bytes."""
    for name, valid, why, token in (*_accepted(), *_refused()):
        yield f"{name}.receipt", valid, why, token.encode()


def _accepted() -> Iterator[tuple[str, bool, str, str]]:
    denied = item(decision="deny", reasons=("territory",), grants=(), obligations=())
    rows = tuple(item(row=name, decision_id=f"dec_{name * 26}") for name in "ab")
    deferred = ledger(*written(4))
    before = {"issued_at": NOW - timedelta(minutes=30), "expires_at": NOW - timedelta(minutes=25)}
    yield "allow", True, "an allow", one()
    yield "line-feed", True, "a line feed at the end", one() + "\n"
    yield "deny", True, "a deny is as genuine as an allow", one(items=(denied,))
    yield "expired", True, "it ran out, and still proves what was answered", one(**before)
    yield "of-test", True, "a receipt of the test side", one(livemode=False)
    yield "batch", True, "a batch of two rows", one(batch=True, items=rows)
    yield "no-nonce", True, "a receipt without a nonce", one(nonce=None)
    yield "deferred", True, "a record of the ledger under its segment's root", deferred[0]
    yield "deferred-batch", True, "a batch's record of the ledger", deferred[2]
    yield "deferred-of-test", True, "a record of the test side", _deferred_of_test()


def _deferred_of_test() -> str:
    return ledger(*written(3, livemode=False), livemode=False)[1]


def _refused() -> Iterator[tuple[str, bool, str, str]]:
    token, deferred = one(), ledger(*written(4))
    header, payload, signature = token.split(".")
    root, record, proof = deferred[0].split("~")

    def bent(change: Callable[[dict[str, Any]], None]) -> str:
        return f"{header}.{b64u(_changed(payload, change))}.{signature}"

    def signed_text(text: bytes) -> str:
        """Signed by the process key itself, over whatever text."""
        signed = f"{header}.{b64u(text)}".encode()
        return f"{signed.decode()}.{b64u(receipt_signer().private.sign(signed))}"

    text = unb64u(payload)
    s = int.from_bytes(unb64u(signature)[32:], "little") + ORDER
    yield "empty", False, "nothing", ""
    yield "blank-inside", False, "a blank inside", f"{header}. {payload}.{signature}"
    yield "no-signature", False, "an empty signature", f"{header}.{payload}."
    yield "padding", False, "base64url with padding", f"{token}=="
    yield "last-bit", False, "unused bits of base64url that are not zero", _last_bit(token)
    yield "flipped", False, "a bit of the signature flipped", f"{header}.{payload}.{_flipped(signature)}"
    high = unb64u(signature)[:32] + s.to_bytes(32, "little")
    yield "high-s", False, "a signature with S beyond the order", f"{header}.{payload}.{b64u(high)}"
    yield "payload", False, "a deny made an allow", bent(lambda said: said.update(decision="deny"))
    yield "audience", False, "given to somebody else", bent(lambda said: said.update(aud="org_" + "z" * 26))
    yield "alg-none", False, "alg none", _with_header(token, alg="none")
    yield "alg-hs256", False, "another algorithm", _with_header(token, alg="HS256")
    yield "typ", False, "the typ of a page of the feed", _with_header(token, typ=CHANGES)
    yield "crit", False, "a critical header that nobody knows", _with_header(token, crit=["x"], x=1)
    yield "no-cert", False, "no certificate", _without_certificate()
    yield "stranger", False, "a process key that the certificate does not name", _by_stranger()
    yield "twice", False, "a member twice, well signed", signed_text(text[:-1] + b',"aud":"org_x"}')
    yield "float", False, "a fraction, well signed", signed_text(text.replace(b'"seq":41', b'"seq":41.0'))
    yield "exponent", False, "an exponent, well signed", signed_text(text.replace(b'"seq":41', b'"seq":4e1'))
    spelled = text.replace(b'"seq":41', b'"seq": 41')
    yield "spelling", False, "another spelling than RFC 8785's, well signed", signed_text(spelled)
    unknown = canonicalize({**json.loads(text), "zzz": 1})
    yield "unknown", False, "an unknown member, well signed", signed_text(unknown)
    yield "future", False, "issued after it is verified", one(issued_at=NOW + timedelta(seconds=61))
    yield "deferred-root", False, "the root's signature flipped", f"{_flipped(root)}~{record}~{proof}"
    yield "deferred-record", False, "another record", f"{root}~{deferred[1].split('~')[1]}~{proof}"
    yield "deferred-proof", False, "no path", f"{root}~{record}~"
    yield "deferred-parts", False, "a part too many", f"{deferred[0]}~"
    yield "words", False, "no document at all", "We hereby consent."


def _changed(part: str, change: Callable[[dict[str, Any]], None]) -> bytes:
    value = json.loads(unb64u(part))
    change(value)
    return canonicalize(value)


def _flipped(part: str) -> str:
    """The last character but three is another one: decodes, and is something else."""
    return part[:-4] + ("A" if part[-4] != "A" else "B") + part[-3:]


def _last_bit(token: str) -> str:
    """64 bytes leave four unused bits in the last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def _with_header(token: str, **members: Any) -> str:
    """Another header, well signed by the process key."""
    header, payload, _ = token.split(".")
    changed = b64u(canonicalize({**json.loads(unb64u(header)), **members}))
    signed = f"{changed}.{payload}"
    return f"{signed}.{b64u(receipt_signer().private.sign(signed.encode()))}"


def _without_certificate() -> str:
    payload = json.loads(unb64u(one().split(".")[1]))
    return jws.sign(payload, typ=RECEIPT, key=receipt_signer().private)


def _by_stranger() -> str:
    return sign_receipt(receipt(), signer=replace(receipt_signer(), private=STRANGER))

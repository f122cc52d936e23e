"""Offline: what was handed out holds without the registry, and nothing altered or out of place does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consent.client.trust_file import load_trust
from consent.server.demo.expectation import DemoError, expect, expect_equal
from signing.acknowledgement import verify_acknowledgement
from signing.errors import SigningError
from signing.package import verify_package
from signing.receipt import verify_receipt
from signing.trust import Trust

# Verifies bytes, with or without test evidence allowed; the number of decisions in them. Raises SigningError.
Check = Callable[[bytes, bool], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Files on disk: receipts, grant packages, and acknowledgements with the digest of the ended statement."""

    receipts: Sequence[Path]
    packages: Sequence[Path]
    acknowledgements: Sequence[tuple[Path, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How much of each kind was verified, and how often something was rightly refused."""

    decisions: int
    packages: int
    acknowledgements: int
    live_refusals: int
    altered_refusals: int


def verify_evidence(evidence: Evidence, *, trust_path: Path, at: datetime) -> Verified:
    """Verify every file with the trust file alone; then without `allow_test`, and with one byte changed.

    Raises:
        DemoError: something true was refused, or something false was believed.
    """
    trust = load_trust(trust_path)
    checks: list[tuple[bytes, Check]] = []
    for path in evidence.receipts:
        checks.append((path.read_bytes(), _receipt(trust, at)))
    for path in evidence.packages:
        checks.append((path.read_bytes(), _package(trust, at)))
    for path, digest in evidence.acknowledgements:
        checks.append((path.read_bytes(), _acknowledgement(trust, digest)))
    decisions = 0
    for data, verify in checks:
        try:
            decisions += verify(data, True)
        except SigningError as exc:
            raise DemoError(f"Expected true evidence to verify offline, but it was refused: {exc}.") from exc
    live = sum(_refused(verify, data, allow_test=False) for data, verify in checks)
    altered = sum(_refused(verify, _altered(data), allow_test=True) for data, verify in checks)
    expect_equal("evidence of the test side refused where only live counts", got=live, expected=len(checks))
    expect_equal("evidence with one changed byte refused", got=altered, expected=len(checks))
    expect(
        len(evidence.receipts) > 0 and len(evidence.packages) > 0, "Expected evidence to verify, found none."
    )
    return Verified(
        decisions=decisions,
        packages=len(evidence.packages),
        acknowledgements=len(evidence.acknowledgements),
        live_refusals=live,
        altered_refusals=altered,
    )


def _receipt(trust: Trust, at: datetime) -> Check:
    def verify(data: bytes, allow_test: bool) -> int:
        receipt = verify_receipt(data, trust=trust, at=at, expected_audience=None, allow_test=allow_test)
        return len(receipt.items)

    return verify


def _package(trust: Trust, at: datetime) -> Check:
    def verify(data: bytes, allow_test: bool) -> int:
        verify_package(data, trust=trust, at=at, allow_test=allow_test)
        return 0

    return verify


def _acknowledgement(trust: Trust, digest: str) -> Check:
    def verify(data: bytes, allow_test: bool) -> int:
        token = data.decode("ascii", "replace").removesuffix("\n")
        verify_acknowledgement(token, trust=trust, expected_body_sha256=digest, allow_test=allow_test)
        return 0

    return verify


def _refused(verify: Check, data: bytes, *, allow_test: bool) -> bool:
    try:
        verify(data, allow_test)
    except SigningError:
        return True
    return False


def _altered(data: bytes) -> bytes:
    """The same with one letter or digit in its middle replaced by another."""
    place = len(data) // 2
    while not chr(data[place]).isalnum():
        place += 1
    return data[:place] + (b"A" if data[place] != ord("A") else b"B") + data[place + 1 :]

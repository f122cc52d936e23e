"""Grant packages: one file that proves a consent to anybody (SPEC §6; SHAPES "Signature envelope and grant package").

Body and performer's signature, the chain from the performer's first key, the registry's countersignature, and what
shows that the log holds the event of the signing, which is "pending" until a published checkpoint covers it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from signing.bodies.fields import Check, fail, one_of, record, text
from signing.canonical import JSON, canonicalize, parse_statement
from signing.countersignature import Countersignature, verify_countersignature
from signing.envelope import Envelope, WebauthnSignature, read_envelope, write_envelope
from signing.errors import MalformedError, UntrustedError
from signing.instants import format_instant
from signing.key_chain import KeyIntroduction, check_method, verify_chain
from signing.logged_event import LoggedEvent, VerifiedEvent, read_logged, verify_logged, write_logged
from signing.statement import VerifiedStatement, verify_statement
from signing.tlog_policy import Policy
from signing.trust import Trust

MAX_PACKAGE_BYTES = 8 << 20  # an envelope of 2^22 bytes and a chain of 64 links
CLOCK_SKEW = timedelta(seconds=60)  # law page §B.7 "Failure": a clock further off is an error
PENDING = "pending"
SIGNED = "grant.signed"  # the kind of the event that a grant's signing makes


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A grant package as read, nothing of it verified. `proof` is None while it is pending."""

    envelope: Envelope
    key_chain: tuple[JSON, ...]
    registry: str
    proof: LoggedEvent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPackage:
    """A consent that holds: signed by the performer's key, recorded by the registry.

    `logged` is the event of its signing as the log holds it, None where the package has no proof of that yet.
    `performer_introduced` is whether every key after the first was introduced by the performer's own former key.
    """

    statement: VerifiedStatement
    key_chain: tuple[KeyIntroduction, ...]
    countersignature: Countersignature
    logged: VerifiedEvent | None

    @property
    def performer_introduced(self) -> bool:
        """Whether the registry vouched for the first key only."""
        return all(each.introduced_by == "performer" for each in self.key_chain[1:])


def parse_package(data: bytes) -> Package:
    """The package of a JSON text.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    value = parse_statement(data, max_bytes=MAX_PACKAGE_BYTES)
    _PACKAGE(value, "")
    members = cast("dict[str, JSON]", value)
    envelope = read_envelope({name: members[name] for name in ("body", "signatures")})
    if envelope.kind != "grant":
        fail("not the body of a grant", "/body/schema", "schema", "consent-registry/grant/v1")
    return Package(
        envelope=envelope,
        key_chain=tuple(cast("list[JSON]", members["key_chain"])),
        registry=cast("str", members["registry"]),
        proof=_read_proof(members["proof"]),
    )


def format_package(package: Package) -> bytes:
    """The RFC 8785 bytes of a package."""
    proof: JSON = PENDING
    if package.proof is not None:
        proof = write_logged(package.proof)
    return canonicalize(
        {
            **write_envelope(package.envelope),
            "key_chain": list(package.key_chain),
            "registry": package.registry,
            "proof": proof,
        }
    )


def verify_package(
    data: bytes, *, trust: Trust, at: datetime, allow_test: bool = False, policy: Policy | None = None
) -> VerifiedPackage:
    """Verify a grant package with nothing but a trust file.

    It proves that the consent was given and recorded. Whether it still stands is for a check or the status list.
    An enclosed log proof must hold: under `policy`, else under the trust file's log keys. With `policy` there must be
    one.

    Raises:
        MalformedError: not a grant package.
        SignatureError: a signature does not hold.
        UntrustedError: a key, origin or link that the trust file does not bear out, recorded later than `at`, or
            of the test side without `allow_test`; or `policy` does not accept its log proof, or there is none.
    """
    package = parse_package(data)
    envelope = package.envelope
    livemode = envelope.livemode
    if not livemode and not allow_test:
        raise UntrustedError("grant is of the test side, and allow_test was not said")
    with _under("/registry"):
        countersignature = verify_countersignature(
            package.registry,
            trust=trust,
            expected_grant=str(envelope.body["id"]),
            expected_grant_sha256=envelope.body_sha256,
            expected_livemode=livemode,
        )
    recorded_at = countersignature.recorded_at
    if recorded_at > at + CLOCK_SKEW:
        raise UntrustedError(f"grant was recorded later than now, at {format_instant(recorded_at)}")
    with _under("/key_chain"):
        chain = verify_chain(
            list(package.key_chain),
            expected_signing_key=str(envelope.body["credential"]),
            expected_livemode=livemode,
            trust=trust,
            at=recorded_at,
        )
    first = envelope.signatures[0]
    rp = None
    if isinstance(first, WebauthnSignature):
        rp = trust.relying_party(first.authenticator_data[:32], at=recorded_at)
    statement = verify_statement(
        envelope, expected_performer_key=chain[-1].key, expected_livemode=livemode, rp=rp
    )
    check_method(chain[-1], statement.performer)
    return VerifiedPackage(
        statement=statement,
        key_chain=chain,
        countersignature=countersignature,
        logged=_logged(package, countersignature, trust=trust, policy=policy),
    )


def _logged(
    package: Package, said: Countersignature, *, trust: Trust, policy: Policy | None
) -> VerifiedEvent | None:
    """The event of the signing, at the very place that the registry countersigned."""
    if package.proof is None:
        if policy is not None:
            raise UntrustedError(
                "package has no log proof, and a policy demands one: fetch the package again"
            )
        return None
    with _under("/proof"):
        found = verify_logged(
            package.proof, trust=trust, policy=policy, expected_kind=SIGNED, expected_livemode=said.livemode
        )
    if (found.body.get("grant"), found.body.get("grant_sha256")) != (said.grant, said.grant_sha256):
        raise UntrustedError("log proof is of the event of another grant")
    if found.seq != said.seq:
        raise UntrustedError(f"log proof is of entry {found.seq}, and the grant was recorded at {said.seq}")
    return found


@contextmanager
def _under(prefix: str) -> Iterator[None]:
    """Let the pointers of a part's faults start from the whole package."""
    try:
        yield
    except MalformedError as exc:
        raise exc.under(prefix) from exc


def _any(value: JSON, pointer: str) -> None:
    """Checked by the reader of that part."""


def _chain(value: JSON, pointer: str) -> None:
    if not isinstance(value, list):
        fail("not a list", pointer, "type", "a list")


_PACKAGE: Check = record(
    {"body": _any, "signatures": _any, "key_chain": _chain, "registry": text(8192), "proof": _any}
)


_PENDING: Check = one_of(PENDING)


def _read_proof(value: JSON) -> LoggedEvent | None:
    if not isinstance(value, dict):
        _PENDING(value, "/proof")
        return None
    return read_logged(value, "/proof")

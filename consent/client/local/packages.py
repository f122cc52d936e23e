"""`verify="performer"`: a grant may allow only once the performer's own signature over it was verified here.

The registry signs what its feed says. With this, not even the registry can make up a consent: the package of each
grant is fetched, its signatures and chain of keys are verified, and the terms that the feed told must be those that
were signed. What is not proven yet denies. (That a consent was *not* ended is the registry's word either way.)

Of a package that was verified a digest is kept: what it proves, in 32 bytes. The local file keeps these digests under
its seal, so a restart verifies nothing again; with another trust file they are left aside, and all is verified anew.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from consent.client.errors import ConsentError, UnreliableAnswer
from consent.client.exchange import Exchange
from consent.client.local.page import Page
from consent.client.local.pairs import PackedGrant, PackedPair, PairName, TermsTable, instant_text
from consent.core.terms import compile_grant
from consent.core.wire.encode import encode
from signing.errors import SigningError
from signing.package import MAX_PACKAGE_BYTES, verify_package
from signing.trust import Trust, format_trust

TURN_S = 0.15  # of each turn of the follower: the feed must not wait for packages


class Packages:
    """What is proven. `prove` is called by the follower's thread, between its turns."""

    def __init__(self, exchange: Callable[[], Exchange], *, trust: Trust, livemode: bool) -> None:
        self._exchange = exchange
        self._trust = trust
        self._livemode = livemode
        self._proven: dict[str, bytes] = {}
        self._waiting: deque[tuple[str, PairName]] = deque()
        self._known: set[str] = set()
        self.problem: str | None = None
        self.trust_sha256 = hashlib.sha256(format_trust(trust)).hexdigest()

    @property
    def proofs(self) -> Mapping[str, bytes]:
        """What is proven now, a digest for each grant: to be kept, and given to `take_up` at the next start."""
        return dict(self._proven)

    def take_up(self, proofs: Mapping[str, bytes]) -> None:
        """Proofs that this very program kept under its own seal, with the trust that it has now."""
        self._known.update(proofs)
        self._proven.update(proofs)

    @property
    def unproven(self) -> int:
        """How many grants deny because their proof was not verified yet, or does not verify."""
        return len(self._known) - len(self._proven)

    def told(self, name: PairName, grants: Iterable[str]) -> None:
        """These grants exist; their packages are fetched when there is time."""
        for grant in grants:
            if grant not in self._known:
                self._known.add(grant)
                self._waiting.append((grant, name))

    def accepts(self, name: PairName, packed: PackedPair, table: TermsTable) -> PackedPair:
        """The pair without those grants that are not proven to be what they are told to be."""
        good = [
            grant for grant in packed.grants if self._proven.get(grant.grant) == _told(name, grant, table)
        ]
        return packed._replace(grants=tuple(good))

    def prove(self, *, at: datetime, proven: Callable[[PairName], None]) -> None:
        """Verify some packages at the registry's time `at`; `proven` is told whose facts are to be compiled anew."""
        until = time.monotonic() + TURN_S
        for _ in range(len(self._waiting)):
            if time.monotonic() >= until:
                return
            grant, name = self._waiting.popleft()
            try:
                self._proven[grant] = self._verified(grant, name, at)
            except (ConsentError, SigningError) as exc:
                self.problem = f"{grant}: its package does not prove it: {exc}"
                self._waiting.append((grant, name))
                return
            self.problem = None
            proven(name)

    def _verified(self, grant: str, name: PairName, at: datetime) -> bytes:
        """What the package proves, as `_told` says what the feed told."""
        data = self._exchange().get(f"/v1/grants/{grant}/package", max_bytes=MAX_PACKAGE_BYTES).raw
        package = verify_package(data, trust=self._trust, at=at, allow_test=not self._livemode)
        body = package.statement.body
        licensee = body["licensee"]
        if body["id"] != grant or package.statement.livemode is not self._livemode:
            raise UnreliableAnswer("it is the package of another grant")
        whose = (str(licensee["id"]) if isinstance(licensee, dict) else "", str(body["performer"]))
        sha256 = bytes.fromhex(package.countersignature.grant_sha256)
        return _digest(whose, grant, sha256, compile_grant(body).to_json())


def told_to(packages: Packages | None, page: Page) -> None:
    """Every grant of a page is to be proven, where anybody proves."""
    if packages is not None:
        for pair in page.pairs:
            packages.told(pair.name, [grant.grant for grant in pair.grants])


def _told(name: PairName, grant: PackedGrant, table: TermsTable) -> bytes:
    """What the feed told of a grant, in one digest."""
    terms = table.document(grant.terms)
    if grant.valid_from is not None and grant.valid_until is not None:
        terms |= {
            "valid_from": instant_text(grant.valid_from),
            "valid_until": instant_text(grant.valid_until),
        }
    return _digest(name, grant.grant, grant.sha256, terms)


def _digest(name: PairName, grant: str, sha256: bytes, terms: dict[str, Any]) -> bytes:
    return hashlib.sha256(encode([*name, grant, sha256.hex(), terms])).digest()

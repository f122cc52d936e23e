"""A receipt in hand: save it, verify it. Verifying needs a trust file and no network."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from consent.client.errors import ConfigurationError
from consent.client.files import write_whole
from signing.receipt import Receipt, verify_receipt
from signing.trust import Trust


def _anything(_receipt: Receipt) -> None:
    """Expects nothing of a receipt that answers no question of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReceipt:
    """A receipt token, of one decision or of a batch.

    `expectation` raises when a genuine receipt is not of the decision that it came with.
    """

    token: str
    trust: Trust | None = field(default=None, repr=False)
    expectation: Callable[[Receipt], None] = field(default=_anything, repr=False, compare=False)

    def save(self, path: str | Path) -> Path:
        """Write the token and a line feed; the path. Raises ConfigurationError when it cannot be written."""
        path = Path(path)
        write_whole(path, self.token.encode("ascii") + b"\n")
        return path

    def verify(
        self, *, trust: Trust | None = None, at: datetime | None = None, allow_test: bool = False
    ) -> Receipt:
        """What the receipt says, once its signatures hold and it is of the decision it came with.

        Raises:
            ConfigurationError: there is no trust file to verify with.
            signing.errors.SigningError: malformed, forged, untrusted, or of the test side without `allow_test`.
            UnreliableAnswer: genuine, but of another decision.
        """
        known = trust or self.trust
        if known is None:
            raise ConfigurationError(
                "expected a trust file to verify with, got none: run `consent trust fetch`, compare the "
                "thumbprints, and set CONSENT_TRUST"
            )
        receipt = verify_receipt(
            self.token,
            trust=known,
            at=at or datetime.now(UTC),
            expected_audience=None,  # the answer that it came with says who asked; `expectation` compares
            allow_test=allow_test,
        )
        self.expectation(receipt)
        return receipt

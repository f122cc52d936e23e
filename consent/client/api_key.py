"""An organization's API key: a secret that does not print, and the side it belongs to."""

import hashlib
import hmac
import re

from consent.client.errors import ConfigurationError

_FORM = re.compile(r"crk_(live|test)_[A-Za-z0-9_-]{8,200}")


class ApiKey:
    """`crk_live_…` or `crk_test_…`. Its repr and its text show only the side."""

    __slots__ = ("_secret", "livemode")

    def __init__(self, secret: str) -> None:
        """Raises ConfigurationError when the text is not a key; the message never repeats it."""
        match = _FORM.fullmatch(secret)
        if match is None:
            raise ConfigurationError(
                "expected an API key such as crk_test_… or crk_live_…, got something else; "
                "copy it again from where the organization's keys are made (it is shown once)"
            )
        self._secret = secret
        self.livemode = match[1] == "live"

    def authorization(self) -> str:
        """The value of the Authorization header: the only place the secret leaves by."""
        return f"Bearer {self._secret}"

    def derived(self, purpose: bytes) -> bytes:
        """32 bytes that only whoever has this key can make, another for each purpose; the key cannot be found from
        them."""
        return hmac.digest(hashlib.sha256(self._secret.encode()).digest(), purpose, hashlib.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ApiKey) and hmac.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash(self.livemode)

    def __repr__(self) -> str:
        return f"ApiKey({'live' if self.livemode else 'test'})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("an API key is not pickled: it would travel to places that nobody watches")

"""The two origins: one for everything, one only for signing. The Host header says which a request is for."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from django.http import HttpRequest


class Place(StrEnum):
    """On which origin a page stands."""

    MAIN = "main"
    SIGNING = "signing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Both origins, written the way browsers send them (RFC 6454 §6.2)."""

    main: str
    signing: str

    def of(self, place: Place) -> str:
        """The origin of a place."""
        return self.main if place is Place.MAIN else self.signing

    def other(self, place: Place) -> str:
        """The origin across from it."""
        return self.signing if place is Place.MAIN else self.main

    def place_of(self, request: HttpRequest) -> Place | None:
        """Which origin the request names, letter for letter; None for any other host, such as 127.0.0.1.

        A browser sends the host that it connected to, so no page elsewhere can choose it.
        """
        host = request.META.get("HTTP_HOST", "").lower()
        for place in Place:
            if host == urlsplit(self.of(place)).netloc:
                return place
        return None

    def cookie(self, place: Place) -> str:
        """The session cookie's name: one an origin, since cookies do not know ports (RFC 6265 §8.5)."""
        name = "consent_session" if place is Place.MAIN else "consent_signing"
        return f"__Host-{name}" if self.secure(place) else name

    def secure(self, place: Place) -> bool:
        """Whether people arrive there by TLS."""
        return self.of(place).startswith("https://")

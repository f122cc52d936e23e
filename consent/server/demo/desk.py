"""A licensee's side of the story, over HTTP with its API key, as any program of its own would do it."""

from collections.abc import Mapping
from typing import Any

from consent.client.address import registry_address
from consent.client.api_key import ApiKey
from consent.client.exchange import Exchange
from consent.client.registry import Registry
from consent.core.ids import new_id
from signing.trust import Trust

PACKAGE_BYTES = 8 << 20


class Desk:
    """What one licensee does at the registry: offers, names for performers, packages, questions."""

    def __init__(self, url: str, secret: str, *, trust: Trust) -> None:
        key = ApiKey(secret)
        self._exchange = Exchange(
            address=registry_address(url), authorize=lambda _method, _url: key.authorization()
        )
        self.registry = Registry(url, key, trust=trust)

    def invite(self, terms: Mapping[str, Any], *, stage_name: str) -> tuple[str, str]:
        """Draft an offer and send it with an invitation; the offer's id and the code."""
        draft = self._exchange.post("/v1/offers", {"terms": terms, "performer_name": stage_name}).json
        offer = str(draft["id"])
        sent = self._send(offer, {"invitation": {"language": "en"}})
        return offer, str(sent["invitation"]["code"])

    def name(self, performer: str, external_id: str) -> None:
        """Call a performer by a name of the licensee's own: the speaker id of its manifests."""
        self._exchange.post("/v1/external-ids", {"performer": performer, "external_id": external_id})

    def package(self, grant: str) -> bytes:
        """The grant package, as the licensee stores it."""
        return self._exchange.get(f"/v1/grants/{grant}/package", max_bytes=PACKAGE_BYTES).raw

    def _send(self, offer: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        # Any unique text serves as the key of this one send; a repeat after a lost answer acts once.
        return self._exchange.post(f"/v1/offers/{offer}/send", body, idempotency_key=new_id("req")).json

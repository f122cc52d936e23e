"""The registry that the browser tests visit, and what its operator and its demo company do in the background."""

import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from consent.server.laptop.request import terms
from signing.canonical import canonicalize
from tests.integration.running import Running


class Place(Running):
    """A running registry with two origins. `main` is where people read, `signing` where they sign."""

    @property
    def main(self) -> str:
        """The main origin."""
        return self.url

    @property
    def signing(self) -> str:
        """The signing origin: on a laptop the next port."""
        return f"http://localhost:{self.port + 1}"

    @property
    def origins(self) -> frozenset[str]:
        """Both."""
        return frozenset({self.main, self.signing})

    @property
    def seeded_code(self) -> str:
        """The code of the request that waits on every laptop."""
        return self.client_environment()["CONSENT_INVITATION"]

    def invite(self, **changes: Any) -> tuple[str, str]:
        """The demo company sends one more request by a link; the offer's id and the code."""
        wanted = {**terms(datetime.now(UTC).replace(microsecond=0)), **changes}
        offer = str(self.tell("/v1/offers", {"terms": wanted})["id"])
        sent = self.tell(f"/v1/offers/{offer}/send", {"invitation": {"language": "en"}})
        return offer, str(sent["invitation"]["code"])

    def ask(self, path: str) -> Any:
        """What the API tells the demo company."""
        return json.loads(self._call(path, None))

    def tell(self, path: str, body: Mapping[str, Any]) -> Any:
        """What the API answers the demo company."""
        return json.loads(self._call(path, json.dumps(body).encode()))

    def package(self, grant: str) -> Any:
        """The grant package, as the demo company stores it."""
        return json.loads(self._call(f"/v1/grants/{grant}/package", None))

    def _call(self, path: str, body: bytes | None) -> bytes:
        key = self.client_environment()["CONSENT_API_KEY"]
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": secrets.token_hex(16),
        }
        request = urllib.request.Request(self.main + path, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as told:
            return bytes(told.read())

    def submit(self, envelope: Mapping[str, Any]) -> int:
        """Hand a signed statement in at the API, as anybody can; the status of the answer."""
        request = urllib.request.Request(
            f"{self.main}/v1/statements",
            data=canonicalize(dict(envelope)),
            headers={"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as told:
                return int(told.status)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    def operator_link(self) -> str:
        """A fresh one-use link for an operator."""
        said = self.operator("operator", "invite")
        return next(word for word in said.split() if "/o/" in word)

    def link(self, code: str) -> str:
        """Where an invitation is read."""
        return f"{self.main}/i/{code}"

    def approve_everybody(self) -> None:
        """The operator's command approves each identity that waits; one approval may cover several keys."""
        while waiting := re.findall(r"cre_[a-z2-7]{26}", self.operator("operator", "identity", "list")):
            said = ("--examiner", "A. Examiner", "--method", "document")
            self.operator("operator", "identity", "approve", waiting[0], *said)

"""The registry that the browser tests visit, and what its operator and its demo company do in the background."""

import re
from datetime import UTC, datetime
from typing import Any

from consent.server.laptop.request import terms
from tests.integration.performers import desk_of
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

    def invite(self, stage_name: str = "", **changes: Any) -> tuple[str, str]:
        """The demo company sends one more request by a link; the offer's id and the code."""
        wanted = {**terms(datetime.now(UTC).replace(microsecond=0)), **changes}
        return desk_of(self).invite(wanted, stage_name=stage_name)

    def link(self, code: str) -> str:
        """Where an invitation is read."""
        return f"{self.main}/i/{code}"

    def approve_everybody(self) -> list[str]:
        """The operator's command approves each identity that waits; the keys it was for."""
        listed = self.operator("operator", "identity", "list")
        waiting = re.findall(r"cre_[a-z2-7]{26}", listed)
        for credential in waiting:
            self.operator(
                "operator",
                "identity",
                "approve",
                credential,
                "--examiner",
                "A. Examiner",
                "--method",
                "document",
            )
        return waiting

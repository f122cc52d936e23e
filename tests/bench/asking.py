"""One caller that asks and reads the answers, over one kept connection."""

import http.client
import json
from types import TracebackType
from typing import Any, Self

from tests.bench.place import QUESTION, Place
from tests.bench.servers import HOST


class Asker:
    """Asks the registry of a place. Not for several threads at once."""

    def __init__(self, place: Place) -> None:
        self._connection = http.client.HTTPConnection(HOST, place.server.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {place.secret}", "Content-Type": "application/json"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def check(self, **members: object) -> Any:
        """The answer to one check. Raises RuntimeError for anything but a 200."""
        status, told = self.send("POST", "/v1/check", json.dumps({**QUESTION, **members}).encode())
        if status != 200:
            raise RuntimeError(f"expected 200, got {status}: {told}")
        return told

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Status and JSON of any request."""
        self._connection.request(method, path, body=body, headers=self._headers)
        answer = self._connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if data else None

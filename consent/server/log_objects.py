"""The published log for everybody: `/log/live/…` and `/log/test/…`, as C2SP tlog-tiles lays it out.

Whatever store holds the objects, this process hands them on: none is larger than nine kilobytes. Only what the
published checkpoint implies is shown; anything else is 404.
"""

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, register_converter

from consent.log.errors import ObjectMissingError
from consent.log.publishing.state import published_size
from consent.server.publishing import note_signers
from consent.server.wiring import Wiring
from signing.checkpoint import parse_checkpoint
from signing.errors import MalformedError
from signing.note import parse_note
from signing.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from signing.tlog_proof import TlogProof
from signing.tree_proofs import TileHashes, inclusion_proof_at

# tlog-tiles § Parameters: the checkpoint is mutable and kept for seconds at most, everything else for ever.
CHECKPOINT_CACHE = "public, max-age=1"
TILE_CACHE = "public, max-age=31536000, immutable"
KEY_CACHE = "public, max-age=300"
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


class _LogName:
    """`live`, `test`, and of a history that was begun anew `live/2` and so on."""

    regex = r"(?:live|test)(?:/[1-9][0-9]{0,5})?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(_LogName, "log_name")


class LogObjects:
    """The objects and keys of this registry's logs."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._objects = wiring.registry.log.objects

    def urls(self) -> list[URLPattern]:
        """Every route."""
        return [
            path("log/<log_name:name>/checkpoint", self.checkpoint, name="log-checkpoint"),
            path("log/<log_name:name>/key", self.key, name="log-key"),
            path("log/<log_name:name>/proof/<int:index>", self.proof, name="log-proof"),
            path("log/<log_name:name>/tile/<path:rest>", self.tile, name="log-tile"),
        ]

    def checkpoint(self, request: HttpRequest, name: str) -> HttpResponse:
        """The published checkpoint: a signed note."""
        return self._found(f"log/{name}/checkpoint", TEXT, CHECKPOINT_CACHE)

    def tile(self, request: HttpRequest, name: str, rest: str) -> HttpResponse:
        """A tile or an entry bundle that the published checkpoint implies."""
        try:
            tile = Tile.parse(f"tile/{rest}")
        except MalformedError as exc:
            raise Http404 from exc
        count = tile.index * TILE_WIDTH + tile.width
        if count << TILE_HEIGHT * max(tile.level, 0) > published_size(name):
            raise Http404
        return self._found(f"log/{name}/{tile.path}", BYTES, TILE_CACHE)

    def proof(self, request: HttpRequest, name: str, index: int) -> HttpResponse:
        """A `tlog-proof` of the entry at `index` under the published checkpoint; it says nothing about the entry."""
        try:
            note = self._objects.get(f"log/{name}/checkpoint")
            size = parse_checkpoint(parse_note(note).text).size
            if index >= size:
                raise Http404
            reader = TileHashes(size, lambda tile: self._objects.get(f"log/{name}/{tile.path}"))
            hashes = inclusion_proof_at(index, size, reader)
        except ObjectMissingError as exc:
            raise Http404 from exc
        proof = TlogProof(index=index, hashes=tuple(hashes), checkpoint=note)
        return _answer(proof.format(), TEXT, CHECKPOINT_CACHE)

    def key(self, request: HttpRequest, name: str) -> HttpResponse:
        """The log's verifier keys, one a line, the one to pin first."""
        origin = f"{urlsplit(self._wiring.registry.origin).netloc}/log/{name}"
        signers = note_signers(self._wiring)(origin, name.startswith("live"))
        lines = "".join(f"{each.verifier.text}\n" for each in signers)
        return _answer(lines.encode(), TEXT, KEY_CACHE)

    def _found(self, key: str, kind: str, cache: str) -> HttpResponse:
        try:
            return _answer(self._objects.get(key), kind, cache)
        except ObjectMissingError as exc:
            raise Http404 from exc


def _answer(body: bytes, kind: str, cache: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response.headers["Cache-Control"] = cache
    # Anybody may read a public log, also a page of somebody else's in a browser.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response

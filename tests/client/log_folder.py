"""A log in a folder, made by the test's own naive writer, and allowed to lie."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from signing.checkpoint import Checkpoint
from signing.cosignature import cosign
from signing.keys import PrivateKey
from signing.merkle import leaf_hash, tree_root
from signing.note import NoteSigner, parse_note
from signing.signed_checkpoint import sign_checkpoint
from signing.tile_edge import TileEdge
from signing.tiles import bundles_for, encode_bundle
from signing.tlog_policy import Policy

SIGNER = NoteSigner(name="example.com/log/test", key=PrivateKey(bytes(range(32))))
POLICY = Policy.of_log(SIGNER.verifier)
VKEY = SIGNER.verifier.text


def entry(number: int, branch: bytes = b"") -> bytes:
    """An entry in the form of a registry's."""
    return b"\x01" + leaf_hash(branch + number.to_bytes(4, "big"))


class LogFolder:
    """`entries` under `folder`; `publish` writes what is missing and signs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: list[bytes] = []
        folder.mkdir(exist_ok=True)

    def grow(self, count: int, branch: bytes = b"") -> "LogFolder":
        """Add entries and publish."""
        first = len(self.entries)
        self.entries += [entry(number, branch) for number in range(first, first + count)]
        self.publish()
        return self

    def publish(self, *, witness: PrivateKey | None = None, time: int = 0) -> None:
        """All files of the log at this size, cosigned by "w.example/1" if there is a witness."""
        edge, size = TileEdge(), len(self.entries)
        tiles = edge.extend(leaf_hash(each) for each in self.entries)
        for tile, data in (*tiles, *edge.partial_tiles()):
            self.write(tile.path, data)
        for bundle in bundles_for(size):
            first = bundle.index * 256
            self.write(bundle.path, encode_bundle(self.entries[first : first + bundle.width]))
        note = self.signed(edge.root(), size)
        if witness is not None:
            parsed = parse_note(note)
            line = cosign(parsed.text, name="w.example/1", key=witness, time=time)
            note = parsed.with_signatures([line]).format()
        self.write("checkpoint", note)

    @staticmethod
    def signed(root: bytes, size: int) -> bytes:
        """A signed checkpoint, of whatever root."""
        return sign_checkpoint(Checkpoint(origin=SIGNER.name, size=size, root=root), SIGNER)

    def root(self) -> bytes:
        """The root of the entries."""
        return tree_root([leaf_hash(each) for each in self.entries])

    def write(self, path: str, data: bytes) -> None:
        """Put a file where the log serves it."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def flip(self, path: str, at: int = 0) -> None:
        """Flip one bit of a file."""
        data = bytearray((self.folder / path).read_bytes())
        data[at] ^= 1
        self.write(path, bytes(data))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder below an address of this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

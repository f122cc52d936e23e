"""What a monitor remembers of a log: the last head that it proved, in a file that is whole or not there."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from consent.client.errors import ConfigurationError
from consent.client.files import read_bounded, write_whole
from signing.errors import SigningError
from signing.note import MAX_NOTE_BYTES
from signing.signed_checkpoint import SignedCheckpoint
from signing.tlog_policy import Policy


@dataclass(frozen=True, slots=True)
class Watched:
    """The file `path` holds the last checkpoint as it was signed; evidence is kept in files beside it."""

    path: Path

    def last(self, policy: Policy) -> SignedCheckpoint | None:
        """The last head, or None before the first.

        Raises:
            ConfigurationError: the file holds none that `policy` accepts: it is another log's, or was altered.
        """
        if not self.path.exists():
            return None
        data = read_bounded(self.path, max_bytes=MAX_NOTE_BYTES, what="the checkpoint seen last")
        try:
            return policy.check(data)
        except SigningError as exc:
            raise ConfigurationError(
                f"expected the checkpoint seen last in {self.path}, got one that the policy refuses: {exc};"
                " name another file, or find out who altered it"
            ) from exc

    def remember(self, head: SignedCheckpoint) -> None:
        """Put `head` in the place of the last one."""
        write_whole(self.path, head.note.format())

    def keep_evidence(self, *heads: SignedCheckpoint) -> list[Path]:
        """Keep each of these checkpoints under a name of its own, for ever."""
        kept = []
        for head in heads:
            data = head.note.format()
            name = f"{self.path.name}.evidence-{head.checkpoint.size}-{hashlib.sha256(data).hexdigest()[:16]}"
            path = self.path.with_name(name)
            if not path.exists():
                write_whole(path, data, replace=False)
            kept.append(path)
        return kept

"""A witness's one decision: does a checkpoint continue the one it signed last? (C2SP tlog-witness § add-checkpoint)"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from consent.client.witness.record import Record
from signing.checkpoint import Checkpoint, parse_checkpoint
from signing.cosignature import cosign
from signing.errors import MalformedError, SignatureError, SigningError
from signing.merkle import EMPTY_ROOT, verify_consistency
from signing.note import Note, VerifierKey, verify_note
from signing.private_key import PrivateKey
from signing.witness_request import CONFLICT_TYPE, WitnessRequest, parse_request

TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessAnswer:
    """What is answered. `said` is one line for the operator."""

    status: int
    body: bytes
    said: str
    content_type: str = TEXT


class Cosigner:
    """Signs under `name` with `key` for the logs whose keys are given by origin; `record` remembers."""

    def __init__(
        self,
        *,
        name: str,
        key: PrivateKey,
        logs: Mapping[str, Sequence[VerifierKey]],
        record: Record,
        now: Callable[[], datetime],
    ) -> None:
        self._name = name
        self._key = key
        self._logs = logs
        self._record = record
        self._now = now
        self._locks = {origin: threading.Lock() for origin in logs}

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Answer one request. Raises ConfigurationError where the record cannot be read or written: sign nothing."""
        try:
            request = parse_request(body)
            checkpoint = parse_checkpoint(request.note.text)
        except MalformedError as exc:
            return _refusal(400, str(exc))
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            return _refusal(404, f"this witness does not know the log {checkpoint.origin!r:.200}")
        try:
            verify_note(request.note, keys)
        except SigningError as exc:
            return _refusal(403, str(exc))
        if request.old_size > checkpoint.size:
            return _refusal(400, f"old size {request.old_size} is above the checkpoint's {checkpoint.size}")
        # Only what the log itself signed is kept and cosigned: other lines are nobody's we know.
        note = _only_signed_by(request.note, keys)
        with self._locks[checkpoint.origin]:
            return self._compare_and_sign(request, checkpoint, note)

    def _compare_and_sign(self, request: WitnessRequest, checkpoint: Checkpoint, note: Note) -> WitnessAnswer:
        origin = checkpoint.origin
        last = self._record.last(origin)
        size, root = (last.size, last.root) if last is not None else (0, EMPTY_ROOT)
        if request.old_size != size:
            said = f"{origin}: asked from {request.old_size}, the last one signed has {size}"
            return WitnessAnswer(status=409, body=f"{size}\n".encode(), said=said, content_type=CONFLICT_TYPE)
        if checkpoint.size == size and checkpoint.root != root:
            kept = self._record.keep_fork(origin, note)
            return _refusal(409, f"{origin}: FORK: another root was signed at size {size}; kept {kept.name}")
        try:
            verify_consistency(
                first=size,
                second=checkpoint.size,
                proof=request.proof,
                first_root=root,
                second_root=checkpoint.root,
            )
        except (SignatureError, MalformedError) as exc:
            return _refusal(422, f"{origin}: from {size} to {checkpoint.size}: {exc}")
        self._record.remember(origin, note)
        # Crash after this line: the checkpoint counts as signed though no signature left; the log asks again from it.
        line = cosign(note.text, name=self._name, key=self._key, time=int(self._now().timestamp()))
        self._record.publish(origin, note.with_signatures([line]))
        said = f"{origin}: signed size {checkpoint.size}, was {size}"
        return WitnessAnswer(status=200, body=f"{line.line}\n".encode(), said=said)


def _only_signed_by(note: Note, keys: Sequence[VerifierKey]) -> Note:
    lines = tuple(each for each in note.signatures if any(each.is_by(key) for key in keys))
    return Note(text=note.text, signatures=lines)


def _refusal(status: int, why: str) -> WitnessAnswer:
    return WitnessAnswer(status=status, body=f"{why}\n".encode("utf-8", "replace"), said=f"refused: {why}")

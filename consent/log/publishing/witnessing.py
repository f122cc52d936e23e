"""Asking the witnesses of a policy for their cosignatures (C2SP tlog-witness), all at once and within a second."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import urllib3

from consent.log.errors import StoreError
from consent.log.families import LOG_COSIGNATURES, side_label
from consent.log.figures import Figures
from consent.log.objects import ObjectStore
from consent.log.publishing.origins import folder_of
from consent.log.publishing.state import State
from signing.base64_lines import b64
from signing.decimal import read_decimal
from signing.errors import SigningError
from signing.merkle import MAX_SIZE
from signing.note import Note, verify_note
from signing.note_signature import NoteSignature
from signing.tiles import Tile
from signing.tlog_policy import Policy, PolicyWitness
from signing.tree_proofs import TileHashes, consistency_proof_at

BUDGET_S = 1.0  # for all of them; who is later is asked again with the next checkpoint
MAX_ANSWER_BYTES = 16_384  # a signature line or two; an ML-DSA-44 one has 3,300 characters
SIZE_TYPE = "text/x.tlog.size"
_logger = logging.getLogger(__name__)


class PolicyWitnesses:
    """The witnesses that a policy names with an address. For one log; close it at the end."""

    def __init__(self, policy: Policy, *, objects: ObjectStore, figures: Figures) -> None:
        self._policy = policy
        self._asked = tuple(each for each in policy.witnesses if each.url)
        self._objects = objects
        self._figures = figures
        self._http = urllib3.PoolManager(
            retries=False, timeout=urllib3.Timeout(total=BUDGET_S), maxsize=max(1, len(self._asked))
        )
        self._threads = ThreadPoolExecutor(max(1, len(self._asked)), thread_name_prefix="witness")
        self._sizes: dict[str, int] = {}  # what each witness knows of this log, as far as it has told
        self._waiting: dict[str, Future[list[NoteSignature]]] = {}

    def close(self) -> None:
        """End its threads and connections."""
        self._threads.shutdown(cancel_futures=True)
        self._http.clear()

    def cosign(self, state: State, signed: Note) -> Sequence[NoteSignature]:
        """The cosignatures that came within the budget, each verified."""
        asked: dict[str, Future[list[NoteSignature]]] = {}
        for witness in self._asked:
            before = self._waiting.get(witness.name)
            if before is None or before.done():  # one that hangs is not asked a second thing
                asked[witness.name] = self._threads.submit(self._ask, witness, state, signed)
        self._waiting |= asked
        done, _ = wait(asked.values(), timeout=BUDGET_S)
        return [line for future in asked.values() if future in done for line in future.result()]

    def suffice(self, cosignatures: Sequence[NoteSignature], signed: Note) -> bool:
        """Whether these make the policy's quorum."""
        keys = {each.key for line in cosignatures for each in self._policy.witnesses if line.is_by(each.key)}
        return self._policy.is_quorum(keys)

    def _ask(self, witness: PolicyWitness, state: State, signed: Note) -> list[NoteSignature]:
        side = side_label(state.livemode)
        try:
            found = self._request(witness, state, signed)
        except (urllib3.exceptions.HTTPError, StoreError) as exc:
            _logger.info("witness %s does not answer: %s", witness.name, type(exc).__name__)
            self._figures.add(LOG_COSIGNATURES, (side, "silent"))
            return []
        except SigningError as exc:
            _logger.warning("witness %s: %s", witness.name, exc)
            found = []
        self._figures.add(LOG_COSIGNATURES, (side, "cosigned" if found else "refused"))
        return found

    def _request(self, witness: PolicyWitness, state: State, signed: Note) -> list[NoteSignature]:
        """One request, and another one if the witness says that it knows another size."""
        for _ in range(2):
            known = min(self._sizes.get(witness.name, 0), state.size)
            status, kind, body = self._post(witness, _body(known, self._proof(known, state), signed))
            if status == 200:
                self._sizes[witness.name] = state.size
                return _verified(body, witness, signed)
            if status != 409 or kind != SIZE_TYPE:
                _logger.warning("witness %s refused with status %d: %.200s", witness.name, status, body)
                return []
            size = read_decimal(body.removesuffix("\n"), what="witness's size", highest=MAX_SIZE)
            if size > state.size:
                _logger.warning("witness %s knows size %d of %s", witness.name, size, state.origin)
                return []
            self._sizes[witness.name] = size
        return []

    def _proof(self, known: int, state: State) -> list[bytes]:
        folder = folder_of(state.origin)

        def read(tile: Tile) -> bytes:
            return self._objects.get(folder + tile.path)

        return consistency_proof_at(known, state.size, TileHashes(state.size, read))

    def _post(self, witness: PolicyWitness, body: bytes) -> tuple[int, str, str]:
        answer = self._http.request(
            "POST",
            f"{witness.url.rstrip('/')}/add-checkpoint",
            body=body,
            redirect=False,
            preload_content=False,
        )
        try:
            data = answer.read(MAX_ANSWER_BYTES)
        finally:
            answer.release_conn()
        headers: Mapping[str, str] = answer.headers
        return answer.status, headers.get("Content-Type", "").strip(), data.decode("utf-8", "replace")


def _body(old: int, proof: Sequence[bytes], signed: Note) -> bytes:
    """tlog-witness § add-checkpoint: the old size, the consistency proof, a blank line, the checkpoint."""
    lines = [f"old {old}\n", *(f"{b64(each)}\n" for each in proof), "\n"]
    return "".join(lines).encode() + signed.format()


def _verified(body: str, witness: PolicyWitness, signed: Note) -> list[NoteSignature]:
    """The witness's lines over this very checkpoint.

    Raises:
        SigningError: none of them holds under its key.
    """
    lines = [NoteSignature.parse(line) for line in body.splitlines()]
    own = [line for line in lines if line.is_by(witness.key)]
    verify_note(Note(text=signed.text, signatures=tuple(own)), [witness.key])
    return own

"""One log's publisher: from committed entries to the checkpoint, turn by turn (DESIGN §9).

Bundles → tiles → root (database) → signature (database) → witnesses → checkpoint. A crash anywhere leaves a state
that the next turn goes on from; of two publishers one moves the root, and both write the same tiles.
"""

import logging
from datetime import datetime, timedelta

from consent.log.errors import OvertakenError, PublicationHaltedError, StoreError
from consent.log.publishing.checkpoints import publish, stand_again
from consent.log.publishing.edge import Edge
from consent.log.publishing.entries import read_entries
from consent.log.publishing.origins import folder_of
from consent.log.publishing.ports import PublishingPorts
from consent.log.publishing.reconciling import BATCH, take_up
from consent.log.publishing.state import State, advance, begin, read_state, record_halt
from consent.log.publishing.tidying import GRACE, tidy
from consent.log.publishing.uploading import Uploader
from consent.log.publishing.witnesses import NoWitnesses, Witnesses

LOOK_AGAIN = timedelta(seconds=10)  # at an unchanged checkpoint: an older one may have been put over it
COSIGN_AGAIN = timedelta(minutes=5)  # an unchanged checkpoint, so that its cosignatures stay fresh
_logger = logging.getLogger(__name__)


class Publisher:
    """Publishes one side's history under one origin. For one thread; close it at the end."""

    def __init__(
        self, ports: PublishingPorts, *, origin: str, livemode: bool, witnesses: Witnesses | None = None
    ) -> None:
        self._ports = ports
        self._origin = origin
        self._livemode = livemode
        self._witnesses = witnesses or NoWitnesses()
        self._folder = folder_of(origin)
        self._uploader = Uploader(ports, folder=self._folder, livemode=livemode)
        self._edge: Edge | None = None
        self._looked_at: datetime | None = None

    def close(self) -> None:
        """End its threads."""
        self._uploader.close()

    @property
    def origin(self) -> str:
        """The log that it publishes."""
        return self._origin

    def begin(self) -> None:
        """Make the log's row, if nobody ever published it."""
        begin(self._origin, livemode=self._livemode)

    def turn(self) -> int:
        """Publish everything that is committed by now; returns how many entries are new.

        Raises:
            PublicationHaltedError: nothing more may go out; also shown in the database until it is mended.
            QuorumMissedError, ClockBehindError, StoreUnavailableError: come round again at the next turn.
        """
        done = 0
        try:
            while (count := self._batch()) is not None:
                done += count
                if count < BATCH:
                    break
            record_halt(self._origin, "")
        except OvertakenError as exc:
            _logger.info("%s", exc)
            self._edge = None
        except PublicationHaltedError as exc:
            self._edge = None
            record_halt(self._origin, str(exc))
            raise
        except StoreError:
            self._edge = None
            raise
        return done

    def tidy(self, grace: timedelta = GRACE) -> int:
        """Remove partial tiles that full ones replaced long ago; returns how many."""
        state = read_state(self._origin)
        return (
            0 if state is None else tidy(state, objects=self._ports.objects, folder=self._folder, grace=grace)
        )

    def _batch(self) -> int:
        state = self._state()
        edge = self._edge
        if edge is None or (edge.size, edge.root()) != (state.size, state.root):
            edge = take_up(state, objects=self._ports.objects, uploader=self._uploader, folder=self._folder)
        self._edge = edge
        entries = read_entries(self._livemode, start=state.size, end=state.size + BATCH)
        if entries:
            edge, new = edge.grown(entries)
            # Crash from here on: tiles of which no root speaks yet; the same bytes are written again.
            self._uploader.upload(new)
            self._ports.step("advance")
            advance(state, size=edge.size, root=edge.root())
            self._ports.step("advanced")
            # Crash after this: a root that is not signed yet; the next turn signs what is committed.
            self._edge = edge
            state = self._state()
        self._publish(state)
        return len(entries)

    def _publish(self, state: State) -> None:
        late = state.published_at is None or state.read_at - state.published_at >= COSIGN_AGAIN
        if late or state.published_size < state.size:
            publish(state, self._ports, self._witnesses, folder=self._folder)
        elif self._looked_at is None or state.read_at - self._looked_at >= LOOK_AGAIN:
            stand_again(state, self._ports, folder=self._folder)
        else:
            return
        self._looked_at = state.read_at

    def _state(self) -> State:
        state = read_state(self._origin)
        if state is None:
            begin(self._origin, livemode=self._livemode)
            state = read_state(self._origin)
        if state is None:
            raise OvertakenError(f"{self._origin} cannot be begun")
        return state

"""The one error tree of the log; every fault here ends in a refusal, never in an answer."""


class LogError(Exception):
    """Base of the tree. `code` is the problem code that the API answers with."""

    code = "log"


class NestedTransactionError(LogError):
    """A history transaction, or a wait for enforcement, was begun inside another transaction."""

    code = "internal"


class OutsideTransactionError(LogError):
    """A notice was to be written without the transaction of what it tells of."""

    code = "internal"


class NothingAppendedError(LogError):
    """A history transaction ended without an event and without saying that nothing changed."""

    code = "internal"


class CommitUnknownError(LogError):
    """COMMIT was answered with a warning, or not at all: what happened is unknown. 503, retry."""

    code = "commit_unknown"


class NotInitialisedError(LogError):
    """A side has no head yet; `consent.log.start.initialise` has not run on this database."""

    code = "not_initialised"


class UnsafeDatabaseError(LogError):
    """The database could lose, or may have lost, what it acknowledged. Refuses to start."""

    code = "unsafe_database"


class HistoryBrokenError(LogError):
    """Stored events do not fold to the stored chain, or one does not open to its entry."""

    code = "history_broken"


class PositionInvalidError(LogError):
    """A position token is malformed, forged, or of the other side."""

    code = "position_invalid"


class PositionConflictError(LogError):
    """A position is ahead of the primary, or not on its history. 409, never a wait."""

    code = "position_conflict"


class RolledBackError(LogError):
    """The database is below, or beside, what was already acknowledged. 503 to every check."""

    code = "rolled_back"


class GuardMissingError(LogError):
    """The rollback guard is absent beside a database that is not empty. Refuses to start."""

    code = "guard_missing"


class GuardUnavailableError(LogError):
    """The rollback guard could not be read or written in time. 503, retry."""

    code = "guard_unavailable"


class EnforcementUnknownError(LogError):
    """No denial of this id waits for enforcement or was ever enforced."""

    code = "internal"


class BoundsError(LogError):
    """A change of `l_node_ms` or `l_wait_ms` was refused."""

    code = "bounds_invalid"


class StoreError(LogError):
    """Base of the object store's errors."""

    code = "store_unavailable"


class StoreUnavailableError(StoreError):
    """The object store failed, or answered what cannot be trusted."""


class ObjectKeyError(StoreError):
    """An object key is outside the allowed alphabet or length."""

    code = "internal"


class ObjectMissingError(StoreError):
    """There is no object of this key."""

    code = "object_missing"


class ImmutableError(StoreError):
    """Other bytes already stand under a key that may be written only once."""

    code = "object_immutable"


class ObjectChangedError(StoreError):
    """An object is not what it was expected to be, so it was not replaced."""

    code = "object_changed"


class KeyStoreError(LogError):
    """Base of the key store's errors."""

    code = "key_store_unavailable"


class KeyStoreUnavailableError(KeyStoreError):
    """The key store failed, or is not the one that this database was made with."""


class KeyMissingError(KeyStoreError):
    """There never was a key for this record."""

    code = "key_missing"


class RecordDestroyedError(KeyStoreError):
    """The record's key was destroyed: what it sealed is gone, and nothing new is sealed under it."""

    code = "record_destroyed"


class ErasureNoteError(LogError):
    """A note of an erasure in the object store cannot be read: restoring could bring a person back."""

    code = "erasure_note_invalid"


class SealError(LogError):
    """Sealed bytes do not open under their key, record and purpose."""

    code = "seal_invalid"


class PublishingError(LogError):
    """Base of what keeps the log from being published. The history itself goes on."""

    code = "log_publishing"


class PublicationHaltedError(PublishingError):
    """Publishing would contradict what was published or signed: nothing goes out until somebody looked."""

    code = "log_halted"


class OvertakenError(PublishingError):
    """Another publisher was faster; what it did is taken up at the next turn."""


class ClockBehindError(PublishingError):
    """The database's clock is behind the last signature: nothing is signed until it has caught up."""


class QuorumMissedError(PublishingError):
    """Too few witnesses cosigned: the last checkpoint with a quorum stays the published one."""

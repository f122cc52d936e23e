"""Every figure that this registry counts, once: the exporter, its manual and the alerts all read this list."""

from typing import Final

from consent.log.figures import Family

# From what the lane needs for one check to what a page may take; 0.4 s is the goal for a denial to be enforced.
REQUEST_BOUNDS_S: Final = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
)  # fmt: skip
WAIT_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5)
ENFORCED_BOUNDS_S: Final = (0.1, 0.2, 0.3, 0.325, 0.35, 0.4, 0.5, 0.75, 1.0, 2.5, 10.0, 60.0)

REQUESTS = Family(
    name="consent_http_requests_total",
    kind="counter",
    text="Requests answered, by route, method and status.",
    labels=("route", "method", "status"),
)
SECONDS = Family(
    name="consent_http_request_duration_seconds",
    kind="histogram",
    text="Time to answer, in seconds, by route.",
    labels=("route",),
    bounds=REQUEST_BOUNDS_S,
)
DECISIONS = Family(
    name="consent_decisions_total",
    kind="counter",
    text="Decisions that were kept and told, by side and outcome.",
    labels=("side", "outcome"),
)
REASONS = Family(
    name="consent_decision_reasons_total",
    kind="counter",
    text="Reasons of these decisions, each once a decision.",
    labels=("side", "reason"),
)
CELLS_READ = Family(
    name="consent_check_cells_read_total",
    kind="counter",
    text="Facts that questions asked memory for: hit, or miss.",
    labels=("found",),
)
EVICTED = Family(
    name="consent_check_cells_evicted_total",
    kind="counter",
    text="Facts that made room in memory for others.",
)
FETCHES = Family(
    name="consent_check_fetch_seconds",
    kind="histogram",
    text="Time that questions waited for facts which were not in memory, in seconds.",
    bounds=WAIT_BOUNDS_S,
)
FALLBACKS = Family(
    name="consent_check_primary_total",
    kind="counter",
    text="Questions for the primary, as memory could not answer: missing, stale or behind; refused: too many ask it.",
    labels=("why",),
)
AHEAD = Family(
    name="consent_check_reading_ahead",
    kind="gauge",
    text="Processes that are reading facts which nobody has asked about yet.",
)
CELLS = Family(
    name="consent_check_cells",
    kind="gauge",
    text="Facts in memory, over all processes here.",
)
FRESHNESS = Family(
    name="consent_check_freshness_age_seconds",
    kind="gauge",
    text="Age of the facts in memory, the oldest of all processes that are asked. Above 0.3 the primary answers.",
    labels=("side",),
    merged="max",
)
ENFORCED = Family(
    name="consent_enforcement_seconds",
    kind="histogram",
    text="From a denial being written to being enforced everywhere, in seconds, once a denial.",
    bounds=ENFORCED_BOUNDS_S,
)
SEALS = Family(
    name="consent_ledger_seals_total",
    kind="counter",
    text="Attempts to seal a segment of decisions, by what came of it: sealed, or failed (tried again).",
    labels=("outcome",),
)
UNREADABLE = Family(
    name="consent_facts_unreadable_total",
    kind="counter",
    text="Rows of consents or limits whose seal did not open: changed by somebody else. Each denies.",
)
REFUSED = Family(
    name="consent_refused_total",
    kind="counter",
    text="Requests refused before they were decided, by why: rate, quota, calls, changes, or unknown (keys of nobody).",
    labels=("why",),
)
POLLS = Family(
    name="consent_changes_pages_total",
    kind="counter",
    text="Pages of the change feed, by kind: changes, or snapshot.",
    labels=("kind",),
)
READERS = Family(
    name="consent_changes_readers",
    kind="gauge",
    text="Organizations that polled the change feed here within the last minute.",
)
NOTICES = Family(
    name="consent_outbox_notices_total",
    kind="counter",
    text="Notices to people, by what became of them: sent, failed (tried again), given_up, not_needed, unreachable.",
    labels=("outcome",),
)
BUILD = Family(
    name="consent_build_info",
    kind="gauge",
    text="Always 1; its labels say what runs.",
    labels=("version", "python"),
)
LOG_SEQ = Family(
    name="consent_log_seq",
    kind="gauge",
    text="Last position in the history of each side.",
    labels=("side",),
)
LOG_SIZE = Family(
    name="consent_log_size",
    kind="gauge",
    text="Entries of each side's log whose root is committed.",
    labels=("side",),
)
LOG_PUBLISHED = Family(
    name="consent_log_published_size",
    kind="gauge",
    text="Entries of each side's log that its published checkpoint covers.",
    labels=("side",),
)
LOG_LAG = Family(
    name="consent_log_lag_seconds",
    kind="gauge",
    text="Age of the oldest entry that no published checkpoint covers, in seconds; 0 when there is none.",
    labels=("side",),
)
LOG_HALTED = Family(
    name="consent_log_halted",
    kind="gauge",
    text="1 while publishing has halted, because it would contradict what was published; otherwise 0.",
    labels=("side",),
)
LOG_UPLOADS = Family(
    name="consent_log_uploads_total",
    kind="counter",
    text="Tiles and entry bundles put into the object store.",
    labels=("side",),
)
LOG_COSIGNATURES = Family(
    name="consent_log_cosignatures_total",
    kind="counter",
    text="Requests to witnesses, by what came of them: cosigned, refused, or silent.",
    labels=("side", "outcome"),
)
STATUS_AGE = Family(
    name="consent_status_list_age_seconds",
    kind="gauge",
    text="Age of the status list of each side that was issued longest ago, in seconds; beyond 900 it is refused.",
    labels=("side",),
)
ENFORCEMENTS_WAITING = Family(
    name="consent_enforcements_waiting",
    kind="gauge",
    text="Denials committed but not yet enforced.",
)
ENFORCEMENTS_OLDEST = Family(
    name="consent_enforcements_oldest_seconds",
    kind="gauge",
    text="Age of the oldest of them, in seconds.",
)
ERASURES = Family(
    name="consent_erasures",
    kind="gauge",
    text="Erasures: begun, erased and waiting for the last key backup to expire, or complete.",
    labels=("state",),
)
ERASURE_NOTES_REFUSED = Family(
    name="consent_erasure_notes_refused_total",
    kind="counter",
    text="Notes of erasures in the object store that this registry did not make, or that cannot be read.",
)
OUTBOX_WAITING = Family(
    name="consent_outbox_waiting",
    kind="gauge",
    text="Notices to people that have not left yet.",
)
OUTBOX_OLDEST = Family(
    name="consent_outbox_oldest_seconds",
    kind="gauge",
    text="Age of the oldest of them, in seconds.",
)
NONCE_OLDEST = Family(
    name="consent_counted_nonce_oldest_seconds",
    kind="gauge",
    text="Age of the oldest nonce of a counted question that is kept, in seconds; beyond 25 hours it is forgotten.",
)
LEDGER_GAPS = Family(
    name="consent_ledger_gaps",
    kind="gauge",
    text="Places in a day's shipped decisions before which something is missing; 0 when all is well.",
)
LEDGER_WAITING = Family(
    name="consent_ledger_waiting",
    kind="gauge",
    text="Segments of decisions on this machine that are not shipped yet.",
)
LEDGER_OLDEST = Family(
    name="consent_ledger_oldest_seconds",
    kind="gauge",
    text="Age of the oldest of them, in seconds.",
)
LEDGER_SHIPPED = Family(
    name="consent_ledger_shipped_timestamp_seconds",
    kind="gauge",
    text="When a segment was last shipped by any machine, seconds since 1970.",
)
BACKUP_MADE = Family(
    name="consent_backup_timestamp_seconds",
    kind="gauge",
    text="When the last backup was made and read back, seconds since 1970; 0 if none ever was.",
)
LEDGER_COMMITTED = Family(
    name="consent_ledger_committed_timestamp_seconds",
    kind="gauge",
    text="When the history last committed to shipped segments, seconds since 1970.",
)
LEDGER_UNCOMMITTED = Family(
    name="consent_ledger_uncommitted_oldest_seconds",
    kind="gauge",
    text="Age of the oldest shipped segment that the history has not committed to, in seconds.",
)
EVIDENCE_MADE = Family(
    name="consent_evidence_bundles_total",
    kind="counter",
    text="Evidence bundles that were made, verified and handed out, by side.",
    labels=("side",),
)
KEY_NOT_AFTER = Family(
    name="consent_key_not_after_seconds",
    kind="gauge",
    text="When a key's validity ends, seconds since 1970.",
    labels=("side", "role", "key"),
)

FAMILIES: Final = (
    REQUESTS, SECONDS, DECISIONS, REASONS, CELLS_READ, EVICTED, FETCHES, FALLBACKS, CELLS, AHEAD, FRESHNESS, ENFORCED,
    SEALS, UNREADABLE, REFUSED, POLLS, READERS, NOTICES, BUILD, LOG_SEQ, LOG_SIZE,
    LOG_PUBLISHED, LOG_LAG, LOG_HALTED, LOG_UPLOADS, LOG_COSIGNATURES, STATUS_AGE, ENFORCEMENTS_WAITING,
    ENFORCEMENTS_OLDEST, ERASURES, ERASURE_NOTES_REFUSED, OUTBOX_WAITING, OUTBOX_OLDEST, NONCE_OLDEST, LEDGER_GAPS,
    LEDGER_WAITING, LEDGER_OLDEST, LEDGER_SHIPPED, LEDGER_COMMITTED, LEDGER_UNCOMMITTED, BACKUP_MADE, EVIDENCE_MADE,
    KEY_NOT_AFTER,
)  # fmt: skip


def side_label(livemode: bool) -> str:
    """The value of the label `side`."""
    return "live" if livemode else "test"

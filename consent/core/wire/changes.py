"""Wire types of `/v1/changes`: what changed for one organization, signed, page by page.

State-based: an event says which subject it touched, and the page carries that subject's complete facts. Whoever puts
the newest facts of each subject in the place of the former ones knows what the registry knows.
"""

from typing import Any, Literal

import msgspec

EVENTS: tuple[str, ...] = (
    "external_id.removed",
    "external_id.set",
    "grant.active",
    "grant.ended",
    "grant.paused",
    "grant.resumed",
    "grant.signed",
    "limits.changed",
    "performer.erased",
    "performer.introduced",
    "prior_record.imported",
)
CHANGED = "changed"  # any other reason; readers treat unknown names like it


class ChangeEvent(msgspec.Struct, kw_only=True):
    """Something that may have changed the answers about one subject. `n` counts per organization and side, from 1."""

    n: int
    event: str
    at: str
    performer: str
    licensee: str
    grant: str | None


class ChangedGrant(msgspec.Struct, kw_only=True):
    """A grant that has not ended. `terms` is what `GrantTerms.from_json` takes; `counted`: some line counts outputs,
    so that no copy can decide it; `grant_sha256` is the digest of the signed body."""

    grant: str
    grant_sha256: str
    state: Literal["signed", "active", "paused"]
    signed_at: str
    terms: dict[str, Any]
    counted: bool


class ChangedSubject(msgspec.Struct, kw_only=True):
    """One performer towards one licensee, complete, as far as the caller may rely on it.

    `licensee` is the caller itself, or an organization that named it in a grant as a recipient. `performer` is what
    the licensee calls the performer, and names the subject together with `licensee`. `caller_reference` is what the
    caller calls them, null if it was never given one; it outranks: a question about a licensee by a word that the
    caller itself uses for somebody else is not about this subject. `external_ids` are the caller's own names.
    `ended` are grants of this subject that have ended; only their ids are told. `limits` is what
    `LimitsTerms.from_json` takes, null where there is none that could matter. Towards another licensee a subject
    without grants says nothing else, and one that is not listed means the same as one without grants.
    """

    performer: str
    licensee: str
    caller_reference: str | None
    external_ids: list[str]
    known: bool
    deceased_at: str | None
    prior_record: bool
    ever_signed: bool
    limits: dict[str, Any] | None
    grants: list[ChangedGrant]
    ended: list[str]


class ChangesCaller(msgspec.Struct, kw_only=True):
    """The API key that asks, so that a copy completes questions exactly as the registry does."""

    key: str
    scopes: list[str]
    context: dict[str, str]
    capabilities: list[str]
    expires_at: str | None


class ChangesPage(msgspec.Struct, kw_only=True):
    """The payload of a signed page (signing/SPEC.md §12).

    `as_of` is the primary's clock; `position` the head that was read, `l_node_ms` for how long a node may answer from
    what it read. `history` names the registry's one history: another one is another registry, or one that declared
    a loss. The page holds every event with from_n < n <= to_n. `snapshot`: a page of the whole picture, `first` the
    first of them (forget everything, the counter begins at `from_n`). `fresh`: with this page applied everything up to
    `position` is known. `more`: ask on at once, with `page` where there is one, and otherwise with `through`.
    `through` is what to send as `after` next; null while a snapshot has more pages.
    """

    iss: str
    aud: str
    livemode: bool
    node: str
    iat: int
    nonce: str
    history: str
    as_of: str
    position: str
    l_node_ms: int
    fresh: bool
    caller: ChangesCaller
    snapshot: bool
    first: bool
    from_n: int
    to_n: int
    events: list[ChangeEvent]
    subjects: list[ChangedSubject]
    more: bool
    page: str | None
    through: str | None


class ChangesResponse(msgspec.Struct, kw_only=True):
    """The answer: one compact JWS, whose payload is a `ChangesPage`."""

    changes: str

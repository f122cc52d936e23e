"""The last statement of a history transaction, in the exact form of DESIGN §7.

Locks the head, takes one seq or a range, folds the chain with PostgreSQL's own sha256() and inserts
the events, all in one statement, so that the head is locked for this statement and COMMIT only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from consent.log.errors import NotInitialisedError
from consent.log.events import SealedEvent
from consent.log.position import Position

_APPEND_ONE = """
WITH h AS (
    UPDATE log_head SET seq = seq + 1, before = chain, chain = sha256(chain || %(entry)s)
    WHERE livemode = %(livemode)s
    RETURNING seq, chain
)
INSERT INTO log_event (event_id, livemode, seq, kind, performer_id, organization_id, grant_id, record, sealed,
                       entry, chain, recorded_at)
SELECT %(event_id)s, %(livemode)s, h.seq, %(kind)s, %(performer_id)s, %(organization_id)s, %(grant_id)s,
       %(record)s, %(sealed)s, %(entry)s, h.chain, clock_timestamp()
FROM h
RETURNING seq, chain, recorded_at
"""

# RETURNING gives new values only, so the chains of the rows start from `before`, which is the old chain.
_APPEND_RANGE = """
WITH h AS (
    UPDATE log_head SET seq = seq + %(count)s, before = chain,
                        chain = (log_chains(chain, %(entries)s::bytea[]))[%(count)s]
    WHERE livemode = %(livemode)s
    RETURNING seq - %(count)s AS seq, log_chains(before, %(entries)s::bytea[]) AS chains
)
INSERT INTO log_event (event_id, livemode, seq, kind, performer_id, organization_id, grant_id, record, sealed,
                       entry, chain, recorded_at)
SELECT g.event_id, %(livemode)s, h.seq + g.n, g.kind, g.performer_id, g.organization_id, g.grant_id, g.record,
       g.sealed, g.entry, g.chain, clock_timestamp()
FROM h, unnest(%(event_ids)s::text[], %(kinds)s::text[], %(performer_ids)s::text[],
               %(organization_ids)s::text[], %(grant_ids)s::text[], %(records)s::text[],
               %(sealed)s::bytea[], %(entries)s::bytea[], h.chains)
     WITH ORDINALITY AS g (event_id, kind, performer_id, organization_id, grant_id, record, sealed, entry,
                           chain, n)
ORDER BY g.n
RETURNING seq, chain, recorded_at
"""

# The chain after each entry; made by the first migration.
CREATE_CHAINS = """
CREATE FUNCTION log_chains(chain bytea, entries bytea[]) RETURNS bytea[] LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    entry bytea;
    chains bytea[] := '{}';
BEGIN
    FOREACH entry IN ARRAY entries LOOP
        chain := sha256(chain || entry);
        chains := array_append(chains, chain);
    END LOOP;
    RETURN chains;
END $$;
"""
DROP_CHAINS = "DROP FUNCTION log_chains(bytea, bytea[]);"


def append(livemode: bool, events: Sequence[SealedEvent]) -> list[tuple[Position, datetime]]:
    """Append `events` in their order; nothing else may follow before COMMIT.

    Returns the position and recording time (primary's clock) of each.
    """
    with connection.cursor() as cursor:
        if len(events) == 1:
            cursor.execute(_APPEND_ONE, _one(livemode, events[0]))
        else:
            cursor.execute(_APPEND_RANGE, _range(livemode, events))
        rows = sorted(cursor.fetchall())
    if len(rows) != len(events):
        raise NotInitialisedError(f"no head for livemode={livemode}; run the migrations and initialise")
    return [
        (Position(livemode=livemode, seq=seq, chain=bytes(chain)), recorded_at)
        for seq, chain, recorded_at in rows
    ]


def _one(livemode: bool, event: SealedEvent) -> dict[str, Any]:
    return {
        "livemode": livemode,
        "event_id": event.event_id,
        "kind": event.new.kind,
        "performer_id": event.new.performer_id,
        "organization_id": event.new.organization_id,
        "grant_id": event.new.grant_id,
        "record": event.new.record,
        "sealed": event.sealed,
        "entry": event.entry,
    }


def _range(livemode: bool, events: Sequence[SealedEvent]) -> dict[str, Any]:
    return {
        "livemode": livemode,
        "count": len(events),
        "event_ids": [event.event_id for event in events],
        "kinds": [event.new.kind for event in events],
        "performer_ids": [event.new.performer_id for event in events],
        "organization_ids": [event.new.organization_id for event in events],
        "grant_ids": [event.new.grant_id for event in events],
        "records": [event.new.record for event in events],
        "sealed": [event.sealed for event in events],
        "entries": [event.entry for event in events],
    }

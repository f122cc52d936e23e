"""Consents by the million: rows under true seals, copied in; the product's own reader opens each of them.

Only what a check reads is there: performers, their references and grants. Offers, statements and proofs of
these grants do not exist, so pages and packages of them do not either; foreign keys are off while copying,
which takes the database's superuser. Ids follow from `name` and the number, so that nobody has to keep them.
"""

import base64
import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import psycopg

from consent.core.instants import format_instant
from consent.core.offers import in_language
from consent.core.terms import GRANT_SCHEMA, compile_grant
from consent.registry.stored_json import sha256, to_bytes
from signing.canonical import canonicalize
from signing.encoding import b64u
from signing.private_key import PrivateKey
from signing.purposes import GRANT_SEAL
from tests.bench.bare_tables import without_indexes

LISTS_FROM = 5000  # status lists from here on are the seeder's, one seed after the other
LIST_SIZE = 1 << 20
CHUNK = 20_000
AHEAD = 4  # chunks that are made before they are copied, a process
WINDOWS = 365  # so many different days on which consents begin and end: so many different terms

_TABLES = ("registry_performer", "registry_pairwisereference", "registry_grant")
_FRESH = """
CREATE TEMP TABLE fresh (
    performer uuid, reference text, grt text, off text, grant_sha text, variant int, list int, place int, seal text
)
"""
_PERFORMERS = """
INSERT INTO registry_performer (id, livemode, record, limits_version, deceased_at, created_at)
SELECT performer, %(livemode)s, %(record)s, 0, NULL, %(at)s FROM fresh
"""
_REFERENCES = """
INSERT INTO registry_pairwisereference (reference, performer_id, organization_id, livemode, created_at)
SELECT reference, performer, %(organization)s, %(livemode)s, %(at)s FROM fresh
"""
_GRANTS = """
INSERT INTO registry_grant (
    id, livemode, offer_id, organization_id, performer_id, reference, performer_name, credential_id, method,
    identity_check_id, over_18, adult, unrepresented, state, state_seq, terms, terms_sha256, grant_sha256, seal,
    status_list, status_index, first_shown_at, signed_at, activated_at, state_at, valid_from, valid_until
)
SELECT grt, %(livemode)s, off, %(organization)s, performer, reference, '', 'seeded', 'ed25519', 0, true, false,
    false, 'active', 0, v.terms, v.terms_sha, grant_sha, seal, list, place, %(at)s, %(at)s, %(at)s, %(at)s,
    v.valid_from, v.valid_until
FROM fresh JOIN variants v USING (variant)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What was seeded: `count` performers of one organization, each with one consent. Names are functions."""

    name: str
    organization: str
    livemode: bool
    count: int

    def reference(self, number: int) -> str:
        """What the organization calls performer `number`, from 0."""
        return "prf_" + _name(self.name, "prf", number)

    def grant(self, number: int) -> str:
        """The id of the consent of performer `number`."""
        return "grt_" + _name(self.name, "grt", number)

    def performer(self, number: int) -> UUID:
        """The internal id of performer `number`."""
        return UUID(bytes=_digest(self.name, "id", number))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """One of the terms that consents are given on."""

    terms: bytes
    valid_from: datetime
    valid_until: datetime

    @property
    def sha(self) -> str:
        """Their digest."""
        return sha256(self.terms)


def seed(
    admin_url: str,
    *,
    key: PrivateKey,
    organization: str,
    livemode: bool,
    record: str,
    count: int,
    at: datetime,
    body: dict[str, Any],
    name: str = "a",
    windows: int = WINDOWS,
    processes: int = 1,
    alone: bool = False,
) -> Seed:
    """Copy `count` consents in and ANALYZE; `key` is the side's registry key, `record` any performer's record in the
    key store, `body` the terms as an offer has them, `at` when all were signed. Needs a superuser's `admin_url`;
    `alone`: nobody else uses this database yet, so that indexes may be made at the end.
    """
    made = Seed(name=name, organization=organization, livemode=livemode, count=count)
    variants = _variants(body, at, windows)
    told = {"livemode": livemode, "organization": organization, "record": record, "at": at}
    with psycopg.connect(admin_url, autocommit=True) as connection:
        first_list = _prepare(connection, variants)
        with without_indexes(connection, _TABLES) if alone else nullcontext():
            for rows in _chunks(made, variants, key, at, first_list, processes):
                with connection.transaction():
                    with connection.cursor().copy("COPY fresh FROM STDIN") as copy:
                        copy.write(rows)
                    for statement in (_PERFORMERS, _REFERENCES, _GRANTS):
                        connection.execute(statement, told)
                    connection.execute("TRUNCATE fresh")
        connection.execute(f"ANALYZE {', '.join(_TABLES)}")
    return made


def _prepare(connection: psycopg.Connection[Any], variants: Sequence[_Variant]) -> int:
    """Make what the copying needs; the first status list that is free."""
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    connection.execute(_FRESH)
    connection.execute(
        "CREATE TEMP TABLE variants (variant int, terms bytea, terms_sha text, valid_from timestamptz, "
        "valid_until timestamptz)"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO variants VALUES (%s, %s, %s, %s, %s)",
            [
                (number, each.terms, each.sha, each.valid_from, each.valid_until)
                for number, each in enumerate(variants)
            ],
        )
    newest = connection.execute("SELECT max(status_list) FROM registry_grant").fetchone()
    return max(LISTS_FROM, ((newest and newest[0]) or 0) + 1)


def _variants(body: dict[str, Any], at: datetime, windows: int) -> list[_Variant]:
    found = []
    for number in range(windows):
        begins = at.replace(microsecond=0) - timedelta(days=number)
        ends = begins + timedelta(days=730)
        signed = {
            **in_language(body, language="en"),
            "schema": GRANT_SCHEMA,
            "valid_from": format_instant(begins),
            "valid_until": format_instant(ends),
        }
        terms = to_bytes(compile_grant(signed).to_json())
        found.append(_Variant(terms=terms, valid_from=begins, valid_until=ends))
    return found


def _chunks(
    made: Seed,
    variants: Sequence[_Variant],
    key: PrivateKey,
    at: datetime,
    first_list: int,
    processes: int,
) -> Iterator[bytes]:
    starts = range(0, made.count, CHUNK)
    given = [(made, [each.sha for each in variants], at, first_list, start) for start in starts]
    if processes == 1:
        _keep(key)
        yield from map(_rows, given)
        return
    # A key is never pickled; a forked worker has it in its memory already.
    with ProcessPoolExecutor(
        processes, mp_context=get_context("fork"), initializer=_keep, initargs=(key,)
    ) as pool:
        made_ahead: deque[Future[bytes]] = deque()
        for each in given:
            made_ahead.append(pool.submit(_rows, each))
            if len(made_ahead) > AHEAD * processes:  # ten million rows at once would be eight gigabytes
                yield made_ahead.popleft().result()
        for ready in made_ahead:
            yield ready.result()


_kept_key: list[PrivateKey] = []


def _keep(key: PrivateKey) -> None:
    _kept_key[:] = [key]


def _rows(given: tuple[Seed, list[str], datetime, int, int]) -> bytes:
    """Rows for COPY, each with its seal: the same bytes that `make_seal` signs, put together faster."""
    (made, shas, at, first_list, start), (key,) = given, _kept_key
    header = b64u(canonicalize({"alg": "EdDSA", "kid": key.public.thumbprint, "typ": GRANT_SEAL}))
    side, signed_at = "true" if made.livemode else "false", format_instant(at.replace(microsecond=0))
    lines = []
    for number in range(start, min(start + CHUNK, made.count)):
        variant = number % len(shas)
        grant, reference = made.grant(number), made.reference(number)
        grant_sha = hashlib.sha256(grant.encode()).hexdigest()
        status_list, place = first_list + number // LIST_SIZE, number % LIST_SIZE
        payload = (
            f'{{"grant":"{grant}","grant_sha256":"{grant_sha}","licensee":"{made.organization}",'
            f'"livemode":{side},"performer":"{reference}","signed_at":"{signed_at}",'
            f'"status":{{"idx":{place},"list":{status_list}}},"terms_sha256":"{shas[variant]}"}}'
        )
        signing_input = f"{header}.{b64u(payload.encode())}"
        seal = f"{signing_input}.{b64u(key.sign(signing_input.encode()))}"
        offer = "off_" + grant[4:]
        lines.append(
            f"{made.performer(number)}\t{reference}\t{grant}\t{offer}\t{grant_sha}\t{variant}\t{status_list}\t"
            f"{place}\t{seal}\n"
        )
    return "".join(lines).encode()


def _digest(name: str, kind: str, number: int) -> bytes:
    return hashlib.blake2b(f"{name}/{kind}/{number}".encode(), digest_size=16).digest()


def _name(name: str, kind: str, number: int) -> str:
    return base64.b32encode(_digest(name, kind, number)).decode()[:26].lower()

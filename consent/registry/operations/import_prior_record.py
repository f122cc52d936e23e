"""A paper consent enters as evidence; it grants nothing."""

import re
from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction

from consent.core.ids import new_id
from consent.core.uses import FAMILIES, USES
from consent.log.transaction import history_transaction
from consent.registry.errors import Conflict, Invalid
from consent.registry.history import organization_event, pair_event
from consent.registry.known_performers import find_performer
from consent.registry.locks import lock_performer, lock_side
from consent.registry.models import PriorRecord
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import to_bytes
from consent.registry.text import required

PURPOSE = "prior-record"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def import_prior_record(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    who: str,
    signed_on: date,
    uses: Sequence[str],
    scan_sha256: str,
    vouched_by: str,
    performer: str | None = None,
    valid_until: date | None = None,
) -> str:
    """Keep who consented on paper, to what and when, the scan's digest and who vouches; returns `pri_…`.

    With a `performer` (reference or `external_id:…`) checks of that pair say `prior_record_unsigned` until
    they sign. Everything but the digest is sealed.

    Raises:
        NotFound: no such side or performer. Conflict: this scan was imported before.
        Invalid: an empty name, an unknown use, no digest, an end before the beginning.
    """
    required(who, "/who", max_chars=200)
    required(vouched_by, "/vouched_by", max_chars=200)
    _check(uses, scan_sha256)
    if valid_until is not None and valid_until < signed_on:
        raise Invalid(pointer="/valid_until", rule="window_ordered", expected="a day after signed_on")
    record = new_id("pri", random=ports.log.random)
    document = {
        "who": who,
        "signed_on": signed_on.isoformat(),
        "uses": sorted(set(uses)),
        "vouched_by": vouched_by,
        "valid_until": None if valid_until is None else valid_until.isoformat(),
    }
    sealed = ports.log.sealer.seal(record, to_bytes(document), purpose=PURPOSE)
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        person = None
        if performer is not None:
            found = find_performer(performer, organization=organization, livemode=livemode)
            person = lock_performer(found, livemode=livemode)
        try:
            with transaction.atomic():
                PriorRecord.objects.create(
                    id=record,
                    organization_id=organization,
                    livemode=livemode,
                    performer=person,
                    scan_sha256=scan_sha256,
                    record=record,
                    sealed=sealed,
                    imported_at=ports.clock(),
                )
        except IntegrityError as exc:
            raise Conflict("this scan was imported before", pointer="/scan_sha256") from exc
        said = {"prior_record": record, "scan_sha256": scan_sha256}
        if person is None:
            tx.append(organization_event("prior_record.imported", organization, said, denies=False))
        else:
            tx.append(pair_event("prior_record.imported", person, organization, said, denies=False))
    return record


def _check(uses: Sequence[str], scan_sha256: str) -> None:
    if not _SHA256.fullmatch(scan_sha256):
        raise Invalid(pointer="/scan_sha256", rule="sha256", expected="SHA-256 in lower-case hex")
    if not uses or any(use not in USES and use not in FAMILIES for use in uses):
        raise Invalid(pointer="/uses", rule="known", expected="documented uses")

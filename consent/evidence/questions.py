"""What evidence is asked about: questions in the words of checks, or a consent in its own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from consent.core.asked import Asked
from consent.core.complete import StandingContext, complete
from consent.core.dry_run import dry_run
from consent.core.past_verdicts import asked_again
from consent.core.terms import compile_grant
from consent.core.wire.check import CheckRequest
from consent.core.wire.errors import WireError
from consent.core.wire.evidence import EvidenceQuestion
from consent.log.errors import RecordDestroyedError
from consent.registry.errors import NotFound
from consent.registry.models import Grant, Statement
from consent.registry.operations.read_package import opened_statement
from consent.registry.ports import RegistryPorts


def completed(
    questions: Sequence[EvidenceQuestion],
    selector: Mapping[str, str],
    *,
    caller: str,
    context: StandingContext,
) -> list[Asked]:
    """The questions as they are decided. `selector` is `performer` or `grant` with its id.

    Raises:
        WireError: a malformed value; the pointer says in which question.
    """
    found = []
    for place, each in enumerate(questions):
        members: dict[str, Any] = {**msgspec.to_builtins(each), **selector}
        try:
            found.append(complete(msgspec.convert(members, CheckRequest), context, caller=caller))
        except WireError as exc:
            raise exc.under(f"/questions/{place}") from exc
    return found


def as_signed(ports: RegistryPorts, grant: Grant, *, at: datetime) -> list[Asked]:
    """One question for each use of a consent, in the widest words of the line that names it first.

    Raises:
        NotFound: its performer was forgotten.
        SealError, KeyStoreError: it cannot be read now.
    """
    try:
        body = opened_statement(Statement.objects.get(id=grant.id), ports)["envelope"]["body"]
    except RecordDestroyedError as exc:
        raise NotFound("no such grant") from exc
    samples = [each.asked for each in dry_run(compile_grant(body), at=at).could if each.about == "use"]
    by_use: dict[str, dict[str, Any]] = {}
    for sample in samples:
        by_use.setdefault(sample["use"], sample)
    named = {"caller": grant.organization_id, "grant": grant.id}
    return [
        asked_again(
            {name: value for name, value in sample.items() if name != "performer"} | named,
            caller=grant.organization_id,
            pointer="",
        )
        for sample in by_use.values()
    ]

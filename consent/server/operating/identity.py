"""Identity checks by a named examiner: list, approve, refuse."""

import argparse
import sys
from pathlib import Path

from consent.registry.answers import enforced
from consent.registry.errors import Invalid, NotFound
from consent.registry.examiners_note import examiners_note
from consent.registry.models import Credential, IdentityCheck, StageName
from consent.registry.operations.record_identity_check import record_identity_check
from consent.registry.operations.refuse_identity import refuse_identity
from consent.registry.passkey_rows import made_in_recovery
from consent.registry.ports import RegistryPorts
from consent.registry.queries.identity import identity_of, is_adult
from signing.canonical import sha256_hex


def run(options: argparse.Namespace, ports: RegistryPorts) -> int:
    """One verb; returns the exit status."""
    match options.identity_verb:
        case "list":
            _list(options, ports)
        case "approve":
            return _approve(options, ports)
        case _:
            _refuse(options, ports)
    return 0


def _list(options: argparse.Namespace, ports: RegistryPorts) -> None:
    waiting = Credential.objects.filter(state="pending").order_by("created_at", "id")
    if options.side is not None:
        waiting = waiting.filter(livemode=options.side == "live")
    rows = list(waiting)
    if not rows:
        print("Nobody waits for an identity check.")
        return
    for row in rows:
        person = identity_of(ports, performer=row.performer_id)
        names = StageName.objects.filter(performer_id=row.performer_id).order_by("created_at", "name")
        print(
            f"{row.id}  {'live' if row.livemode else 'test'} side, since {row.created_at:%Y-%m-%d %H:%M} UTC"
        )
        print(f"  compare with the document: {person.legal_name}, born {person.birth_date.isoformat()}")
        print(f"  stage names: {', '.join(names.values_list('name', flat=True))}; key {row.thumbprint}")


def _approve(options: argparse.Namespace, ports: RegistryPorts) -> int:
    credential = _pending(options.credential)
    person = identity_of(ports, performer=credential.performer_id)
    if not is_adult(person.birth_date, on=ports.clock().date()):
        raise Invalid(
            f"born {person.birth_date.isoformat()}: not 18 yet. Nobody under 18 can be approved",
            pointer="/birth_date",
            rule="adult",
            expected="a person of 18 or older",
        )
    evidence = _evidence(options, credential)
    print(f"{person.legal_name}, born {person.birth_date.isoformat()}, examined by {options.examiner}.")
    if not options.yes and sys.stdin.isatty():
        answer = input("You saw a document that says so, and it is theirs? [yes/no] ")
        if answer.strip().lower() not in ("y", "yes"):
            print("Nothing was recorded.")
            return 1
    examined = IdentityCheck.objects.filter(performer=credential.performer_id, over_18=True)
    recovered = credential.id in made_in_recovery([credential.performer_id])
    recorded = record_identity_check(
        ports,
        livemode=credential.livemode,
        performer=credential.performer_id,
        # A first check covers every key of joining; in a recovery only the one that they showed comes in.
        credentials=[credential.id] if examined.exists() or recovered else None,
        examiner=options.examiner,
        method=options.method,
        evidence_sha256=evidence,
        over_18=True,
    )
    enforced(recorded.written, ports)
    print(f"Recorded. Keys introduced by the registry: {', '.join(recorded.introduced) or 'none'}")
    return 0


def _refuse(options: argparse.Namespace, ports: RegistryPorts) -> None:
    credential = _pending(options.credential)
    written = refuse_identity(
        ports,
        livemode=credential.livemode,
        performer=credential.performer_id,
        credentials=[credential.id],
        examiner=options.examiner,
        method=options.method,
        evidence_sha256=_evidence(options, credential),
    )
    enforced(written, ports)
    print(f"Recorded. {credential.id} is switched off; they may enrol again with another key.")


def _pending(name: str) -> Credential:
    row = (
        Credential.objects.filter(state="pending", id=name).first()
        or Credential.objects.filter(state="pending", thumbprint=name).first()
    )
    if row is None:
        raise NotFound(f"no key {name!r} waits for a check; `identity list` shows those that do")
    return row


def _evidence(options: argparse.Namespace, credential: Credential) -> str:
    """The digest of the evidence. On the test side the examiner's own note of the check will do."""
    if options.evidence_sha256:
        return str(options.evidence_sha256)
    if options.evidence:
        try:
            return sha256_hex(Path(options.evidence).read_bytes())
        except OSError as exc:
            raise Invalid(f"{options.evidence} cannot be read: {exc.strerror}", pointer="/evidence") from exc
    if credential.livemode:
        raise Invalid(
            "the live side needs evidence",
            pointer="/evidence",
            rule="required",
            expected="--evidence FILE or --evidence-sha256 HEX",
        )
    return examiners_note(credential=credential.id, examiner=options.examiner, method=options.method)

"""A long random history through the registry's real operations, and the answers that were given along the way.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from consent.core.asked import Asked
from consent.core.decision import Decision
from consent.core.obligations import OBLIGATIONS
from consent.core.policy import decide
from consent.registry.errors import RegistryError
from consent.registry.facts import snapshot
from consent.registry.models import Grant, Limits
from consent.registry.operations.cancel_revocation import begin_revocation, finish_revocations_due
from consent.registry.operations.end_on_session import revoke_on_session, suspend_on_session
from consent.registry.operations.import_prior_record import import_prior_record
from consent.registry.operations.references import remove_external_id, set_external_id
from consent.registry.operations.suspend_grant import resume_by_holder, suspend_by_holder
from consent.registry.operations.sweep_grants import activate_due, expire_due
from consent.registry.operations.void_grant import void_grant
from tests.registry.terms import COMMERCIAL, INFER, LANGUAGES, PUBLIC, TRAIN, line, terms
from tests.registry.world import Person, World, question_of

GERMANY = {"kind": "territory", "v": 1, "allow": ["DE"]}
IN_GERMANY = line("g1", "infer.voice", GERMANY, LANGUAGES, COMMERCIAL, PUBLIC)
NEVER: tuple[Any, ...] = (
    None,
    None,
    None,
    [{"uses": ["train.voice"]}],
    [{"purposes": ["audiobook"]}],
    [{"uses": ["infer"]}],
)
HOLDER = "guild:strike"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was asked, when, at which position, and what was answered."""

    asked: Asked
    at: datetime
    seq: int
    decision: Decision


@dataclass
class RandomHistory:
    """Some organizations and performers to whom anything happens."""

    world: World
    dice: random.Random
    organizations: list[str]
    people: list[Person]
    hosts: str
    answers: list[Recorded] = field(default_factory=list)
    happened: dict[str, int] = field(default_factory=dict)
    references: dict[tuple[str, ...], str] = field(default_factory=dict)

    @classmethod
    def begin(cls, world: World, seed: int) -> "RandomHistory":
        """Two licensees, a host and three performers, one with a passkey."""
        return cls(
            world=world,
            dice=random.Random(seed),
            organizations=[world.organization() for _ in range(2)],
            people=[world.person(passkey=place == 0) for place in range(3)],
            hosts=world.organization("Hosting AG"),
        )

    def go_on(self, steps: int, *, questions: int = 4) -> None:
        """So many things happen, and after each some questions are answered."""
        doings = {
            "grant": self._grant,
            "grant again": self._grant,
            "grant once more": self._grant,
            "supersede": self._supersede,
            "pause": self._about("suspension"),
            "resume": self._resume,
            "resume again": self._resume,
            "end": self._about("revocation"),
            "hold": self._hold,
            "lift": self._lift,
            "pause on a session": self._pause_on_session,
            "end on a session": self._end_on_session,
            "begin to end": self._begin_to_end,
            "limits": self._limits,
            "name": self._name,
            "unname": self._unname,
            "paper": self._paper,
            "void": self._void,
            "time": self._time,
        }
        for _ in range(steps):
            what = self.dice.choice(list(doings))
            try:
                doings[what]()
            except RegistryError:
                continue  # refused: nothing happened
            self.happened[what] = self.happened.get(what, 0) + 1
            for _ in range(questions):
                self._ask()

    def _ask(self) -> None:
        organization, person = self.dice.choice(self.organizations), self.dice.choice(self.people)
        reference = self._reference(organization, person)
        use = self.dice.choice(["train.voice", "infer.voice"])
        changes: dict[str, Any] = {"territory": self.dice.choice(["DE", "DE", "FR", None])}
        form = self.dice.randrange(6)
        caller = organization
        grants = self._grants(person, organization)
        if form == 0:
            changes["performers"] = (f"external_id:p{self.dice.randrange(2)}",)
        elif form == 1 and grants:
            changes |= {"performers": (), "grant": self.dice.choice(grants)}
        elif form == 2:
            caller, changes["on_behalf_of"] = self.hosts, organization
        elif form == 3:
            other = self.dice.choice(self.people)
            changes["performers"] = tuple(sorted({reference, self._reference(organization, other)}))
        elif form == 4:
            caller = self.dice.choice(self.organizations)
        asked = question_of(caller, reference, use, **changes)
        with snapshot(self.world.livemode, self.world.ports) as snap:
            facts = snap.facts([asked], capabilities=OBLIGATIONS)[0]
            self.answers.append(
                Recorded(asked=asked, at=snap.at, seq=snap.seq, decision=decide(asked, facts, snap.at))
            )

    def _reference(self, organization: str, person: Person) -> str:
        pair = (organization, str(person.id))
        if pair not in self.references:
            self.references[pair] = self.world.reference(organization, person)
        return self.references[pair]

    def _grants(self, person: Person, organization: str | None = None) -> list[str]:
        rows = Grant.objects.filter(performer_id=person.id).order_by("signed_at", "id")
        if organization is not None:
            rows = rows.filter(organization_id=organization)
        return list(rows.values_list("id", flat=True))

    def _some_grant(self) -> tuple[Person, str]:
        found = [(person, grant) for person in self.people for grant in self._grants(person)[-4:]]
        if not found:
            self._grant()
            return self._some_grant()
        return self.dice.choice(found)

    def _grant(self, **members: Any) -> None:
        lines = self.dice.choice([(TRAIN, INFER), (TRAIN,), (INFER,), (TRAIN, IN_GERMANY)])
        if self.dice.random() < 0.3:
            members["recipients"] = [{"id": self.hosts, "role": "host"}]
        if self.dice.random() < 0.3:
            members["prohibitions"] = [{"uses": [self.dice.choice(["train.voice", "infer.voice"])]}]
        if self.dice.random() < 0.2:
            members["valid_until"] = "2026-12-20T00:00:00Z"
        organization, person = self.dice.choice(self.organizations), self.dice.choice(self.people)
        if not members.get("supersedes"):
            self.world.grant(organization, person, terms(*lines, **members))
            return
        former = Grant.objects.get(id=members["supersedes"])
        theirs = next(each for each in self.people if each.id == former.performer_id)
        self.world.grant(former.organization_id, theirs, terms(*lines, **members))

    def _supersede(self) -> None:
        self._grant(supersedes=self._some_grant()[1])

    def _about(self, kind: str) -> Callable[[], None]:
        def act() -> None:
            person, grant = self._some_grant()
            self.world.say(kind, grant, person.key)

        return act

    def _resume(self) -> None:
        paused = Grant.objects.filter(performer_id__in=[each.id for each in self.people], state="suspended")
        grant = self.dice.choice(list(paused.order_by("signed_at", "id")) or [None])
        if grant is not None:
            key = next(each.key for each in self.people if each.id == grant.performer_id)
            self.world.say("resumption", grant.id, key)

    def _hold(self) -> None:
        told = {"livemode": self.world.livemode, "grant": self._some_grant()[1], "holder": HOLDER}
        suspend_by_holder(self.world.ports, reason="a strike", **told)

    def _lift(self) -> None:
        told = {"livemode": self.world.livemode, "grant": self._some_grant()[1], "holder": HOLDER}
        resume_by_holder(self.world.ports, **told)

    def _pause_on_session(self) -> None:
        person, grant = self._some_grant()
        suspend_on_session(self.world.ports, livemode=self.world.livemode, performer=person.id, grant=grant)

    def _end_on_session(self) -> None:
        person, grant = self._some_grant()
        revoke_on_session(self.world.ports, livemode=self.world.livemode, performer=person.id, grant=grant)

    def _begin_to_end(self) -> None:
        person, grant = self._some_grant()
        told = {"livemode": self.world.livemode, "performer": person.id, "grant": grant}
        begin_revocation(self.world.ports, authority="link", **told)

    def _limits(self) -> None:
        person = self.dice.choice(self.people)
        last = Limits.objects.filter(performer_id=person.id).order_by("-version").first()
        body = self.world.limits(
            person.key,
            version=1 if last is None else last.version + 1,
            previous=None if last is None else last.body_sha256,
            never=self.dice.choice(NEVER),
        )
        self.world.submit(person.key.sign(body))

    def _named(self) -> dict[str, Any]:
        return {"livemode": self.world.livemode, "external_id": f"p{self.dice.randrange(2)}"}

    def _name(self) -> None:
        organization = self.dice.choice(self.organizations)
        reference = self.world.reference(organization, self.dice.choice(self.people))
        told = {"organization": organization, "performer": reference, **self._named()}
        set_external_id(self.world.ports, **told)

    def _unname(self) -> None:
        remove_external_id(
            self.world.ports, organization=self.dice.choice(self.organizations), **self._named()
        )

    def _paper(self) -> None:
        organization = self.dice.choice(self.organizations)
        import_prior_record(
            self.world.ports,
            livemode=self.world.livemode,
            organization=organization,
            who="Somebody",
            signed_on=date(2020, 1, 1),
            uses=["train.voice"],
            scan_sha256=hashlib.sha256(self.dice.randbytes(8)).hexdigest(),
            vouched_by="The archive",
            performer=self.world.reference(organization, self.dice.choice(self.people)),
        )

    def _void(self) -> None:
        if self.dice.random() < 0.3:
            void_grant(
                self.world.ports,
                livemode=self.world.livemode,
                grant=self._some_grant()[1],
                actor="operator.eins",
                reason="signed by somebody else",
            )

    def _time(self) -> None:
        self.world.clock.forward(hours=self.dice.choice([1, 30, 200]))
        for sweep in (activate_due, expire_due, finish_revocations_due):
            sweep(self.world.ports, livemode=self.world.livemode)

"""A world in which anything may happen next. Imported only inside tests: the models need Django to be set up."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from consent.registry.errors import RegistryError
from consent.registry.operations.import_prior_record import import_prior_record
from consent.registry.operations.references import remove_external_id, set_external_id
from signing.canonical import canonicalize, sha256_hex
from tests.registry.terms import COUNTED, INFER, TRAIN, terms
from tests.registry.world import Person, World, question_of

NEVER: list[list[dict[str, Any]]] = [
    [{"uses": ["train.voice"]}],
    [{"uses": ["infer"]}, {"uses": ["edit.undress"]}],
    [{"purposes": ["audiobook"]}],
    [{"uses": ["edit.dub"]}],
    [],
]


@dataclass
class RandomWorld:
    """Two licensees, a host that they may name, and some performers."""

    world: World
    chosen: random.Random
    licensees: list[str] = field(default_factory=list)
    host: str = ""
    people: list[Person] = field(default_factory=list)
    grants: list[tuple[str, Person]] = field(default_factory=list)
    versions: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.licensees = [self.world.organization(f"Licensee {n}") for n in range(2)]
        self.host = self.world.organization("Host")
        self.people = [self.world.person(stage_name=f"Person {n}") for n in range(4)]

    @property
    def organizations(self) -> list[str]:
        """Everybody who may read."""
        return [*self.licensees, self.host]

    def step(self) -> None:
        """Something happens, or is refused."""
        happens: list[Callable[[], object]] = [
            self._grant, self._grant, self._stop, self._stop, self._stop, self._limit, self._name, self._paper,
        ]  # fmt: skip
        with suppress(RegistryError):  # such as ending what has ended
            self.chosen.choice(happens)()

    def questions(self, organization: str) -> list[Any]:
        """Questions about everybody, by every word there is, for itself and on behalf of others."""
        from consent.registry.models import PairwiseReference

        words = {f"external_id:p{n}" for n in range(3)} | {"prf_" + "a" * 26}
        rows = PairwiseReference.objects.filter(performer_id__in=[person.id for person in self.people])
        words |= set(rows.values_list("reference", flat=True))
        return [
            question_of(organization, word, use, on_behalf_of=None if licensee == organization else licensee)
            for licensee in self.organizations
            for use in ("train.voice", "infer.voice")
            for word in sorted(words)
        ]

    def _person(self) -> Person:
        return self.chosen.choice(self.people)

    def _grant(self) -> None:
        person, licensee = self._person(), self.chosen.choice(self.licensees)
        lines = self.chosen.choice([(TRAIN,), (INFER,), (TRAIN, INFER), (COUNTED,)])
        members = {"recipients": [{"id": self.host, "role": "host"}]} if self.chosen.random() < 0.5 else {}
        self.grants.append((str(self.world.grant(licensee, person, terms(*lines, **members)).grant), person))

    def _stop(self) -> None:
        if self.grants:
            grant, person = self.chosen.choice(self.grants)
            self.world.say(self.chosen.choice(["revocation", "suspension", "resumption"]), grant, person.key)

    def _limit(self) -> None:
        person = self._person()
        version, previous = self.versions.get(str(person.id), (0, None))
        body = self.world.limits(
            person.key, version=version + 1, previous=previous, never=self.chosen.choice(NEVER) or None
        )
        self.world.submit(person.key.sign(body))
        self.versions[str(person.id)] = (version + 1, sha256_hex(canonicalize(body)))

    def _name(self) -> None:
        organization = self.chosen.choice(self.organizations)
        reference = self.world.reference(organization, self._person())
        name, ports = f"p{self.chosen.randrange(3)}", self.world.ports
        side = self.world.livemode
        if self.chosen.random() < 0.3:
            remove_external_id(ports, livemode=side, organization=organization, external_id=name)
        else:
            set_external_id(
                ports, livemode=side, organization=organization, performer=reference, external_id=name
            )

    def _paper(self) -> None:
        organization, person = self.chosen.choice(self.licensees), self._person()
        import_prior_record(
            self.world.ports,
            livemode=self.world.livemode,
            organization=organization,
            performer=self.world.reference(organization, person),
            who="Ada Quill",
            signed_on=date(2020, 1, 2),
            uses=["train.voice"],
            scan_sha256=f"{self.chosen.getrandbits(256):064x}",
            vouched_by="an archivist",
        )

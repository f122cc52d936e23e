"""The acts of the story, each driven from outside: by performers' clients and licensees' keys, over HTTP."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from consent.client.question import Question
from consent.server.demo.cast import Part, Speaker
from consent.server.demo.desk import Desk
from consent.server.demo.expectation import expect
from consent.server.demo.licensees import Licensee
from consent.server.demo.person import Ending, Person, new_person

T = TypeVar("T")
R = TypeVar("R")
WORKERS = 4  # of requests that work; the server has two cores at least
WAITERS = 6  # of endings: each spends its time waiting, and more at once would measure our own queue
Role = Callable[[Speaker], Part | None]


def enrol_all(url: str, speakers: Sequence[Speaker]) -> list[Person]:
    """Every speaker who takes part makes a key and opens an account."""
    people = [new_person(url, speaker) for speaker in speakers]
    _each(Person.enrol, people)
    return people


def offer_and_answer(people: Sequence[Person], desk: Desk, licensee: Licensee, role: Role) -> int:
    """The licensee invites everybody who has a role; they accept, and sign or decline. How many signed.

    The licensee then calls each by the speaker id of its manifest.
    """
    terms = licensee.terms(datetime.now(UTC))

    def meet(person: Person) -> bool:
        speaker = person.speaker
        offer_id, code = desk.invite(terms, stage_name=speaker.stage_name)
        offer = person.account.accept(code)
        expect(offer.id == offer_id, f"Expected the invitation to lead to {offer_id}, got {offer.id}.")
        desk.name(offer.performer, speaker.speaker_id)
        if role(speaker) is Part.DECLINES:
            person.account.decline(offer.id)
            return False
        person.grants[licensee.name] = person.sign(offer.id)
        return True

    return sum(_each(meet, [person for person in people if role(person.speaker) is not None]))


def hold_back(people: Sequence[Person], licensee: Licensee, forbidden: str) -> None:
    """Those whose part it is pause their grant, or forbid a purpose altogether; both are enforced at once."""

    def act(person: Person) -> bool:
        match person.speaker.part:
            case Part.PAUSES:
                accepted = person.pause(person.grants[licensee.name])
            case Part.LIMITS:
                accepted = person.forbid(forbidden)
            case _:
                return True
        return accepted.enforced_at is not None

    enforced = _each(act, people, workers=WAITERS)
    expect(
        all(enforced), "Expected every pause and limit to be answered with the instant it is enforced from."
    )


def end_and_ask(
    people: Sequence[Person],
    desks: Mapping[str, Desk],
    licensees: Iterable[Licensee],
    role: Mapping[str, Role],
) -> list[Ending]:
    """Everybody whose part it is ends their grant; right after the answer the licensee asks and must be denied."""
    work = [
        (person, licensee)
        for licensee in licensees
        for person in people
        if role[licensee.name](person.speaker) is Part.ENDS
    ]

    def end(item: tuple[Person, Licensee]) -> Ending:
        person, licensee = item
        name = person.speaker.speaker_id
        ending = person.end(person.grants[licensee.name])
        question: Question = {**licensee.question, "external_id": name}
        decision = desks[licensee.name].registry.check(**question)
        expect(
            ending.accepted.enforced_at is not None,
            f"Expected the ending of {ending.grant} to say from when it is enforced.",
        )
        expect(not decision, f"Expected a deny right after {name} ended the consent, got an allow.")
        return ending

    return _each(end, work, workers=WAITERS)


def _each(act: Callable[[T], R], items: Sequence[T], *, workers: int = WORKERS) -> list[R]:
    """Do it for each, several at a time; the first failure is raised."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(act, items))

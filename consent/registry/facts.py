"""Facts for deciding, all of one position: one REPEATABLE READ transaction on the primary.

The number of queries does not depend on the number of questions.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from consent.core.asked import Asked
from consent.core.facts import Facts, SubjectFacts
from consent.log.errors import NestedTransactionError, UnsafeDatabaseError
from consent.log.heads import read_head, require_on_history
from consent.log.position import Head
from consent.registry.errors import NotPrimary
from consent.registry.pair_facts import Pairs, load_pairs
from consent.registry.ports import RegistryPorts
from consent.registry.subjects import Resolver, licensee_of, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The registry at one position; `at` is the primary's clock, on which everything is judged."""

    livemode: bool
    head: Head
    at: datetime
    ports: RegistryPorts

    @property
    def seq(self) -> int:
        """The position as a number; it never leaves the registry."""
        return self.head.seq

    @property
    def position(self) -> str:
        """The position as the token that answers carry."""
        return self.ports.log.tokens.encode(self.head.position)

    def require(self, at_least: str) -> None:
        """Accept a position the asker has seen.

        Raises:
            PositionInvalidError: not a token of this side.
            PositionConflictError: ahead of the primary or off its history (409, never a wait).
        """
        position = self.ports.log.tokens.decode(at_least, expected_livemode=self.livemode)
        require_on_history(position, self.head)

    def facts(self, questions: Sequence[Asked], *, capabilities: frozenset[str]) -> list[Facts]:
        """The facts of each question, in order; `capabilities` are those of the asking key."""
        resolver = resolve(questions, livemode=self.livemode)
        pairs = load_pairs(
            resolver.performers,
            resolver.licensees,
            livemode=self.livemode,
            at=self.at,
            ports=self.ports,
        )
        subjects: dict[tuple[str, str, str], SubjectFacts] = {}
        return [self._facts(asked, capabilities, resolver, pairs, subjects) for asked in questions]

    def _facts(
        self,
        asked: Asked,
        capabilities: frozenset[str],
        resolver: Resolver,
        pairs: Pairs,
        subjects: dict[tuple[str, str, str], SubjectFacts],
    ) -> Facts:
        licensee = licensee_of(asked)
        found = []
        for reference in resolver.references(asked):
            key = (asked.caller, licensee, reference)
            if key not in subjects:
                subjects[key] = pairs.subject(
                    reference,
                    performer=resolver.performer(asked, reference),
                    licensee=licensee,
                    caller=asked.caller,
                )
            found.append(subjects[key])
        return Facts(
            livemode=self.livemode,
            caller=asked.caller,
            licensee=licensee,
            capabilities=capabilities,
            subjects=tuple(found),
            persona=None,
            model=None,
            selector_found=resolver.selector_found(asked),
        )


@contextmanager
def snapshot(livemode: bool, ports: RegistryPorts) -> Iterator[Snapshot]:
    """Open the registry at one position, read-only.

    Raises:
        NotPrimary: the database is a standby.
        RolledBackError, GuardUnavailableError: it lost, or may have lost, acknowledged history.
        NestedTransactionError: a transaction is open already, whose snapshot may be older.
    """
    if connection.in_atomic_block:
        raise NestedTransactionError("a snapshot cannot be taken inside another transaction")
    floor = ports.log.guard.floor(livemode)
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            head = read_head(livemode)
        except UnsafeDatabaseError as exc:
            raise NotPrimary("answers come from the primary only") from exc
        ports.log.guard.check(head, floor)
        yield Snapshot(livemode=livemode, head=head, at=ports.clock(), ports=ports)

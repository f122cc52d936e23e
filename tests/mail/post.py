"""What became of a world's notices. Imported only inside tests: the models need Django to be set up."""

from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

from consent.log.figures import Figures
from consent.log.models import Outbox
from consent.registry.operations.enrol_performer import enrol_performer
from consent.server.mail.compose import unflowed
from consent.server.mail.delivery import deliver
from consent.server.mail.folder import FolderMailbox
from consent.server.mail.mailbox import Mailbox
from consent.server.mail.ports import MailPorts
from consent.server.metrics import Metrics
from signing.keys import PrivateKey
from tests.registry.world import Person, World

SENDER = "consent@registry.example"


@dataclass
class Post:
    """The mail of one world; every row is asked for by whom it is about, because tests share the database."""

    world: World
    folder: Path

    def ports(self, mailbox: Mailbox | None = None) -> MailPorts:
        """Delivering into the folder, or into `mailbox`."""
        return MailPorts(
            registry=self.world.ports,
            mailbox=mailbox or FolderMailbox(self.folder),
            sender=SENDER,
            metrics=Metrics(self.folder.parent / "metrics", Figures()),
        )

    def rows(self, person: Person | None = None, kind: str | None = None, **about: Any) -> list[Outbox]:
        """Rows about a person, of a kind, oldest first."""
        rows = Outbox.objects.filter(**about)
        if person is not None:
            rows = rows.filter(performer_id=str(person.id))
        return list((rows if kind is None else rows.filter(kind=kind)).order_by("created_at", "id"))

    def send(self, row: Outbox) -> EmailMessage:
        """Deliver one row into the folder and read what arrived."""
        assert deliver(self.ports(), row.id)
        mail = FolderMailbox(self.folder).read(row.id)
        assert mail is not None
        return mail

    def the(self, kind: str, person: Person | None = None, **about: Any) -> EmailMessage:
        """The one mail of this kind."""
        (row,) = self.rows(person, kind, **about)
        return self.send(row)


def text_of(mail: EmailMessage) -> str:
    """The words as plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return unflowed(str(part.get_content()))


def html_of(mail: EmailMessage) -> str:
    """The words as HTML."""
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def newcomer(world: World, email: str, *, legal_name: str = "Planted Legal Name") -> UUID:
    """Somebody with this address, examined: one notice waits for them."""
    enrolled = enrol_performer(
        world.ports,
        livemode=world.livemode,
        public_key=PrivateKey.generate().public,
        kind="ed25519",
        legal_name=legal_name,
        birth_date=date(1977, 7, 7),
        email=email,
        stage_names=["A Stage Name"],
        label="a label",
    )
    world.verify(enrolled.performer)
    return enrolled.performer

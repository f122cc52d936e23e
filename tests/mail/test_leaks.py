"""What is planted in one person's identity appears in nobody else's mail, subject, file, row or log line."""

import logging
from datetime import timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mail.post import Post
    from tests.registry.world import Person, World

PLANTED = ("Adelheid", "Querfurth", "adelheid@mail.example", "1990-02-03", "3 February 1990")
COMPANY, STAGE_NAME = "Planted Company GmbH", "Planted Stage Name"
# A subject is read over somebody's shoulder.
TELLING = (COMPANY, "Planted", STAGE_NAME, "adult", "voice", "likeness", "clone", "company", "sex")


def _everything(mail: EmailMessage) -> str:
    """Every header and every part, decoded."""
    parts = [f"{name}: {value}" for name, value in mail.items()]
    for part in mail.walk():
        parts += [f"{name}: {value}" for name, value in part.items()]
        if not part.is_multipart():
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            parts.append(data.decode("utf-8", "replace"))
    return "\n".join(parts)


def _all_notices(world: "World", organization: str, email: str) -> "Person":
    """Somebody to whom everything happens that is told by mail."""
    from datetime import date

    from consent.registry.notices import send_link_mail
    from consent.registry.operations.add_credential import block_credential
    from consent.registry.operations.enrol_credential import enrol_credential
    from consent.registry.operations.enrol_performer import enrol_performer
    from signing.keys import PrivateKey
    from tests.registry.world import Key, Person

    key = Key(software=PrivateKey.generate())
    enrolled = enrol_performer(
        world.ports,
        livemode=True,
        public_key=key.public,
        kind="ed25519",
        legal_name="Adelheid Querfurth" if "adelheid" in email else "Other Person",
        birth_date=date(1990, 2, 3) if "adelheid" in email else date(1980, 1, 1),
        email=email,
        stage_names=[STAGE_NAME],
        label="the blue one",
    )
    world.verify(enrolled.performer)
    person = Person(id=enrolled.performer, key=key, livemode=True, stage_name=STAGE_NAME)
    grant = world.grant(organization, person).grant
    assert grant is not None
    world.offer(organization, person)
    world.say("revocation", grant, key)
    added = PrivateKey.generate().public
    enrol_credential(
        world.ports, livemode=True, performer=person.id, public_key=added, kind="ed25519", label="new"
    )
    world.verify(person.id)
    block_credential(
        world.ports, livemode=True, performer=person.id, thumbprint=added.thumbprint, authority="session"
    )
    send_link_mail(
        world.ports,
        livemode=True,
        performer=person.id,
        expires_at=world.clock() + timedelta(days=400),
        stop=f"{world.ports.origin}/stop/planted-token",
    )
    return person


def test_nothing_planted_reaches_anybody_else(
    world: "World", post: "Post", caplog: pytest.LogCaptureFixture
) -> None:
    from django.db import connection

    from consent.log.models import Outbox
    from consent.registry.models import Grant
    from consent.server.mail.delivery import deliver
    from consent.server.mail.folder import FolderMailbox
    from consent.server.mail.mailbox import MailboxAwayError

    caplog.set_level(logging.DEBUG)
    organization = world.organization(COMPANY)
    one = _all_notices(world, organization, "adelheid@mail.example")
    other = _all_notices(world, organization, "someone.else@mail.example")
    invited, code = world.invite(organization)
    rows = [*post.rows(one), *post.rows(other), *post.rows(offer=invited)]
    signed = Grant.objects.filter(performer_id__in=[one.id, other.id]).values_list("offer_id", flat=True)
    rows = [row for row in rows if row.offer not in set(signed)]  # a request that was answered is not mailed
    assert {row.kind for row in rows} == {
        "ended", "identity", "invitation", "key_off", "link", "new_key", "request", "signed",
    }  # fmt: skip

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(o)::text FROM log_outbox o WHERE id = ANY(%s)", [[r.id for r in rows]]
        )
        stored = "\n".join(row[0] for row in cursor.fetchall())
        stored += "".join(bytes(row.sealed or b"").decode("latin-1") for row in rows)
    for secret in (*PLANTED, COMPANY, STAGE_NAME, code, "planted-token", "somebody@mail.example"):
        assert secret not in stored, secret

    class Away:
        def deliver(self, message: Any, *, until: float) -> None:
            raise MailboxAwayError("TimeoutError")

    box = FolderMailbox(post.folder)
    for row in rows:
        with pytest.raises(MailboxAwayError):
            deliver(post.ports(Away()), row.id)
        Outbox.objects.filter(id=row.id).update(next_attempt_at=row.next_attempt_at)
        assert deliver(post.ports(), row.id), row.kind
        mail = box.read(row.id)
        assert mail is not None
        for word in TELLING:
            assert word.lower() not in str(mail["Subject"]).lower(), (row.kind, word)
        names = [part.get_filename() or "" for part in mail.walk()]
        said = _everything(mail)
        for secret in PLANTED:
            # Not even in the person's own mail, but for the address it goes to.
            theirs = (
                said.replace("To: adelheid@mail.example", "") if row.performer_id == str(one.id) else said
            )
            assert secret not in theirs, (row.kind, secret)
            assert not any(secret in name for name in (*names, str(mail["Message-ID"])))
    for path in post.folder.parent.rglob("*"):
        assert not any(secret.lower() in path.name.lower() for secret in (*PLANTED, "planted"))
    for record in caplog.records:
        line = record.getMessage()
        assert not any(secret in line for secret in (*PLANTED, "mail.example", code, "planted-token")), line

"""Each notice reaches its person, says what happened in plain words, and leaks nothing to anybody else."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mail.post import Post
    from tests.registry.world import World

NEUTRAL = {
    "ended": "Something you signed has ended",
    "identity": "You can go on now",
    "invitation": "You have an invitation",
    "key_off": "A key of your account was switched off",
    "link": "The link you asked for",
    "new_key": "A key was added to your account",
    "recovery": "A new key waits in your account",
    "request": "A request is waiting for you",
    "signed": "Your signed copy",
}


def test_an_invitation_brings_its_code_once_and_then_forgets_code_and_address(
    world: "World", post: "Post"
) -> None:
    from consent.log.errors import RecordDestroyedError
    from consent.log.models import Outbox
    from consent.registry.models import Invitation
    from tests.mail.post import html_of, text_of

    offer, code = world.invite(world.organization("Planted & Sons <Voices>"))
    (row,) = post.rows(offer=offer)
    assert code.encode() not in bytes(row.sealed or b"") and row.attempts == 0
    mail = post.send(row)
    assert mail["To"] == "somebody@mail.example" and mail["Subject"] == NEUTRAL["invitation"]
    assert f"https://registry.example/i/{code}\n" in text_of(mail)
    assert "Planted & Sons <Voices> would like" in text_of(mail)
    assert f'<a href="https://registry.example/i/{code}">' in html_of(mail)
    assert "Planted &amp; Sons &lt;Voices&gt;" in html_of(mail)
    after = Outbox.objects.get(id=row.id)
    assert after.sent_at is not None and after.sealed is None and after.record is None
    invitation = Invitation.objects.get(offer_id=offer)
    with pytest.raises(RecordDestroyedError):
        world.ports.log.sealer.open(
            invitation.id, bytes(invitation.sealed_email or b""), purpose="invitation-email"
        )
    assert world.redeem(world.person(), code).offer == offer


def test_an_invitation_that_is_over_is_not_mailed(world: "World", post: "Post") -> None:
    from consent.log.models import Outbox
    from consent.registry.operations.close_offer import withdraw_offer
    from consent.server.mail.delivery import deliver

    organization = world.organization()
    offer, _ = world.invite(organization)
    withdraw_offer(world.ports, livemode=True, organization=organization, offer=offer)
    (row,) = post.rows(offer=offer)
    assert not deliver(post.ports(), row.id) and not post.folder.exists()
    after = Outbox.objects.get(id=row.id)
    assert (after.sent_at, after.last_error, after.sealed) == (None, "InvitationOver", None)
    assert after.given_up_at is not None


def test_an_invitation_without_an_address_makes_no_notice(world: "World", post: "Post") -> None:
    from consent.registry.operations.draft_offer import draft_offer
    from consent.registry.operations.send_offer import NewInvitation, send_offer
    from tests.registry.terms import terms

    organization = world.organization()
    offer = draft_offer(world.ports, livemode=True, organization=organization, terms=terms())
    send_offer(
        world.ports,
        livemode=True,
        organization=organization,
        offer=offer,
        invitation=NewInvitation(language="en"),
    )
    assert post.rows(offer=offer) == []


def test_the_signed_copy_carries_the_exact_text_and_a_proof_that_verifies(
    world: "World", post: "Post"
) -> None:
    from consent.registry.models import Statement
    from consent.registry.operations.read_package import opened_statement, read_package
    from tests.mail.post import text_of

    person, organization = world.person(passkey=True), world.organization("Northlight Audio GmbH")
    grant = world.grant(organization, person).grant
    assert grant is not None
    mail = post.the("signed", person)
    assert mail["To"] == "adelheid@mail.example" and mail["Subject"] == NEUTRAL["signed"]
    words = text_of(mail)
    assert f"https://registry.example/consents/{grant}/end\n" in words and "Northlight Audio GmbH" in words
    text, package = mail.iter_attachments()
    shown = opened_statement(Statement.objects.get(id=grant), world.ports)["text"]
    assert (text.get_content_type(), text.get_filename()) == ("text/markdown", "what-you-signed.md")
    assert text.get_payload(decode=True) == shown.encode()
    assert package.get_filename() == "proof.grant.json"
    assert package.get_payload(decode=True) == read_package(
        world.ports, livemode=True, grant=grant, performer=person.id
    )


def test_an_ending_is_told_once_it_is_enforced_and_by_whom(
    world: "World", post: "Post", waits: list[float]
) -> None:
    from consent.log.models import Enforcement
    from consent.registry.operations.revoke_grant import revoke_by_operator
    from tests.mail.post import text_of

    person, organization = world.person(), world.organization()
    own, other = world.grant(organization, person).grant, world.grant(organization, person).grant
    assert own is not None and other is not None
    world.submit(person.key.sign(world.about("revocation", own, person.key)))
    assert "You ended it." in text_of(post.the("ended", person, grant=own))
    revoke_by_operator(world.ports, livemode=True, grant=other, actor="desk", reason="planted-reason")
    (row,) = post.rows(person, "ended", grant=other)
    assert Enforcement.objects.get(event_id=row.event_id).enforced_at is None
    waits.clear()
    mail = post.send(row)
    assert waits and Enforcement.objects.get(event_id=row.event_id).enforced_at is not None
    assert "The registry ended it" in text_of(mail) and "planted" not in mail.as_string()
    assert mail["Subject"] == NEUTRAL["ended"]


def test_what_runs_out_or_is_replaced_is_not_called_ended(world: "World", post: "Post") -> None:
    from consent.registry.models import Grant
    from consent.registry.operations.sweep_grants import expire_due
    from tests.registry.terms import terms

    person = world.person()
    grant = world.grant(world.organization(), person, terms()).grant
    world.clock.now = Grant.objects.get(id=grant).valid_until + timedelta(seconds=1)
    while expire_due(world.ports, livemode=True):
        pass
    assert Grant.objects.get(id=grant).state == "expired" and post.rows(person, "ended") == []


def test_a_request_reaches_who_has_an_account_unless_it_was_answered(world: "World", post: "Post") -> None:
    from consent.registry.operations.close_offer import decline_offer
    from consent.server.mail.delivery import deliver
    from tests.mail.post import text_of

    person, organization = world.person(), world.organization("Planted Company")
    offer, answered = world.offer(organization, person), world.offer(organization, person)
    mail = post.the("request", person, offer=offer)
    assert f"https://registry.example/requests/{offer}\n" in text_of(mail)
    assert "Planted Company" in text_of(mail) and mail["Subject"] == NEUTRAL["request"]
    decline_offer(world.ports, livemode=True, performer=person.id, offer=answered)
    (row,) = post.rows(person, "request", offer=answered)
    assert not deliver(post.ports(), row.id)


def test_the_first_check_says_go_on_and_a_recovery_tells_of_every_key(world: "World", post: "Post") -> None:
    from consent.registry.operations.enrol_credential import enrol_credential
    from signing.keys import PrivateKey
    from tests.mail.post import text_of

    person = world.person()
    assert [row.kind for row in post.rows(person)] == ["identity"]
    assert "https://registry.example/home\n" in text_of(post.the("identity", person))
    enrol_credential(
        world.ports,
        livemode=True,
        performer=person.id,
        public_key=PrivateKey.generate().public,
        kind="ed25519",
        label="the found one",
    )
    world.verify(person.id)
    assert sorted(row.kind for row in post.rows(person)) == ["identity", "key_off", "new_key"]
    added, off = post.the("new_key", person), post.the("key_off", person)
    assert (added["Subject"], off["Subject"]) == (NEUTRAL["new_key"], NEUTRAL["key_off"])
    assert "“the found one”" in text_of(added) and "4 December 2026, 09:00 UTC" in text_of(added)
    assert "new check of who you are" in text_of(added) and "“the blue one”" in text_of(off)


def test_every_key_after_the_first_is_told_of_even_at_the_first_check(world: "World", post: "Post") -> None:
    from consent.registry.operations.enrol_credential import enrol_credential
    from signing.keys import PrivateKey

    person = world.person(verified=False)
    enrol_credential(
        world.ports,
        livemode=True,
        performer=person.id,
        public_key=PrivateKey.generate().public,
        kind="ed25519",
        label="the second one",
    )
    world.verify(person.id)
    assert sorted(row.kind for row in post.rows(person)) == ["identity", "new_key"]


def test_a_recovery_that_begins_is_told_of_in_words_that_help_to_stop_it(
    world: "World", post: "Post"
) -> None:
    from django.db import transaction

    from consent.registry.models import Credential
    from consent.registry.notices import notify
    from consent.registry.operations.enrol_credential import enrol_credential
    from signing.keys import PrivateKey
    from tests.mail.post import html_of, text_of

    person = world.person()
    enrol_credential(
        world.ports,
        livemode=True,
        performer=person.id,
        public_key=PrivateKey.generate().public,
        kind="ed25519",
        label="a <new> one",
    )
    waiting = Credential.objects.get(performer=person.id, state="pending")
    with transaction.atomic():
        notify("recovery", livemode=True, performer=person.id, credential=waiting.thumbprint)
    mail = post.the("recovery", person)
    assert mail["Subject"] == NEUTRAL["recovery"]
    assert "“a <new> one”" in text_of(mail) and "“a &lt;new&gt; one”" in html_of(mail)
    for said in (text_of(mail), html_of(mail)):
        assert "Switch the new key off now" in said
        assert "https://registry.example/keys" in said and "https://registry.example/lost-key" in said


def test_a_check_that_does_not_say_eighteen_invites_nobody_to_go_on(world: "World", post: "Post") -> None:
    person = world.person(verified=False)
    world.verify(person.id, over_18=False)
    assert post.rows(person) == []


def test_a_lost_key_gets_its_links_by_mail_and_they_are_kept_nowhere(world: "World", post: "Post") -> None:
    from django.db.models.functions import Now

    from consent.log.models import Outbox
    from consent.registry.notices import send_link_mail
    from consent.server.mail.delivery import deliver
    from tests.mail.post import text_of

    person = world.person()
    origin = world.ports.origin

    def ask(minutes: int) -> Outbox:
        soon = Outbox.objects.annotate(at=Now()).values_list("at", flat=True)[0] + timedelta(minutes=minutes)
        outbox_id = send_link_mail(
            world.ports,
            livemode=True,
            performer=person.id,
            expires_at=soon,
            stop=f"{origin}/stop/planted-token-1",
            recover=f"{origin}/recover/planted-token-2",
        )
        return Outbox.objects.get(id=outbox_id)

    row = ask(15)
    assert b"planted" not in bytes(row.sealed or b"")
    words = text_of(post.send(row))
    assert f"{origin}/stop/planted-token-1\n" in words and f"{origin}/recover/planted-token-2\n" in words
    assert Outbox.objects.get(id=row.id).sealed is None
    late = ask(-1)
    assert not deliver(post.ports(), late.id)
    assert Outbox.objects.get(id=late.id).last_error == "Expired"
    with pytest.raises(ValueError, match="own origin"):
        send_link_mail(
            world.ports,
            livemode=True,
            performer=person.id,
            expires_at=world.clock(),
            stop="https://evil.example/x",
        )


def test_the_test_side_says_so(world: "World", post: "Post") -> None:
    from tests.mail.post import Post, html_of, text_of

    other = world.other_side()
    person = other.person()
    mail = Post(world=other, folder=post.folder).the("identity", person)
    assert text_of(mail).startswith("TEST SIDE: nothing in this message is real.")
    assert "TEST SIDE" in html_of(mail)
    assert "TEST SIDE" not in text_of(post.the("identity", world.person()))


def test_a_notice_shares_the_fate_of_its_transaction(world: "World", post: "Post") -> None:
    from django.db import transaction

    from consent.log.errors import OutsideTransactionError
    from consent.registry.notices import notify

    person = world.person()
    before = len(post.rows(person))
    with pytest.raises(OutsideTransactionError):
        notify("identity", livemode=True, performer=person.id)
    with pytest.raises(RuntimeError), transaction.atomic():
        notify("identity", livemode=True, performer=person.id)
        raise RuntimeError
    assert len(post.rows(person)) == before
    with pytest.raises(ValueError, match="without a secret"):
        notify("link", livemode=True, performer=person.id)


def test_a_repeat_is_the_same_mail(world: "World", post: "Post") -> None:
    from consent.server.mail.compose import compose

    person = world.person()
    world.grant(world.organization(), person)
    (row,) = post.rows(person, "signed")
    once, again = compose(row, post.ports()), compose(row, post.ports())
    assert once["Message-ID"] == f"<{row.id}@registry.example>" and once["Date"] == again["Date"]
    assert once.as_bytes() == again.as_bytes()


def test_lines_are_short_and_flow_on_narrow_screens(world: "World", post: "Post") -> None:
    from tests.mail.post import text_of

    name = "> From the " + "Very " * 30 + "Long Company"
    person = world.person()
    world.offer(world.organization(name), person)
    mail = post.the("request", person)
    part = mail.get_body(("plain",))
    assert part is not None and part.get_param("format") == "flowed"
    lines = str(part.get_content()).splitlines()
    assert max(len(line) for line in lines if "://" not in line) <= 78
    assert not any(line.startswith((">", "From ")) for line in lines)
    assert f"{name} asks for your consent. The request is waiting for you.\n" in text_of(mail)

"""A member's link reaches them by mail, is kept nowhere once it was sent, and is not sent to who was removed."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mail.post import Post
    from tests.registry.world import World

ADDRESS = "kim@northlight.example"


def _invited(world: "World", organization: str) -> tuple[str, str]:
    """A member and their link."""
    from consent.registry.operations.members import add_member
    from consent.registry.operations.renew_member_link import renew_member_link

    member = add_member(
        world.ports,
        livemode=world.livemode,
        organization=organization,
        email=ADDRESS,
        role="producer",
        display_name="Kim Vale",
    )
    token = renew_member_link(world.ports, livemode=world.livemode, organization=organization, member=member)
    return member, f"https://registry.example/m/{token}"


def test_it_brings_the_link_and_forgets_it(world: "World", post: "Post") -> None:
    from consent.log.models import Outbox
    from tests.mail.post import html_of, text_of

    _member, link = _invited(world, world.organization("Planted & Sons <Voices>"))
    row = post.rows(kind="member")[-1]
    assert link.encode() not in bytes(row.sealed or b"")
    mail = post.send(row)
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Your link to come in")
    assert f"{link}\n" in text_of(mail) and f'<a href="{link}">' in html_of(mail)
    assert "Planted &amp; Sons &lt;Voices&gt; lets you act" in html_of(mail)
    after = Outbox.objects.get(id=row.id)
    assert after.sent_at is not None and after.sealed is None and after.record is None


def test_it_is_not_sent_to_who_was_removed_nor_after_its_time(world: "World", post: "Post") -> None:
    from consent.log.models import Outbox
    from consent.registry.operations.members import remove_member
    from consent.server.mail.delivery import deliver

    organization = world.organization()
    member, _link = _invited(world, organization)
    row = post.rows(kind="member")[-1]
    assert row.expires_at == world.clock() + timedelta(days=7)
    _invited(world, organization)
    remove_member(world.ports, livemode=True, organization=organization, member=member)
    assert not deliver(post.ports(), row.id)
    assert Outbox.objects.get(id=row.id).last_error == "MemberRemoved"


def test_a_link_elsewhere_is_not_mailed(world: "World") -> None:
    from consent.registry.notices import send_member_mail

    with pytest.raises(ValueError, match="own origin"):
        send_member_mail(
            world.ports,
            livemode=True,
            member="mem_x",
            link="https://elsewhere.example/m/x",
            expires_at=world.clock(),
        )

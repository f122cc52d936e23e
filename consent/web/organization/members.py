"""Who acts for the organization: listed, invited by a link that works once, removed. Owners only."""

from typing import Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.ids import is_id
from consent.registry.errors import Invalid, LastOwner, NotFound
from consent.registry.models import AccountPasskey, Member
from consent.registry.models.organization import ROLES
from consent.registry.operations.links import LIVES
from consent.registry.operations.members import add_member, remove_member
from consent.registry.operations.renew_member_link import renew_member_link
from consent.web.organization.address import MAX_CHARS, is_address
from consent.web.organization.once import is_first, once
from consent.web.organization.passkeys import listed, switch_off
from consent.web.organization.side import SidePage
from consent.web.organization.words import ROLE_WORDS
from consent.web.sessions import end_sessions

_ROWS: Final = 200
_NAME_CHARS: Final = 200


def members(at: SidePage) -> HttpResponse:
    """Everybody who was not removed."""
    standing = Member.objects.filter(organization_id=at.organization, removed_at=None)
    rows = standing.order_by("created_at", "id")
    keys = AccountPasskey.objects.filter(member__in=standing, blocked_at=None)
    with_key = set(keys.values_list("member_id", flat=True))
    return at.render(
        "members.html",
        here="members",
        rows=[
            {
                "id": row.id,
                "name": row.display_name,
                "role": _(ROLE_WORDS[row.role]),
                "since": row.created_at,
                "has_key": row.id in with_key,
                "me": row.id == at.member.member,
            }
            for row in rows[:_ROWS]
        ],
    )


def invite(at: SidePage) -> HttpResponse:
    """A new member, and the link that lets them in; it is shown in this answer and nowhere else."""
    page = at.page
    if not page.posted:
        return _form(at, {"role": "producer"}, {})
    typed = {
        "name": page.field("name", max_chars=_NAME_CHARS + 1),
        "email": page.field("email", max_chars=MAX_CHARS + 1),
        "role": page.field("role", max_chars=32),
    }
    if not is_first(page, "invite-member"):
        return _form(
            at, typed, {"": _("This form was sent before, or waited too long. Nobody was added now.")}
        )
    if not is_address(typed["email"]):
        return _form(at, typed, {"email": _("Write an e-mail address.")})
    try:
        member = add_member(
            at.ports, **at.acting, email=typed["email"], role=typed["role"], display_name=typed["name"]
        )
    except Invalid as exc:
        field = {"/display_name": "name"}.get(exc.pointer, exc.pointer.strip("/"))
        words = {"name": _("Write a name of 1 to 200 characters."), "role": _("Choose a role.")}
        return _form(at, typed, {field: words.get(field, _("This cannot be kept."))})
    return _link(at, own_member(at, member))


def member(at: SidePage, *, member: str) -> HttpResponse:
    """One member: another link, if the first ran out or a device was lost; and the way out."""
    row = own_member(at, member)
    if at.page.posted and is_first(at.page, "member-link"):
        return _link(at, row)
    return _show(at, row)


def remove(at: SidePage, *, member: str) -> HttpResponse:
    """End a member's part, and everything they have open here."""
    row = own_member(at, member)
    if not at.page.posted:
        return at.to(f"/members/{row.id}")
    try:
        remove_member(at.ports, **at.acting, member=row.id)
    except LastOwner:
        return _show(at, row, error=_("This is the last owner. Invite another owner first."))
    end_sessions(f"member:{row.id}")
    return at.page.to("/sign-in") if row.id == at.member.member else at.to("/members")


def passkey_off(at: SidePage, *, member: str, passkey: int) -> HttpResponse:
    """Switch off a passkey of a member whose device was lost."""
    row = own_member(at, member)
    if at.page.posted:
        switch_off(at, row.id, passkey)
    return at.page.to("/sign-in") if row.id == at.member.member else at.to(f"/members/{row.id}")


def own_member(at: SidePage, member: str) -> Member:
    """A member of this organization who was not removed."""
    rows = Member.objects.filter(organization_id=at.organization, removed_at=None)
    row = rows.filter(id=member).first() if is_id(member, "mem") else None
    if row is None:
        raise NotFound("no such member")
    return row


def _form(at: SidePage, typed: dict[str, str], errors: dict[str, str]) -> HttpResponse:
    return at.render(
        "member_invite.html",
        here="members",
        status=422 if errors else 200,
        typed=typed,
        errors=errors,
        listed=list(errors.items()),
        roles=[(role, _(ROLE_WORDS[role])) for role in ROLES],
        once=once(at.page, "invite-member"),
    )


def _show(at: SidePage, row: Member, *, error: str = "") -> HttpResponse:
    return at.render(
        "member.html",
        here="members",
        status=409 if error else 200,
        row=row,
        role=_(ROLE_WORDS[row.role]),
        me=row.id == at.member.member,
        error=error,
        passkeys=listed(row.id, off=at.address(f"/members/{row.id}/passkeys")),
        once=once(at.page, "member-link"),
    )


def _link(at: SidePage, row: Member) -> HttpResponse:
    token = renew_member_link(at.ports, **at.acting, member=row.id)
    link = f"{at.ports.origin}/m/{token}"
    return at.render("member_link.html", here="members", row=row, link=link, days=LIVES["member"].days)

"""API keys of one side: listed, made, and each with its standing context. A secret is shown once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.ids import is_id
from consent.core.obligations import OBLIGATIONS
from consent.core.purposes import PURPOSES
from consent.core.wire.keys import SCOPES
from consent.registry.answers import enforced, seen
from consent.registry.errors import Invalid, NotFound, StateConflict
from consent.registry.models import ApiKey
from consent.registry.operations.api_keys import (
    CreatedApiKey,
    create_api_key,
    revoke_api_key,
    rotate_api_key,
    set_key_context,
    set_key_limits,
)
from consent.web.organization.key_limits import (
    limit_words,
    limits_from,
    shown_limits,
    typed_limits,
    use_today,
)
from consent.web.organization.once import is_first, once
from consent.web.organization.parts import part_of
from consent.web.organization.roles import scopes_of
from consent.web.organization.side import SidePage
from consent.web.organization.words import OBLIGATION_WORDS, SCOPE_WORDS, options

CONTEXT: Final = ("territory", "language", "purpose", "base_model")
_USUAL_SCOPES: Final = ("check", "receipts")
_OVERLAPS: Final = (0, 3600, 24 * 3600, 7 * 24 * 3600)  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """One key without its secret. `state` is works, expired or off."""

    id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    capabilities: tuple[str, ...]
    context: tuple[tuple[str, str, str], ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    state: str


def keys(at: SidePage) -> HttpResponse:
    """A part of the list, newest first."""
    own = ApiKey.objects.filter(**at.rows)
    part = part_of(own, at.page, own=own, instant="created_at", prefix="key", filters={})
    return at.render(
        "keys.html",
        here="keys",
        rows=[key_line(row, now=at.page.now) for row in part.rows],
        newer=part.newer,
        older=part.older,
    )


def new_key(at: SidePage) -> HttpResponse:
    """The form; what it makes is shown in its answer and nowhere else."""
    page = at.page
    if not page.posted:
        return _form(at, {"scopes": _USUAL_SCOPES, "capabilities": ()}, {})
    limits = typed_limits(page)
    typed: dict[str, Any] = {
        "name": page.field("name", max_chars=101),
        "scopes": page.fields("scopes"),
        "capabilities": page.fields("capabilities"),
        "expires": page.field("expires", max_chars=10),
        **{name: page.field(name, max_chars=500) for name in CONTEXT},
        **limits,
    }
    if not is_first(page, "new-key"):
        return _form(
            at, typed, {"": _("This form was sent before, or waited too long. No key was made now.")}
        )
    if not set(typed["scopes"]) <= scopes_of(at.member.role):
        return _form(
            at, typed, {"scopes": _("Your role does not include this. Ask an owner to make the key.")}
        )
    try:
        created = create_api_key(
            at.ports,
            **at.acting,
            name=typed["name"],
            scopes=typed["scopes"],
            context=_context(typed),
            capabilities=typed["capabilities"],
            expires_at=_end_of(typed["expires"]),
            limits=limits_from(limits),
        )
    except Invalid as exc:
        return _form(at, typed, _errors(exc))
    return _made(at, created)


def key(at: SidePage, *, key: str) -> HttpResponse:
    """One key, and its standing context to change."""
    row = own_key(at, key)
    page = at.page
    if not page.posted:
        return _show(at, row, row.context, {})
    typed = {name: page.field(name, max_chars=500) for name in CONTEXT}
    try:
        written = set_key_context(at.ports, **at.acting, key=row.id, context=_context(typed))
    except Invalid as exc:
        return _show(at, row, typed, _errors(exc))
    if written is not None:
        enforced(written, at.ports)
    return at.to(f"/keys/{row.id}")


def limits(at: SidePage, *, key: str) -> HttpResponse:
    """How much may be asked with a key; told when every check everywhere goes by it."""
    row = own_key(at, key)
    if not at.page.posted:
        return at.to(f"/keys/{row.id}")
    typed = typed_limits(at.page)
    try:
        wanted = limits_from(typed)
        written = set_key_limits(at.ports, **at.acting, key=row.id, change=lambda former: wanted)
    except Invalid as exc:
        return _show(at, row, row.context, _errors(exc), typed)
    if written is not None:
        enforced(written, at.ports)
    return at.to(f"/keys/{row.id}")


def rotate(at: SidePage, *, key: str) -> HttpResponse:
    """A successor with the same powers; the old secret stops at once or after a while."""
    row, page = own_key(at, key), at.page
    if not page.posted or not is_first(page, f"rotate:{row.id}"[:32]):
        return at.to(f"/keys/{row.id}")
    if not set(row.scopes) <= scopes_of(at.member.role):
        return page.render(
            "public/refused.html", status=403, refusal="role"
        )  # its secret opens more than they may
    overlap = page.field("overlap", max_chars=10)
    overlap_s = int(overlap) if overlap.isdecimal() and int(overlap) in _OVERLAPS else 0
    created = rotate_api_key(at.ports, **at.acting, key=row.id, overlap_s=overlap_s)
    enforced(created.written, at.ports)
    return _made(at, created, former=row)


def revoke(at: SidePage, *, key: str) -> HttpResponse:
    """Off for good; told when no check anywhere accepts it."""
    row = own_key(at, key)
    if not at.page.posted:
        return at.render("key_revoke.html", here="keys", row=key_line(row, now=at.page.now))
    try:
        written = revoke_api_key(at.ports, **at.acting, key=row.id)
    except StateConflict:
        event = own_key(at, key).revoked_event
        if event is None:
            raise
        written = seen(event, ports=at.ports)
    enforced(written, at.ports)
    return at.to(f"/keys/{row.id}")


def own_key(at: SidePage, key: str) -> ApiKey:
    """The organization's key on this side; any other answers as one that does not exist."""
    row = ApiKey.objects.filter(**at.rows, id=key).first() if is_id(key, "key") else None
    if row is None:
        raise NotFound("no such key")
    return row


def key_line(row: ApiKey, *, now: datetime) -> KeyLine:
    """A row as pages show it."""
    state = "works"
    if row.revoked_at is not None:
        state = "off"
    elif row.expires_at is not None and row.expires_at <= now:
        state = "expired"
    return KeyLine(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scopes=tuple(row.scopes),
        capabilities=tuple(_(OBLIGATION_WORDS[each]) for each in row.capabilities),
        context=tuple(
            (name, words, row.context[name]) for name, words in context_words() if name in row.context
        ),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        state=state,
    )


def context_words() -> list[tuple[str, str]]:
    """The members of a standing context with their names."""
    return [
        ("territory", _("Place")),
        ("language", _("Language")),
        ("purpose", _("Purpose")),
        ("base_model", _("Base model")),
    ]


def _form(at: SidePage, typed: dict[str, Any], errors: dict[str, str]) -> HttpResponse:
    return at.render(
        "key_new.html",
        here="keys",
        status=422 if errors else 200,
        typed=typed,
        errors=errors,
        listed=list(errors.items()),
        purposes=_purposes(),
        scopes=[
            (scope, _(SCOPE_WORDS[scope]), scope in typed["scopes"])
            for scope in SCOPES
            if scope in scopes_of(at.member.role)
        ],
        capabilities=[
            (name, _(OBLIGATION_WORDS[name]), name in typed["capabilities"]) for name in sorted(OBLIGATIONS)
        ],
        once=once(at.page, "new-key"),
    )


def _show(
    at: SidePage,
    row: ApiKey,
    typed: dict[str, str],
    errors: dict[str, str],
    limits: dict[str, str] | None = None,
) -> HttpResponse:
    return at.render(
        "key.html",
        here="keys",
        status=422 if errors else 200,
        row=key_line(row, now=at.page.now),
        typed=typed,
        limits=limits or shown_limits(row),
        today=use_today(row, at.page),
        errors=errors,
        listed=list(errors.items()),
        purposes=_purposes(),
        scopes=[(scope, _(SCOPE_WORDS.get(scope, scope))) for scope in row.scopes],
        may_replace=set(row.scopes) <= scopes_of(at.member.role),
        overlaps=[
            ("0", _("at once")),
            ("3600", _("after an hour")),
            ("86400", _("after a day")),
            ("604800", _("after a week")),
        ],
        once=once(at.page, f"rotate:{row.id}"[:32]),
    )


def _made(at: SidePage, created: CreatedApiKey, *, former: ApiKey | None = None) -> HttpResponse:
    row = own_key(at, created.id)
    return at.render(
        "key_made.html",
        here="keys",
        row=key_line(row, now=at.page.now),
        secret=created.secret,
        address=at.ports.origin,
        former=None if former is None else key_line(own_key(at, former.id), now=at.page.now),
    )


def _purposes() -> list[tuple[str, str]]:
    return [("", _("none")), *options("purpose", sorted(PURPOSES))]


def _context(typed: dict[str, Any]) -> dict[str, str]:
    """What was filled in; places in capitals, as codes are written."""
    found = {name: str(typed[name]) for name in CONTEXT if typed.get(name)}
    if "territory" in found:
        found["territory"] = found["territory"].upper()
    return found


def _end_of(day: str) -> datetime | None:
    """The end of a day in UTC; None for no day. Invalid if there is none such."""
    if not day:
        return None
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError as exc:
        raise Invalid(pointer="/expires_at", rule="instant", expected="a day", got="another text") from exc


def _errors(exc: Invalid) -> dict[str, str]:
    """Words beside the field at fault."""
    field = (
        exc.pointer.split("/")[-1] if exc.pointer.startswith("/context/") else exc.pointer[1:].split("/")[0]
    )
    words = {
        "name": _("Write a name of 1 to 100 characters."),
        "scopes": _("Choose what the key may do, one thing at least."),
        "capabilities": _("Choose from the list."),
        "expires_at": _("Choose a day that lies ahead."),
        "territory": _("Write one code, such as DE, US-CA or WORLD."),
        "language": _("Write one language code, such as de or pt-BR."),
        "purpose": _("Choose from the list."),
        "base_model": _("Write the model's name, address, or sha256: and its digest."),
        **limit_words(),
    }
    name = {"expires_at": "expires"}.get(field, field)
    return {name: words.get(field, _("This cannot be kept."))}

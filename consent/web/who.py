"""Who is signed in: a performer, a member of an organization, an operator, or somebody who may only stop."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.utils import timezone

from consent.registry.models import Credential, IdentityCheck, Member, Operator
from consent.web.models import Session
from consent.web.sessions import leave, session_id

IDLE = timedelta(hours=2)
LIFE = timedelta(hours=12)  # however busy: then everybody signs in again
_TOUCH = timedelta(minutes=5)
STOP_LIFE_S = 15 * 60  # DESIGN §10


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInPerformer:
    """A performer. `credential` is the thumbprint of the passkey they came in with; `pending` while no identity
    check covers it: they may see what waits, and nothing else. `came_in` is when that passkey opened this
    session; None on the signing origin, where nobody signs in."""

    performer: UUID
    livemode: bool
    credential: str
    pending: bool
    came_in: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInMember:
    """Somebody who acts for an organization, on both of its sides."""

    member: str
    organization: str
    role: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInOperator:
    """Somebody who runs the registry."""

    operator: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOnly:
    """A performer who came by a mailed link, without a key: they can stop, and nothing else."""

    performer: UUID
    livemode: bool


Who = SignedInPerformer | SignedInMember | SignedInOperator | StopOnly
W = TypeVar("W", SignedInPerformer, SignedInMember, SignedInOperator, StopOnly)


def sign_in(session: SessionBase, kind: str, content: dict[str, Any], *, subject: str, at: datetime) -> None:
    """Begin a new session for somebody: what the browser had before is gone, also its cookie.

    One thing stays: whoever is signed in here as something else. An operator may perform, and on a laptop one
    person tries both with one browser. Their own session is kept and named in the new one (`beside`), so that
    ending it ends that too.
    """
    others = dict(session.get("beside", {}))
    before = session.get("who")
    if before is not None and before["kind"] != kind and kind in _BESIDE and before["kind"] in _BESIDE:
        others[before["kind"]] = session_id(session)
        leave(session)
    else:
        session.flush()
    replaced = others.pop(kind, None)
    if kind not in _BESIDE:
        others = {}
    if replaced is not None:
        Session.objects.filter(session_key=replaced).delete()
    if others:
        session["beside"] = others
    session["subject"] = subject
    session["who"] = {"kind": kind, **content}
    session["began"] = session["seen"] = at.timestamp()


def sign_in_performer(
    session: SessionBase, *, performer: UUID, livemode: bool, credential: str, at: datetime
) -> None:
    """A performer came in with a passkey; `credential` is its thumbprint."""
    content = {
        "performer": str(performer),
        "livemode": livemode,
        "credential": credential,
        "came_in": at.timestamp(),
    }
    sign_in(session, "performer", content, subject=performer_subject(performer), at=at)


def performer_content(me: SignedInPerformer) -> dict[str, Any]:
    """How a session names a signed-in performer."""
    return {
        "kind": "performer",
        "performer": str(me.performer),
        "livemode": me.livemode,
        "credential": me.credential,
    }


def sign_in_member(session: SessionBase, *, member: str, at: datetime) -> None:
    """A member of an organization came in with a passkey."""
    sign_in(session, "member", {"member": member}, subject=f"member:{member}", at=at)


def sign_in_operator(session: SessionBase, *, operator: str, at: datetime) -> None:
    """An operator came in with a passkey."""
    sign_in(session, "operator", {"operator": operator}, subject=operator_subject(operator), at=at)


def sign_in_to_stop(session: SessionBase, *, performer: UUID, livemode: bool, at: datetime) -> None:
    """Somebody followed a mailed link: fifteen minutes in which they can stop."""
    content = {"performer": str(performer), "livemode": livemode}
    sign_in(session, "stop", content, subject=performer_subject(performer), at=at)
    session.set_expiry(STOP_LIFE_S)


def performer_subject(performer: UUID) -> str:
    """How sessions name a performer."""
    return f"performer:{performer}"


def operator_subject(operator: str) -> str:
    """How sessions name an operator."""
    return f"operator:{operator}"


def signed_in(session: SessionBase, *, at: datetime) -> Who | None:
    """Whose session it is, if they may still come in; read from the records, not from the session."""
    who = session.get("who")
    if not who:
        return None
    if _is_over(session, at=at):
        session.flush()
        return None
    if _is_stale(session, at=at):
        session["seen"] = at.timestamp()
    found = _FOUND[who["kind"]](who)
    if found is None:
        session.flush()
    return found


def signed_in_beside(session: SessionBase, kind: type[W], *, at: datetime) -> W | None:
    """Somebody of this kind who came in here earlier, before the one whose session it is now. Theirs runs out
    as any other does: that somebody else is busy in this browser keeps nobody signed in."""
    name = next(name for name, of in _BESIDE.items() if of is kind) if kind in _BESIDE.values() else ""
    beside = session.get("beside", {}).get(name)
    row = Session.objects.filter(session_key=beside, expire_date__gt=timezone.now()).first()
    if row is None:
        return None
    content = row.get_decoded()
    if _is_over(content, at=at):
        row.delete()
        return None
    if _is_stale(content, at=at):
        seen = row.get_session_store_class()().encode({**content, "seen": at.timestamp()})
        Session.objects.filter(session_key=row.session_key, session_data=row.session_data).update(
            session_data=seen
        )
    found = _FOUND[name](content["who"])
    return found if isinstance(found, kind) else None


def refused_here(session: SessionBase) -> bool:
    """Whether a performer came in here with a passkey that an examiner could not vouch for. It opens nothing
    any more; what happened may be said to whoever waits in this browser."""
    beside = Session.objects.filter(session_key=session.get("beside", {}).get("performer")).first()
    for content in (session, {} if beside is None else beside.get_decoded()):
        who = content.get("who")
        if who is None or who["kind"] != "performer":
            continue
        key = Credential.objects.filter(
            thumbprint=who["credential"], performer_id=who["performer"], state="blocked", introduced_by=None
        ).first()
        if key is not None and key.blocked_at is not None:
            refusals = IdentityCheck.objects.filter(performer_id=key.performer_id, over_18=False)
            return refusals.filter(recorded_at=key.blocked_at).exists()
    return False


def sessions_beside(session: SessionBase) -> QuerySet[Session]:
    """The sessions of everybody else who is signed in in this browser."""
    return Session.objects.filter(session_key__in=session.get("beside", {}).values())


def _is_over(content: SessionBase | dict[str, Any], *, at: datetime) -> bool:
    """Whether nobody did anything for long, or it began too long ago."""
    now = at.timestamp()
    who = content.get("who") or {}
    life = STOP_LIFE_S if who.get("kind") == "stop" else LIFE.total_seconds()
    idle = now - float(content.get("seen", 0)) > IDLE.total_seconds()
    return idle or now - float(content.get("began", 0)) >= life


def _is_stale(content: SessionBase | dict[str, Any], *, at: datetime) -> bool:
    return at.timestamp() - float(content.get("seen", 0)) > _TOUCH.total_seconds()


def _performer(who: dict[str, Any]) -> Who | None:
    key = Credential.objects.filter(thumbprint=who["credential"], performer_id=who["performer"]).first()
    if key is None or key.state == "blocked":
        return None
    return SignedInPerformer(
        performer=UUID(who["performer"]),
        livemode=bool(who["livemode"]),
        credential=who["credential"],
        pending=key.state == "pending",
        came_in=datetime.fromtimestamp(who["came_in"], tz=UTC) if "came_in" in who else None,
    )


def _member(who: dict[str, Any]) -> Who | None:
    row = Member.objects.filter(id=who["member"], removed_at=None).first()
    if row is None:
        return None
    return SignedInMember(
        member=row.id, organization=row.organization_id, role=row.role, display_name=row.display_name
    )


def _operator(who: dict[str, Any]) -> Who | None:
    row = Operator.objects.filter(id=who["operator"], removed_at=None).first()
    return None if row is None else SignedInOperator(operator=row.id, display_name=row.display_name)


def _stop(who: dict[str, Any]) -> Who | None:
    return StopOnly(performer=UUID(who["performer"]), livemode=bool(who["livemode"]))


_BESIDE: dict[str, type[Who]] = {
    "performer": SignedInPerformer,
    "member": SignedInMember,
    "operator": SignedInOperator,
}
_FOUND = {"performer": _performer, "member": _member, "operator": _operator, "stop": _stop}

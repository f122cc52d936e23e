"""Who is signed in: a performer, a member of an organization, an operator, or somebody who may only stop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.utils import timezone

from consent.registry.models import Credential, Member, Operator
from consent.web.models import Session
from consent.web.sessions import leave, session_id

IDLE = timedelta(hours=2)
_TOUCH = timedelta(minutes=5)
STOP_LIFE_S = 15 * 60  # DESIGN §10


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInPerformer:
    """A performer. `credential` is the thumbprint of the passkey they came in with; `pending` while no identity
    check covers it: they may see what waits, and nothing else."""

    performer: UUID
    livemode: bool
    credential: str
    pending: bool


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
    session["seen"] = at.timestamp()


def sign_in_performer(
    session: SessionBase, *, performer: UUID, livemode: bool, credential: str, at: datetime
) -> None:
    """A performer came in with a passkey; `credential` is its thumbprint."""
    content = {"performer": str(performer), "livemode": livemode, "credential": credential}
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
    if at.timestamp() - float(session.get("seen", 0)) > IDLE.total_seconds():
        session.flush()
        return None
    if at.timestamp() - float(session["seen"]) > _TOUCH.total_seconds():
        session["seen"] = at.timestamp()
    found = _FOUND[who["kind"]](who)
    if found is None:
        session.flush()
    return found


def signed_in_beside(session: SessionBase, kind: type[W]) -> W | None:
    """Somebody of this kind who came in here earlier, before the one whose session it is now."""
    name = next(name for name, of in _BESIDE.items() if of is kind) if kind in _BESIDE.values() else ""
    beside = session.get("beside", {}).get(name)
    row = Session.objects.filter(session_key=beside, expire_date__gt=timezone.now()).first()
    if row is None:
        return None
    found = _FOUND[name](row.get_decoded()["who"])
    return found if isinstance(found, kind) else None


def sessions_beside(session: SessionBase) -> QuerySet[Session]:
    """The sessions of everybody else who is signed in in this browser."""
    return Session.objects.filter(session_key__in=session.get("beside", {}).values())


def _performer(who: dict[str, Any]) -> Who | None:
    key = Credential.objects.filter(thumbprint=who["credential"], performer_id=who["performer"]).first()
    if key is None or key.state == "blocked":
        return None
    return SignedInPerformer(
        performer=UUID(who["performer"]),
        livemode=bool(who["livemode"]),
        credential=who["credential"],
        pending=key.state == "pending",
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

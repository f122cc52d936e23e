"""The console: ask as a program would, and see why. It decides by the very rules of `/v1/check`.

It counts nothing, keeps nothing and signs no receipt, so that trying costs nothing and proves nothing.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.asked import Asked
from consent.core.complete import StandingContext, complete
from consent.core.content import TIERS
from consent.core.explain import Explanation, explain
from consent.core.ids import is_id
from consent.core.modalities import MODALITIES
from consent.core.purposes import FLAGS, PURPOSES
from consent.core.uses import USES
from consent.core.wire.decode import decode_check
from consent.core.wire.errors import WireError
from consent.registry.facts import snapshot
from consent.registry.models import ApiKey
from consent.web.organization.keys import key_line, own_key
from consent.web.organization.parts import asked as asked_for
from consent.web.organization.question import ALL, command_line, curl, question_of, typed_question
from consent.web.organization.side import SidePage
from consent.web.organization.words import OBLIGATION_WORDS, options, reason_words, use_words

_KEYS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One limit of a line, and what it said; `reason` is empty where it lets the question through."""

    kind: str
    reason: str
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTree:
    """A line of a grant. `judged` is empty for one that says nothing about the use asked."""

    id: str
    uses: tuple[str, ...]
    judged: tuple[Judged, ...]
    allows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTree:
    """A grant that was looked at. `own`: its page can be opened."""

    id: str
    state: str
    lines: tuple[LineTree, ...]
    own: bool


def console(at: SidePage) -> HttpResponse:
    """The form, and under it the answer to what was asked."""
    page = at.page
    if not page.posted:
        blank = dict.fromkeys(ALL, "")
        asked_about = {"performer": asked_for(page, "performer"), "use": asked_for(page, "use")}
        return _show(at, {**blank, "use": "train.voice", **{k: v for k, v in asked_about.items() if v}})
    typed = typed_question(page)
    key = page.field("key", max_chars=64)
    row = own_key(at, key) if key else None
    question = question_of(typed)
    try:
        request = decode_check(json.dumps(question).encode())
        if isinstance(request.on_behalf_of, str) and not is_id(request.on_behalf_of, "org"):
            raise WireError(
                "/on_behalf_of", "reference", "org_… as it was given", "another text", "reference_invalid"
            )
        context = StandingContext.from_json({} if row is None else row.context)
        asked = complete(request, context, caller=at.organization)
    except WireError as exc:
        return _show(at, typed, key=key, errors={_field(exc): _fault(exc)})
    return _show(at, typed, key=key, answer=_answer(at, asked, row, question))


def _answer(at: SidePage, asked: Asked, key: ApiKey | None, question: dict[str, Any]) -> dict[str, Any]:
    """The decision and how it came about, in words."""
    began = time.perf_counter()
    capabilities = frozenset() if key is None else frozenset(key.capabilities)
    with snapshot(at.livemode, at.ports) as snap:
        facts = snap.facts([asked], capabilities=capabilities)[0]
    found = explain(asked, facts, snap.at)
    took_ms = (time.perf_counter() - began) * 1000
    decision = found.decision
    return {
        "allowed": decision.allowed,
        "took": _("decided in %(ms)s ms") % {"ms": f"{took_ms:.1f}"},
        "reasons": [(reason.value, reason_words(reason.value)) for reason in decision.reasons],
        "missing": decision.missing,
        "next": decision.next_step or "",
        "grants": decision.grants,
        "obligations": [_(OBLIGATION_WORDS[each]) for each in decision.obligations],
        "counted": bool(decision.claims),
        "asked": [(name, _said(value)) for name, value in asked.to_json().items()],
        "tree": _tree(found, own=asked.on_behalf_of in (None, at.organization)),
        "curl": curl(question, origin=at.ports.origin),
        "command": command_line(question),
    }


def _tree(found: Explanation, *, own: bool) -> list[GrantTree]:
    judged: dict[tuple[str, str], list[Judged]] = {}
    for each in found.constraints:
        judged.setdefault((each.grant, each.line), []).append(
            Judged(kind=each.constraint, reason=each.reason or "", missing=each.missing or "")
        )
    trees = []
    for grant in found.grants:
        known = {line["id"]: line["uses"] for line in (grant.terms or {}).get("lines", ())}
        names = list(known) or [line for of, line in judged if of == grant.grant]
        trees.append(
            GrantTree(
                id=grant.grant,
                state=grant.state,
                lines=tuple(
                    _line(name, known.get(name, ()), judged.get((grant.grant, name), [])) for name in names
                ),
                own=own,
            )
        )
    return trees


def _line(name: str, uses: Any, judged: list[Judged]) -> LineTree:
    return LineTree(
        id=name,
        uses=tuple(use_words(use) for use in uses),
        judged=tuple(judged),
        allows=bool(judged) and not any(each.reason for each in judged),
    )


def _said(value: Any) -> str:
    """A member of the question as JSON writes it, but for the quotes around a word."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _field(exc: WireError) -> str:
    """The form's field that is at fault; what is wrong with the whole is that it names nobody."""
    return exc.pointer.split("/")[1] if exc.pointer else "performer"


def _fault(exc: WireError) -> str:
    if exc.code == "selector_missing":
        return _("Say whom you ask about.")
    said = _("Expected %(expected)s. Here is %(got)s.")
    return said % {"expected": exc.expected, "got": exc.got or _("nothing")}


def _show(
    at: SidePage,
    typed: dict[str, str],
    *,
    key: str = "",
    errors: dict[str, str] | None = None,
    answer: dict[str, Any] | None = None,
) -> HttpResponse:
    now = at.page.now
    works = Q(expires_at=None) | Q(expires_at__gt=now)
    keys = ApiKey.objects.filter(works, **at.rows, revoked_at=None).order_by("-created_at", "id")[:_KEYS]
    lines = [key_line(row, now=now) for row in keys]
    chosen = key or (lines[0].id if lines and not at.page.posted else "")
    errors = errors or {}
    yes_no = [("", _("not said")), ("yes", _("yes")), ("no", _("no"))]
    return at.render(
        "console.html",
        here="console",
        status=422 if errors else 200,
        typed=typed,
        errors=errors,
        listed=list(errors.items()),
        answer=answer,
        key=chosen,
        keys=[("", _("none: no context, no promises")), *((each.id, _key_words(each)) for each in lines)],
        uses=[(use, f"{use} · {use_words(use)}") for use in USES if not USES[use].reserved],
        purposes=[("", _("not said")), *options("purpose", sorted(PURPOSES))],
        tiers=[("", _("not said: general")), *options("tier", TIERS)],
        modalities=[("", _("follows from the use")), *((each, each) for each in MODALITIES)],
        scopes=[
            ("", _("not said: anybody")),
            ("public", _("anybody")),
            ("identified_customers", _("customers known by name")),
            ("internal", _("only inside the company")),
        ],
        yes_no=yes_no,
        flags=[(name, words, bool(typed[name])) for name, words in options("flag", FLAGS)],
        open_more=any(typed[name] for name in ("modality", "themes", "adult_terms", "on_behalf_of", *FLAGS)),
    )


def _key_words(line: Any) -> str:
    context = ", ".join(value for _name, _words, value in line.context)
    return f"{line.name} ({line.hint}…)" + (f" · {context}" if context else "")

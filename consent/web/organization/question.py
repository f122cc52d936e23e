"""A question as the console's form asks it, and the command lines that ask the same."""

import json
import shlex
from collections.abc import Mapping
from typing import Any, Final

from consent.core.purposes import FLAGS
from consent.core.request_forms import EXTERNAL
from consent.web.page import Page

_MAX_CHARS: Final = 500
TEXTS: Final = (
    "use", "modality", "territory", "language", "purpose", "base_model", "content_tier", "end_user_scope",
    "on_behalf_of",
)  # fmt: skip
LISTS: Final = ("themes", "adult_terms", "source_material")
SWITCHES: Final = ("commercial", "end_user_age_assured")
ALL: Final = ("performer", "quantity", *TEXTS, *LISTS, *SWITCHES, *FLAGS)


def typed_question(page: Page) -> dict[str, str]:
    """The form's fields as they were typed."""
    return {name: page.field(name, max_chars=_MAX_CHARS) for name in ALL}


def question_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """The body of `POST /v1/check` that the form says; what is left empty is not asked."""
    asked: dict[str, Any] = {}
    performer = typed["performer"]
    if performer:
        known = performer.startswith(("prf_", EXTERNAL))
        asked["performer"] = performer if known else f"{EXTERNAL}{performer}"
    asked.update({name: typed[name] for name in TEXTS if typed[name]})
    if "territory" in asked:
        asked["territory"] = asked["territory"].upper()
    asked.update({name: typed[name].replace(",", " ").split() for name in LISTS if typed[name]})
    asked.update({name: typed[name] == "yes" for name in SWITCHES if typed[name]})
    asked.update({name: True for name in FLAGS if typed[name]})
    if typed["quantity"]:
        quantity = typed["quantity"]
        asked["quantity"] = int(quantity) if quantity.isascii() and quantity.isdecimal() else quantity
    return asked


def curl(question: Mapping[str, Any], *, origin: str) -> str:
    """The same question by HTTP."""
    body = json.dumps(question, ensure_ascii=False)
    return (
        f"curl {shlex.quote(origin + '/v1/check')} \\\n"
        '  -H "Authorization: Bearer $CONSENT_API_KEY" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(body)}"
    )


def command_line(question: Mapping[str, Any]) -> str:
    """The same question by the command line."""
    parts = ["consent", "check"]
    for name, value in question.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            parts.append(flag)
        elif value is False:
            parts.append("--no-" + name.replace("_", "-"))
        elif isinstance(value, list):
            for each in value:
                parts += [flag, shlex.quote(str(each))]
        else:
            parts += [flag, shlex.quote(str(value))]
    return " ".join(parts)

"""The names by which an organization may ask about people, a page at a time in their order: for reading ahead."""

from typing import Final

from consent.log.prepared import Rows, Statement
from consent.registry.known_performers import EXTERNAL

# Both go by the index of the column's uniqueness, whatever the table's size.
_PAGES: Final = {
    "reference": """
SELECT r.reference FROM registry_pairwisereference r
WHERE r.organization_id = %(organization)b AND r.livemode = %(side)b AND r.reference > %(after)b
ORDER BY r.reference LIMIT %(page)b::int
""",
    "external": """
SELECT x.external_id FROM registry_externalid x
WHERE x.organization_id = %(organization)b AND x.livemode = %(side)b AND x.external_id > %(after)b
ORDER BY x.external_id LIMIT %(page)b::int
""",
}


def kind_of_name(value: str) -> str:
    """Which of an organization's names this is: "external", its own; or "reference", one that it was given."""
    return "external" if value.startswith(EXTERNAL) else "reference"


def page_of_names(organization: str, kind: str, *, livemode: bool, after: str, page: int) -> Statement:
    """What to ask the database about the `page` names after `after`, "" for the first; `names_of_page` reads it."""
    values = {
        "organization": organization,
        "side": livemode,
        "after": after.removeprefix(EXTERNAL),
        "page": page,
    }
    return _PAGES[kind], values


def names_of_page(rows: Rows, kind: str) -> list[str]:
    """The names as a question says them."""
    own = EXTERNAL if kind == "external" else ""
    return [own + value for (value,) in rows]

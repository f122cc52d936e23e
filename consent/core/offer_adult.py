"""Adult tiers in offers: listed, counted, with partners named and ages assured (DECIDING 6, 11, 12).

What was published of them is taken down when the consent ends (law page B.7).
"""

from consent.core import content
from consent.core.lines import Line, named_uses
from consent.core.needs import COUNTERS
from consent.core.offer_fault import OfferFault
from consent.core.term_error import TermError
from consent.core.uses import OUTPUT, USES


def check_adult(line: Line, pointer: str, published: object) -> list[OfferFault]:
    """Every fault of a line in these matters; `published` is the terms' `on_end.published`."""
    faults: list[OfferFault] = []
    place = f"{pointer}/constraints"
    end_users = line.tagged.get("end_users")
    assured = end_users is not None and end_users.age_assured
    purposes = line.purposes or frozenset()
    reaches_people = any(USES[use].family in OUTPUT for use in named_uses(line))
    needs_age = "infer.chat-persona" in line.uses or ("companion" in purposes and reaches_people)
    if (needs_age or line.adult) and not assured:
        expected = "end_users with age_assured true; it cannot be waived"
        faults.append(_fault(place, "age_assured", expected, "no age assurance", "age_assurance_waived"))
    if not line.adult:
        return faults
    if COUNTERS.isdisjoint(line.tagged):
        expected = "max_outputs or rate: adult tiers are counted"
        faults.append(_fault(place, "counter_needed", expected, "no counter", "constraint_missing"))
    if published != "unpublish" and any(USES[use].family == "publish" for use in named_uses(line)):
        expected = "unpublish: adult content is taken down when consent ends"
        faults.append(_fault("/on_end/published", "adult_unpublish", expected, published, "on_end_invalid"))
    return faults + _check_listed(line, pointer)


def _check_listed(line: Line, pointer: str) -> list[OfferFault]:
    """Each adult tier by itself, none above the line's, and partners that the tiers can have."""
    faults: list[OfferFault] = []
    place = f"{pointer}/constraints"
    adult_terms = line.tagged.get("adult_terms")
    rank = line.rank or 0
    top = content.TIERS[rank]
    if adult_terms is None:
        expected = "adult_terms, listing each adult tier and the scene partners"
        faults.append(_fault(place, "adult_listed", expected, "nothing", "constraint_missing"))
        return faults
    if rank < content.ADULT_RANK or top not in adult_terms.terms:
        expected = "an adult content_max, itself listed in adult_terms"
        faults.append(_fault(f"{pointer}/content_max", "adult_listed", expected, top, "adult_terms_invalid"))
    elif content.implied_rank(adult_terms.terms) > rank:
        expected = f"no term above the tier {top}"
        got = ", ".join(sorted(adult_terms.terms))
        faults.append(_fault(place, "adult_within_tier", expected, got, "adult_terms_invalid"))
    if content.PARTNERED in adult_terms.terms and adult_terms.scene_partners == "none":
        expected = "consenting_registered or synthetic_only for explicit-partnered"
        faults.append(_fault(place, "scene_partners", expected, "none", "adult_terms_invalid"))
    return faults


def _fault(pointer: str, rule: str, expected: str, got: object, code: str) -> OfferFault:
    return OfferFault.of(TermError(pointer, rule, expected, got), code)

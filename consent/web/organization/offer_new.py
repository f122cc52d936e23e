"""A new request: choose what it is about, fill in a form, or paste the terms as JSON."""

from datetime import timedelta
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.obligations import OBLIGATIONS
from consent.core.purposes import PURPOSES
from consent.registry.errors import Invalid, NotFound, OfferInvalid
from consent.registry.offer_terms import require_offerable
from consent.registry.operations.draft_offer import draft_offer
from consent.web.organization.offer_form import (
    NEVER,
    TEXT_CHARS,
    Typed,
    chosen_cards,
    fault_words,
    field_of,
    terms_of,
)
from consent.web.organization.offers import own_offer
from consent.web.organization.once import is_first, once
from consent.web.organization.parts import asked
from consent.web.organization.recipes import RECIPES, Recipe
from consent.web.organization.side import SidePage
from consent.web.organization.words import OBLIGATION_WORDS, options

_USUAL_TERM: Final = timedelta(days=2 * 365)
Errors = dict[str, str]


def choose(at: SidePage) -> HttpResponse:
    """What the request is about."""
    replaces = asked(at.page, "replaces")
    return at.render(
        "offer_choose.html",
        here="offers",
        recipes=[(each.template, _(each.title), _(each.words)) for each in RECIPES.values()],
        replaces=own_offer(at, replaces).id if replaces else "",
    )


def new_offer(at: SidePage, *, template: str) -> HttpResponse:
    """The form of one consent text; a draft comes out, which nobody else sees."""
    recipe, page = RECIPES.get(template), at.page
    if recipe is None:
        raise NotFound("no such template")
    if not page.posted:
        replaces = asked(page, "replaces")
        starts = page.now.date() + timedelta(days=1)
        blank = Typed.blank(recipe, starts=str(starts), ends=str(starts + _USUAL_TERM))
        values = {**blank.values, "replaces": own_offer(at, replaces).id if replaces else ""}
        return _form(at, recipe, Typed(values=values, chosen=blank.chosen), {})
    typed = Typed.of(page, recipe)
    if not is_first(page, "new-offer"):
        return _form(
            at, recipe, typed, {"": _("This form was sent before, or waited too long. Send it once more.")}
        )
    terms = terms_of(typed, recipe)
    offer, errors = _draft(at, typed, recipe, terms)
    return _form(at, recipe, typed, errors) if errors else at.to(f"/offers/{offer}")


def _draft(at: SidePage, typed: Typed, recipe: Recipe, terms: dict[str, Any]) -> tuple[str, Errors]:
    """The draft's id, or what is wrong beside each field, everything at once."""
    own = _own_faults(typed, recipe)
    replaces = typed.values["replaces"]
    try:
        if own:
            require_offerable(terms, livemode=at.livemode, at=at.page.now)
            return "", own
        offer = draft_offer(
            at.ports,
            **at.own,
            terms=terms,
            performer=performer_of(typed.values["performer"]),
            performer_name=typed.values["performer_name"],
            replaces=own_offer(at, replaces).id if replaces else None,
        )
    except OfferInvalid as exc:
        return "", {**_errors(exc, typed, recipe, terms), **own}
    except NotFound as exc:
        if exc.pointer != "/performer":
            raise
        return "", {"performer": not_known()}
    except Invalid as exc:
        return "", {exc.pointer.strip("/"): fault_words(exc.rule, exc.expected, exc.got)}
    return offer, {}


def performer_of(text: str) -> str | None:
    """A reference as it is; anything else is the organization's own name for somebody."""
    if not text:
        return None
    return text if text.startswith(("prf_", "external_id:")) else f"external_id:{text}"


def not_known() -> str:
    """Somebody unknown and somebody of another company read alike."""
    return _("You know nobody by this name or reference. Leave it empty to invite somebody.")


def _own_faults(typed: Typed, recipe: Recipe) -> Errors:
    """What the rules of offers allow, or tell only when all else is right."""
    errors = {
        f"limit_{card.id}": _("Write a number.")
        for card in chosen_cards(typed, recipe)
        if card.counted and not typed.limits.get(card.id)
    }
    if set(typed.chosen["never"]) & set(typed.chosen["purposes"]):
        errors["never"] = _("You ask for this above, and rule it out here. Choose one.")
    return errors


def _errors(exc: OfferInvalid, typed: Typed, recipe: Recipe, terms: dict[str, Any]) -> Errors:
    """The first fault of each field."""
    cards = chosen_cards(typed, recipe)
    errors: Errors = {}
    for pointer, rule, expected, got in exc.faults:
        errors.setdefault(field_of(pointer, expected, cards, terms), fault_words(rule, expected, got))
    return errors


def _form(at: SidePage, recipe: Recipe, typed: Typed, errors: Errors) -> HttpResponse:
    chosen = typed.chosen
    return at.render(
        "offer_new.html",
        here="offers",
        status=422 if errors else 200,
        recipe=recipe,
        title=_(recipe.title),
        typed=typed.values,
        errors=errors,
        listed=[(name, _named(name, recipe, words)) for name, words in errors.items()],
        cards=[
            {
                "id": card.id,
                "title": _(card.title),
                "on": card.id in chosen.get("cards", ()),
                "text_name": f"text_{card.id}",
                "text": typed.texts.get(card.id, ""),
                "text_error": errors.get(f"text_{card.id}", ""),
                "limit_name": f"limit_{card.id}",
                "limit": typed.limits.get(card.id, ""),
                "limit_error": errors.get(f"limit_{card.id}", ""),
                "counted": card.counted,
                "initials": card.initials,
                "uses": card.uses,
            }
            for card in recipe.cards
        ],
        text_chars=TEXT_CHARS,
        purposes=_boxes(options("purpose", sorted(PURPOSES)), chosen.get("purposes", ())),
        never=_boxes(options("purpose", NEVER), chosen.get("never", ())),
        obligations=_boxes(
            [(name, _(OBLIGATION_WORDS[name])) for name in sorted(OBLIGATIONS)], chosen.get("obligations", ())
        ),
        scopes=[
            ("public", _("anybody")),
            ("identified_customers", _("customers whom we know by name")),
            ("internal", _("only people in our company")),
        ],
        pays=[("paid", _("paid")), ("revshare", _("a share of what we earn")), ("unpaid", _("unpaid"))],
        published=[("keep", _("what was shown or sold may stay")), ("unpublish", _("we take it down"))],
        models=[
            ("delete", _("we delete the copy")),
            ("quarantine", _("we lock the copy away")),
            ("retain_no_use", _("we keep the copy and do not use it")),
        ],
        once=once(at.page, "new-offer"),
    )


def _boxes(listed: list[tuple[str, str]], chosen: Any) -> list[tuple[str, str, bool]]:
    return [(code, words, code in chosen) for code, words in listed]


def _named(name: str, recipe: Recipe, words: str) -> str:
    """A fault in the list above the form, with the card that it is about."""
    kind, _sep, card_id = name.partition("_")
    if kind in ("text", "limit"):
        title = next((card.title for card in recipe.cards if card.id == card_id), "")
        return f"{_(title)}: {words}" if title else words
    labels = {
        "cards": _("What you ask for"),
        "purposes": _("For"),
        "never": _("Never for"),
        "territory": _("Where"),
        "languages": _("Languages"),
        "base_models": _("Base models"),
        "end_users": _("Who may use or see it"),
        "starts": _("Begins"),
        "ends": _("Ends"),
        "performer": _("Whom you ask"),
        "performer_name": _("Stage name"),
        "title": _("Project"),
        "ref": _("Number"),
        "model_days": _("Within how many days"),
    }
    return f"{labels[name]}: {words}" if name in labels else words

"""Before a performer's key signs: is this body the offer that was read, and is the text its text?

The registry prepares the body, so nothing in it is believed. Every member is either held against the offer that
the performer read, against what they chose, or is one that cannot widen what is granted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from consent.client.errors import RefusedToSign
from consent.core.consent_text import load_template, render_text
from consent.core.markdown import TextError
from consent.core.offer_expansion import in_language
from consent.core.term_error import TermError
from consent.core.wire.offers import OfferForPerformer, PreparedGrant
from signing.bodies import check_body
from signing.canonical import canonicalize, sha256_hex
from signing.errors import SigningError

# Members of a grant's body that the offer's terms do not state (SHAPES "Statement bodies").
_FRAME = frozenset(
    {
        "schema", "id", "livemode", "performer", "performer_name", "credential", "licensee", "recipients",
        "offer", "template", "attestations", "nonce",
    }
)  # fmt: skip
_TERMS = frozenset(
    {
        "project", "lines", "prohibitions", "obligations", "valid_from", "valid_until", "on_end",
        "compensation", "posthumous", "exclusive", "representation", "replaces_in_person_work", "supersedes",
    }
)  # fmt: skip


def check_prepared(
    prepared: PreparedGrant,
    *,
    offer: OfferForPerformer,
    expected_credential: str,
    expected_language: str,
    expected_performer_name: str | None,
) -> None:
    """Refuse a prepared body that is not exactly this offer, for this key, in this language.

    Raises:
        RefusedToSign: naming the first member that differs; nothing was signed.
    """
    body = prepared.body
    _check_form(body)
    text_sha256 = sha256_hex(prepared.text.encode("utf-8"))
    _same("id", body.get("id"), prepared.grant)
    _same("livemode", body.get("livemode"), offer.livemode)
    _same("offer", body.get("offer"), offer.id)
    _same("performer", body.get("performer"), offer.performer)
    _same("credential", body.get("credential"), expected_credential)
    name = expected_performer_name if expected_performer_name is not None else offer.performer_name
    if name is not None:
        _same("performer_name", body.get("performer_name"), name)
    sender = offer.licensee
    _same(
        "licensee",
        body.get("licensee"),
        {
            "id": sender.id,
            "legal_name": sender.legal_name,
            "country": sender.country,
            "contact": sender.contact,
        },
    )
    _same("text", prepared.text_sha256, text_sha256)
    template = body.get("template")
    stated = offer.terms.get("template")
    wanted = dict(stated) if isinstance(stated, dict) else {}
    _same("template", template, {**wanted, "language": expected_language, "text_sha256": text_sha256})
    _check_terms(body, offer.terms, expected_language)
    _check_text(prepared.text, body)
    if unknown := sorted(body.keys() - _FRAME - _TERMS):
        raise RefusedToSign(
            f"the body has a member that no offer states: {unknown[0][:60]}; nothing was signed"
        )


def needs_initials(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the lines that must be initialled one by one (DECIDING 3)."""
    lines = body.get("lines", [])
    return tuple(str(line["id"]) for line in lines if line.get("initials") is True)


def _check_form(body: dict[str, Any]) -> None:
    """A body of another kind is never signed as a grant, nor one that verifiers would refuse."""
    try:
        kind = check_body(body)
    except SigningError as exc:
        raise RefusedToSign(f"the body is not one that may be signed: {exc}; nothing was signed") from exc
    if kind != "grant":
        raise RefusedToSign(f"expected the body of a grant, got that of a {kind}; nothing was signed")


def _check_terms(body: Mapping[str, Any], terms: Mapping[str, Any], language: str) -> None:
    try:
        expected = in_language(terms, language=language)
    except (TermError, KeyError, TypeError, AttributeError) as exc:
        raise RefusedToSign(
            f"the offer's terms cannot be read in {language}: {exc}; nothing was signed"
        ) from exc
    for name in sorted(_TERMS):
        _same(name, body.get(name), expected.get(name))
    _same("recipients", _named(body.get("recipients")), _named(expected.get("recipients")))


def _check_text(text: str, body: Mapping[str, Any]) -> None:
    """The text shown is the one that this body has: rendered here, from the templates of this very package."""
    template = body["template"]
    try:
        source = load_template(template["id"], template["version"], template["language"])
        expected = render_text(source, body=body)
    except (TextError, KeyError, TypeError) as exc:
        raise RefusedToSign(
            f"this client cannot render the text of template {_brief(template)}: {exc}; update it; nothing was signed"
        ) from exc
    if text.encode("utf-8") != expected:
        raise RefusedToSign("text: what was shown is not the text that this body has; nothing was signed")


def _named(recipients: object) -> Sequence[tuple[object, object]]:
    """Recipients by id and role: the registry adds their legal names."""
    if recipients is None:
        return []
    if not isinstance(recipients, list) or not all(isinstance(each, dict) for each in recipients):
        raise RefusedToSign("the body's recipients are no list; nothing was signed")
    return sorted((str(each.get("id")), str(each.get("role"))) for each in recipients)


def _same(what: str, got: object, expected: object) -> None:
    """Equal as canonical JSON: true is not 1, and order matters only where lists have one."""
    try:
        equal = canonicalize({"value": got}) == canonicalize({"value": expected})  # type: ignore[dict-item]
    except SigningError as exc:
        raise RefusedToSign(f"{what} has no canonical form: {exc}; nothing was signed") from exc
    if not equal:
        raise RefusedToSign(
            f"{what}: the offer that was read says {_brief(expected)}, the body to sign says {_brief(got)}; "
            "nothing was signed"
        )


def _brief(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 160 else text[:160] + "…"

"""An offer goes out: to a performer the organization knows, or with an invitation code."""

from dataclasses import dataclass
from datetime import timedelta

from consent.core.ids import new_id
from consent.core.languages import is_language_tag
from consent.log.transaction import history_transaction
from consent.registry.errors import DescriptionLanguageMissing, Invalid, StateConflict
from consent.registry.history import by, offer_event
from consent.registry.invitation_code import code_digest, new_code
from consent.registry.locks import lock_offer, lock_performer, lock_side
from consent.registry.models import Invitation, Offer
from consent.registry.notices import notify, send_invitation_mail
from consent.registry.offer_terms import languages_of, require_offerable
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import from_bytes

INVITATION_LIFE = timedelta(days=14)  # DESIGN §2
EMAIL_PURPOSE = "invitation-email"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """For a person without a reference: in which language, and where it is mailed, if anywhere."""

    language: str
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSent:
    """`code` is told once; only its digest is kept."""

    offer: str
    invitation: str | None = None
    code: str | None = None

    def __repr__(self) -> str:
        return f"OfferSent({self.offer})"


def send_offer(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    offer: str,
    invitation: NewInvitation | None = None,
    actor: str | None = None,
) -> OfferSent:
    """Send a draft. One that names a performer goes to them; otherwise `invitation` is needed.

    `actor` is the account of the member who sent it.

    Raises:
        NotFound: no such offer.
        StateConflict: it was sent already.
        Invalid: both or neither of a performer and an invitation; no such language.
        OfferInvalid: its terms can no longer be offered (an end that has come too near).
        DescriptionLanguageMissing: a line has no text in the invitation's language.
    """
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        seen = Offer.objects.filter(id=offer, organization_id=organization, livemode=livemode).first()
        to = None if seen is None else seen.performer_id
        person = None if to is None else lock_performer(to, livemode=livemode)
        row = lock_offer(offer, livemode=livemode, organization=organization)
        now = ports.clock()
        if row.state != "draft" or row.performer_id != to:
            raise StateConflict("only a draft is sent", expected="draft", got=row.state)
        if (person is None) == (invitation is None):
            expected = "an invitation, because the offer names no performer"
            if person is not None:
                expected = "no invitation, because the offer names a performer"
            raise Invalid(pointer="/invitation", rule="one_of", expected=expected, got="the other")
        terms = require_offerable(from_bytes(row.terms), livemode=livemode, at=now)
        Offer.objects.filter(id=offer, state="draft").update(state="offered", sent_at=now)
        sent = OfferSent(offer=offer)
        if invitation is not None:
            sent = _invite(ports, row, invitation, languages_of(terms))
        said = {} if sent.invitation is None else {"invitation": sent.invitation}
        event = tx.append(offer_event("offer.sent", row, {**said, **by(actor)}, performer=person))
        if person is not None:
            notify("request", livemode=livemode, performer=person.id, offer=offer, event=event)
        elif invitation is not None and invitation.email is not None:
            assert sent.invitation is not None and sent.code is not None  # made by `_invite`
            send_invitation_mail(
                ports,
                livemode=livemode,
                invitation=sent.invitation,
                offer=offer,
                code=sent.code,
                event=event,
            )
    return sent


def _invite(ports: RegistryPorts, offer: Offer, invitation: NewInvitation, languages: list[str]) -> OfferSent:
    """A new code for the offer's one person."""
    if not is_language_tag(invitation.language):
        raise Invalid(
            pointer="/invitation/language", rule="bcp47", expected="a tag such as de", got="another text"
        )
    if invitation.language not in languages:
        raise DescriptionLanguageMissing(
            pointer="/invitation/language",
            rule="language",
            expected=", ".join(languages) or "a language of the lines' texts",
            got=invitation.language,
        )
    invitation_id = new_id("inv", random=ports.log.random)
    code = new_code(ports.log.random)
    sealed = None
    if invitation.email is not None:
        sealed = ports.log.sealer.seal(invitation_id, invitation.email.encode(), purpose=EMAIL_PURPOSE)
    now = ports.clock()
    Invitation.objects.create(
        id=invitation_id,
        organization_id=offer.organization_id,
        livemode=offer.livemode,
        offer=offer,
        code_digest=code_digest(code),
        language=invitation.language,
        record=None if sealed is None else invitation_id,
        sealed_email=sealed,
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    return OfferSent(offer=offer.id, invitation=invitation_id, code=code)

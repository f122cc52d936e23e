"""What every page that asks for a signature shares: which passkey, whether it may, and what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from consent.registry.errors import (
    CredentialWaiting,
    PreparationSpent,
    SignatureInvalid,
    StateConflict,
    TooEarly,
)
from consent.registry.operations.passkeys import FoundPasskey
from consent.web.page import Page
from consent.web.refusals import CeremonySpent, PasskeyRefused
from consent.web.signing.task_page import own_passkeys
from consent.web.who import SignedInPerformer

# After these nothing was done, and the page is made anew: with a new question, or with why there is none.
AGAIN = (
    CeremonySpent,
    PasskeyRefused,
    SignatureInvalid,
    CredentialWaiting,
    PreparationSpent,
    StateConflict,
    TooEarly,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The passkey to ask, the others to choose from, and from when one may sign if none may yet."""

    chosen: FoundPasskey | None
    others: Sequence[FoundPasskey]
    usable_from: datetime | None


def keys_to_ask(page: Page, me: SignedInPerformer, *, loosens: bool) -> Keys:
    """The passkeys of this person that may sign now; `loosens`: only those old enough (DESIGN §10).

    `?key=` names another one than that which they came in with.
    """
    own = own_passkeys(me)
    usable = [
        key for key in own if not loosens or (key.usable_from is not None and key.usable_from <= page.now)
    ]
    wanted = page.request.GET.get("key", "")
    chosen = next((key for key in usable if key.credential == wanted), usable[0] if usable else None)
    waiting = [key.usable_from for key in own if key.usable_from is not None]
    return Keys(
        chosen=chosen,
        others=[key for key in usable if key is not chosen],
        usable_from=None if usable or not waiting else min(waiting),
    )


def try_again(exc: Exception) -> str:
    """What went wrong, in words, above the question that is asked anew."""
    reason = exc.reason if isinstance(exc, PasskeyRefused) else ""
    if isinstance(exc, CeremonySpent):
        return _("This question was answered before, or is too old. Nothing was done. Here is a new one.")
    if reason == "other_key":
        return _("Another passkey answered than the one this page asks for. Nothing was done.")
    if reason == "unreadable":
        return _("We could not read the answer of your passkey. Nothing was done. Try again.")
    if isinstance(exc, PreparationSpent | StateConflict | TooEarly | CredentialWaiting):
        return _("Something changed meanwhile. Nothing was done. Read it again.")
    return _("The answer of your passkey does not fit what was asked. Nothing was done. Try again.")

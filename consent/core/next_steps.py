"""What the asker can do about a denial: one plain sentence, chosen by the first reason that has one."""

from collections.abc import Sequence
from typing import Final

from consent.core.reasons import Reason

_STEPS: Final = {
    Reason.PERFORMER_UNKNOWN: "Send this person an offer; use the reference you were given for them.",
    Reason.NOT_A_RECIPIENT: "Ask with a key of the licensee, or be named as a recipient in the signed grant.",
    Reason.NO_ACTIVE_CONSENT: "Send the performer an offer; nothing may be done until they have signed it.",
    Reason.PRIOR_RECORD_UNSIGNED: "The paper consent counts once the performer signs the offer made from it.",
    Reason.OUT_OF_SCOPE: "Offer the performer a new grant that names this use.",
    Reason.TERM: "Wait for the start of the term.",
    Reason.USE_LINE: "This use needs a line of its own, with initials; offer it in a new grant.",
    Reason.UNKNOWN_TERM: "Use a documented word; if you did, update the software.",
    Reason.OBLIGATION_UNMET: "Declare on the key that you meet every obligation of the grant.",
    Reason.NEEDS_ONLINE: "Ask the registry online: this grant counts its outputs.",
    Reason.QUOTA: "Wait until the key's quota starts again, or ask for a larger one.",
    Reason.PERSONA_EMPTY: "Bind the persona to performers, or have it attested as fictional.",
}
_HOW_TO_SEND: Final = {
    "model": "ask by model instead of by performer",
    "source_material": "send source_material with the SHA-256 of each file",
    "end_user_age_assured": "send end_user_age_assured",
}
_IN_CONTEXT: Final = frozenset({"territory", "language", "purpose", "base_model"})


def next_step(reasons: Sequence[Reason], missing: Sequence[str]) -> str | None:
    """The sentence for these reasons, if there is one."""
    if missing:
        steps = [_HOW_TO_SEND.get(name, f"send {name}") for name in missing]
        sentence = ", ".join(steps)
        hint = " (or set it in the key's standing context)" if _IN_CONTEXT.issuperset(missing) else ""
        return f"{sentence[0].upper()}{sentence[1:]}{hint}."
    for reason in reasons:
        step = _STEPS.get(reason)
        if step is not None:
            return step
    return None

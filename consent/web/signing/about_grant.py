"""Steps about a consent that need its performer's own signature: a short exact text, one button, one passkey."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from consent.core.statement_bodies import about_grant
from consent.core.statement_texts import CardWords, statement_text
from consent.registry.errors import AlreadyEnded
from consent.registry.queries.pages import ConsentRow
from consent.web.origins import Place
from consent.web.page import Page
from consent.web.performer.consent import Signed, read_signed
from consent.web.shown_text import shown_text
from consent.web.signatures import ask_for_signature, take_signature
from consent.web.signing.asking import AGAIN, keys_to_ask, try_again
from consent.web.signing.task_page import as_known, finished, purpose_of
from consent.web.who import SignedInPerformer


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One kind of step. `loosens`: only a passkey older than 72 hours may sign it; `fits` says whether it can
    be taken now; `then` is where its result stands. Title and button are translated when they are shown."""

    task: str
    kind: str
    loosens: bool
    title: object
    button: object
    fits: Callable[[Page, ConsentRow], bool]
    tone: str = ""
    then: str = "/consents/{grant}"


def step_view(step: Step) -> Callable[..., HttpResponse]:
    """The page of a step: `view(page, me, grant=…)`."""

    def view(page: Page, me: SignedInPerformer, *, grant: str) -> HttpResponse:
        then = step.then.format(grant=grant)
        if not page.posted:
            return _ask(page, me, step, grant)
        try:
            take_signature(page, me, purpose=purpose_of(step.task, grant))
        except AlreadyEnded:
            return finished(page, step.task, f"/consents/{grant}/end", subject=grant)
        except AGAIN as exc:
            return _ask(page, me, step, grant, fault=try_again(exc), status=409)
        return finished(page, step.task, then, subject=grant)

    view.__name__ = f"{step.task}_page"
    return view


def text_of(step: Step, signed: Signed) -> bytes:
    """The exact text that is shown and signed for this step."""
    lines = (*signed.words.lines, *signed.words.adult_lines)
    cards = [
        CardWords(title=use.title, meaning=use.meaning, facts=use.facts)
        for line in lines
        for use in line.uses
    ]
    return statement_text(step.kind, body=signed.body, cards=cards)


def _ask(
    page: Page, me: SignedInPerformer, step: Step, grant: str, *, fault: str = "", status: int = 200
) -> HttpResponse:
    signed = read_signed(page, me, grant)
    row, back = signed.row, f"/consents/{grant}"
    if not step.fits(page, row):
        return page.to(back if row.reads != "ended" else f"{back}/end", place=Place.MAIN)
    keys = keys_to_ask(page, me, loosens=step.loosens)
    if keys.chosen is None:
        return page.render("signing/key_waits.html", keys=keys, back=page.ports.origins.main + back)
    body = about_grant(
        step.kind,
        grant=row.grant,
        grant_sha256=row.grant_sha256,
        livemode=me.livemode,
        credential=keys.chosen.thumbprint,
        cancels=row.ending if step.kind == "cancellation" else None,
        random=page.ports.registry.log.random,
    )
    text = text_of(step, signed)
    question = ask_for_signature(
        page, purpose=purpose_of(step.task, grant), body=body, text=text, passkey=as_known(keys.chosen)
    )
    return page.render(
        "signing/statement.html",
        passkey=True,
        question=question,
        title=step.title,
        button=step.button,
        tone=step.tone,
        label=_("The exact words you sign"),
        text=shown_text(text),
        keys=keys,
        back=page.ports.origins.main + back,
        fault=fault,
        status=status,
    )


CONFIRM = Step(
    task="confirm",
    kind="confirmation",
    loosens=True,
    title=lazy("Say yes again"),
    button=lazy("Sign your second yes"),
    fits=lambda page, row: row.confirm_from is not None and row.confirm_from <= page.now,
)
RESCIND = Step(
    task="rescind",
    kind="rescission",
    loosens=False,
    title=lazy("Take it back"),
    button=lazy("Sign and take it back"),
    tone="end",
    fits=lambda page, row: row.reads == "signed",
    then="/consents/{grant}/end",
)
RESUME = Step(
    task="resume",
    kind="resumption",
    loosens=True,
    title=lazy("Let it go on"),
    button=lazy("Sign and let it go on"),
    fits=lambda page, row: row.reads == "paused" and "performer" in row.holders and row.ending is None,
)
CANCEL = Step(
    task="cancel",
    kind="cancellation",
    loosens=True,
    title=lazy("Stop the ending"),
    button=lazy("Sign and stop the ending"),
    fits=lambda page, row: row.reads != "ended" and row.ending is not None,
)
END = Step(
    task="end",
    kind="revocation",
    loosens=False,
    title=lazy("End this consent"),
    button=lazy("Sign and end it"),
    tone="end",
    fits=lambda page, row: row.reads != "ended",
    then="/consents/{grant}/end",
)
STEPS = (CONFIRM, RESCIND, RESUME, CANCEL, END)

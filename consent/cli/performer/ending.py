"""`consent performer end | pause | resume`: taking consent back."""

import argparse
from collections.abc import Callable

import msgspec

from consent.cli.context import Context, Exit
from consent.cli.output import print_fields, print_json
from consent.cli.performer.account_options import (
    account_from,
    add_json_option,
    add_key_options,
    confirmed,
    key_path,
    load_key,
)
from consent.client.errors import ConfigurationError, UnreliableAnswer
from consent.client.performer import statements
from consent.client.performer.papers import Papers
from consent.client.settings import trust_setting
from consent.client.trust_file import load_trust
from consent.core.wire.grants import GrantForPerformer
from consent.core.wire.statements import Accepted
from signing.acknowledgement import verify_acknowledgement
from signing.canonical import JSON
from signing.errors import SigningError
from signing.statement import body_sha256

NOT_YET = "not yet: checks may still allow for about a second"


def add_parsers(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verbs."""
    end = verbs.add_parser(
        "end",
        help="end a consent, for good",
        description="End a consent. The answer names the instant from which every check denies, and how many "
        "milliseconds it took; the registry's signed acknowledgement is kept beside your key. Final: to consent "
        "again is a new grant.",
    )
    pause = verbs.add_parser(
        "pause",
        help="pause a consent",
        description="Pause a consent: every check denies until you resume it.",
    )
    resume = verbs.add_parser(
        "resume", help="lift your own pause", description="Lift your own pause of a consent."
    )
    for parser, run in ((end, run_end), (pause, run_pause), (resume, run_resume)):
        parser.add_argument("grant", help="grt_…")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        add_key_options(parser)
        add_json_option(parser)
        parser.set_defaults(run=run, no_wait=False)
    for parser in (end, pause):
        parser.add_argument(
            "--no-wait",
            action="store_true",
            help="do not wait until it is enforced: it is recorded, but checks may still allow for about a second, "
            "and there is no acknowledgement",
        )


def run_end(args: argparse.Namespace, context: Context) -> Exit:
    """End one grant."""
    return _act(
        args, context, make=statements.revocation, question=f"End {args.grant} for good?", denies=True
    )


def run_pause(args: argparse.Namespace, context: Context) -> Exit:
    """Pause one grant."""
    return _act(args, context, make=statements.suspension, question=f"Pause {args.grant}?", denies=True)


def run_resume(args: argparse.Namespace, context: Context) -> Exit:
    """Lift the performer's own pause."""
    return _act(args, context, make=statements.resumption, question=f"Resume {args.grant}?", denies=False)


def _act(
    args: argparse.Namespace,
    context: Context,
    *,
    make: Callable[..., dict[str, JSON]],
    question: str,
    denies: bool,
) -> Exit:
    """Sign one statement about the grant, send it, keep it, and show what the registry answered."""
    key = load_key(args, context)
    account = account_from(args, context, key)
    if not confirmed(args, context, question=question, word="yes"):
        context.note("nothing was changed")
        return Exit.DENY
    papers = Papers(key_path(args, context))
    started_s = context.monotonic()
    grant = account.grant(args.grant)
    body = make(grant, grant_sha256=_digest(papers, grant, context, denies=denies), key=key)
    envelope = statements.sign(body, key)
    accepted = account.submit(envelope, wait="committed" if args.no_wait else "enforced")
    took_ms = round((context.monotonic() - started_s) * 1000)
    if accepted.enforced_at is not None or not denies or args.no_wait:
        _print(accepted, took_ms, args, context)
    papers.keep_statement(str(body["id"]), envelope)
    if accepted.acknowledgement:
        papers.keep_acknowledgement(accepted.id, accepted.acknowledgement)
    if denies and accepted.enforced_at is None and not args.no_wait:
        raise UnreliableAnswer(
            f"recorded ({accepted.committed}), but the registry does not say from when it is enforced; "
            "ask again with `consent performer grants`"
        )
    if accepted.acknowledgement:
        _verify(accepted.acknowledgement, body, context)
    return Exit.ALLOW


def _digest(papers: Papers, grant: GrantForPerformer, context: Context, *, denies: bool) -> str:
    """What was signed, by the performer's own copy. A spoilt copy never stands in the way of an ending."""
    try:
        return papers.grant_sha256(grant.id) or grant.grant_sha256
    except ConfigurationError as exc:
        if not denies:
            raise
        context.note(f"{exc}; the digest that the registry shows is used instead")
        return grant.grant_sha256


def _verify(token: str, body: dict[str, JSON], context: Context) -> None:
    """Hold the acknowledgement against what was signed, where there is a trust file to do it with."""
    path = trust_setting(context.environ)
    if path is None:
        return
    trust, livemode = load_trust(path), body["livemode"] is True
    try:
        verify_acknowledgement(
            token, trust=trust, expected_body_sha256=body_sha256(body), allow_test=not livemode
        )
    except SigningError as exc:
        raise UnreliableAnswer(
            f"recorded, but the registry's acknowledgement does not verify: {exc}"
        ) from exc


def _print(accepted: Accepted, took_ms: int, args: argparse.Namespace, context: Context) -> None:
    if args.json:
        print_json(context, {**msgspec.to_builtins(accepted), "took_ms": took_ms})
        return
    print_fields(
        context,
        [
            ("grant", args.grant),
            ("state", accepted.state),
            ("recorded at", accepted.committed),
            ("enforced at", accepted.enforced_at or NOT_YET),
            ("took", f"{took_ms} ms from your command to the registry's answer"),
            ("statement", accepted.id),
        ],
    )

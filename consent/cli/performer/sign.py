"""`consent performer sign`: read the exact text, agree to it, and sign exactly that."""

import argparse

import msgspec

from consent.cli.context import Context, Exit
from consent.cli.output import print_fields, print_json, safe_block
from consent.cli.performer.account_options import (
    account_from,
    add_json_option,
    add_key_options,
    confirmed,
    key_path,
    load_key,
)
from consent.client.errors import ConfigurationError
from consent.client.performer.agreement import check_prepared, needs_initials
from consent.client.performer.papers import Papers
from consent.client.performer.statements import sign
from consent.core.wire.offers import OfferForPerformer

EPILOG = """\
The body that is signed is held against the offer first: another licensee, another use, another term or another
text than the one shown, and nothing is signed. Your signed copy and the text are kept in `<key file>.signed/`.

exit codes: 0 signed, 1 not signed, 2 usage, 3 no answer to rely on (look with `consent performer grants`)"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = verbs.add_parser(
        "sign",
        help="read the whole text of an offer and sign it",
        description="Show the whole text, ask, and sign with your own key.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("offer", help="off_…")
    parser.add_argument(
        "--language", metavar="TAG", help="the text's language (default: the first it is sent in)"
    )
    parser.add_argument(
        "--name", metavar="STAGE NAME", help="which of your stage names, where the offer leaves it open"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts that have read the text")
    parser.add_argument(
        "--initial",
        action="append",
        default=[],
        metavar="LINE",
        help="with --yes: initial this line; needed for each line that asks for initials",
    )
    add_key_options(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Fetch, check, show, ask, check again what was asked for, sign, send, keep."""
    key = load_key(args, context)
    account = account_from(args, context, key)
    offer = account.offer(args.offer)
    language = _language(args.language, offer)
    prepared = account.prepare(offer.id, language=language, performer_name=args.name)
    check_prepared(
        prepared,
        offer=offer,
        expected_credential=key.public.thumbprint,
        expected_language=language,
        expected_performer_name=args.name,
    )
    context.note(safe_block(prepared.text))
    context.note("")
    if not _initialled(args, context, needs_initials(prepared.body)) or not confirmed(
        args, context, question=f"Sign this for {offer.licensee.legal_name!r}?", word="yes"
    ):
        context.note("nothing was signed")
        return Exit.DENY
    envelope = sign(prepared.body, key)
    papers = Papers(key_path(args, context))
    copy = papers.keep_statement(prepared.grant, envelope, text=prepared.text)
    accepted = account.submit(envelope)
    if args.json:
        print_json(context, {**msgspec.to_builtins(accepted), "copy": str(copy)})
    else:
        print_fields(
            context,
            [
                ("grant", prepared.grant),
                ("state", accepted.state),
                ("active from", msgspec.to_builtins(accepted).get("active_from")),
                ("your copy", copy),
                ("to end it", f"consent performer end {prepared.grant}"),
            ],
        )
    return Exit.ALLOW


def _language(wanted: str | None, offer: OfferForPerformer) -> str:
    if not offer.languages:
        raise ConfigurationError("the offer is sent in no language; ask its sender to send it again")
    if wanted is None:
        return offer.languages[0]
    if wanted not in offer.languages:
        raise ConfigurationError(
            f"expected one of the offer's languages, {', '.join(offer.languages)}; got {wanted}"
        )
    return wanted


def _initialled(args: argparse.Namespace, context: Context, lines: tuple[str, ...]) -> bool:
    """Whether every line that needs initials has them, each given by itself."""
    if args.yes:
        missing = [line for line in lines if line not in args.initial]
        if missing:
            raise ConfigurationError(
                f"these lines need initials of their own: {', '.join(missing)}; say --initial {missing[0]}"
            )
        return True
    for line in lines:
        if not context.interactive:
            raise ConfigurationError(
                "this needs your initials: run it in a terminal, or say --yes and --initial"
            )
        if not context.ask(f"Line {line} is never implied. Type your initials to agree to it: ").strip():
            return False
    return True

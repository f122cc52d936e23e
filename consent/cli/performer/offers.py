"""`consent performer accept | offers | read | decline | request-changes`: what is asked of the performer."""

import argparse
from collections.abc import Mapping

import msgspec

from consent.cli.context import Context, Exit
from consent.cli.output import print_fields, print_json, print_table, safe, safe_block
from consent.cli.performer.account_options import account_from, add_json_option, add_key_options
from consent.cli.performer.dry_run import in_words
from consent.core.wire.offers import OfferForPerformer


def add_parsers(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verbs."""
    accept = verbs.add_parser(
        "accept",
        help="take up an invitation by its code",
        description="Take up an invitation: nothing is signed.",
    )
    accept.add_argument("code", help="the code of the invitation")
    offers = verbs.add_parser("offers", help="list what is offered to you", description="List your offers.")
    read = verbs.add_parser(
        "read",
        help="read one offer",
        description="Read one offer: who asks, each use in its own words, what it would allow and refuse. "
        "The exact text that a signature covers is shown by `consent performer sign` before it asks.",
    )
    read.add_argument("offer", help="off_…")
    read.add_argument(
        "--language", metavar="TAG", help="in which language (default: the first it is sent in)"
    )
    decline = verbs.add_parser(
        "decline", help="say no to an offer", description="Say no to an offer, for good."
    )
    decline.add_argument("offer", help="off_…")
    changes = verbs.add_parser(
        "request-changes",
        help="ask for another offer",
        description="Ask for another offer, in your own words. This one can then no longer be signed.",
    )
    changes.add_argument("offer", help="off_…")
    changes.add_argument("note", help="what should be different")
    runs = {
        accept: run_accept,
        offers: run_offers,
        read: run_read,
        decline: run_decline,
        changes: run_changes,
    }
    for parser, run in runs.items():
        add_key_options(parser)
        add_json_option(parser)
        parser.set_defaults(run=run)


def run_accept(args: argparse.Namespace, context: Context) -> Exit:
    """Redeem the code."""
    _print_offer(account_from(args, context).accept(args.code), args, context)
    return Exit.ALLOW


def run_offers(args: argparse.Namespace, context: Context) -> Exit:
    """List the offers, newest first."""
    offers = list(account_from(args, context).offers())
    if args.json:
        print_json(context, {"data": [msgspec.to_builtins(offer) for offer in offers]})
    elif not offers:
        context.say("nothing is offered to you")
    else:
        print_table(
            context,
            ["offer", "state", "from", "uses", "sent"],
            [
                [each.id, each.state, each.licensee.legal_name, ", ".join(_uses(each)), each.sent_at]
                for each in offers
            ],
        )
    return Exit.ALLOW


def run_read(args: argparse.Namespace, context: Context) -> Exit:
    """Show one offer and its dry run."""
    account = account_from(args, context)
    offer = account.offer(args.offer)
    dry_run = account.dry_run(args.offer)
    if args.json:
        print_json(context, {"offer": msgspec.to_builtins(offer), "dry_run": msgspec.to_builtins(dry_run)})
        return Exit.ALLOW
    _print_offer(offer, args, context)
    language = args.language or (offer.languages[0] if offer.languages else "")
    for line in _lines(offer):
        context.say()
        uses = line.get("uses")
        context.say(f"{line.get('id')}  {', '.join(map(str, uses)) if isinstance(uses, list) else uses}")
        texts = line.get("description")
        text = texts.get(language) if isinstance(texts, dict) else texts
        context.say(safe_block(str(text or f"(no text in {language})")))
    context.say()
    for each in in_words(dry_run):
        context.say(safe(each))
    return Exit.ALLOW


def run_decline(args: argparse.Namespace, context: Context) -> Exit:
    """Say no."""
    _print_offer(account_from(args, context).decline(args.offer), args, context)
    return Exit.ALLOW


def run_changes(args: argparse.Namespace, context: Context) -> Exit:
    """Ask for changes."""
    _print_offer(account_from(args, context).request_changes(args.offer, args.note), args, context)
    return Exit.ALLOW


def _print_offer(offer: OfferForPerformer, args: argparse.Namespace, context: Context) -> None:
    if args.json:
        print_json(context, msgspec.to_builtins(offer))
        return
    terms = offer.terms
    print_fields(
        context,
        [
            ("offer", offer.id + ("" if offer.livemode else "  (test side)")),
            ("state", offer.state),
            ("from", f"{offer.licensee.legal_name} ({offer.licensee.country}), {offer.licensee.contact}"),
            ("for", offer.performer_name),
            ("uses", ", ".join(_uses(offer))),
            ("from day", terms.get("valid_from")),
            ("until", terms.get("valid_until")),
            ("languages", ", ".join(offer.languages)),
        ],
    )


def _lines(offer: OfferForPerformer) -> list[Mapping[str, object]]:
    lines = offer.terms.get("lines")
    return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []


def _uses(offer: OfferForPerformer) -> list[str]:
    found: set[str] = set()
    for line in _lines(offer):
        uses = line.get("uses")
        found.update(map(str, uses) if isinstance(uses, list) else ())
    return sorted(found)

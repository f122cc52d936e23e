"""`consent performer erase | erased`: being forgotten, and how far that is."""

import argparse

import msgspec

from consent.cli.context import Context, Exit
from consent.cli.output import print_fields, print_json, safe
from consent.cli.performer.account_options import (
    account_from,
    add_json_option,
    add_key_options,
    confirmed,
    key_path,
    load_key,
)
from consent.client.errors import Unavailable
from consent.client.performer.erasures import read_erasure
from consent.client.settings import address_setting
from consent.core.wire.erasures import ErasureAhead

NOT_YET = "not yet: a store of the registry does not answer; it goes on by itself"


def add_parsers(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verbs."""
    erase = verbs.add_parser(
        "erase",
        help="have everything about you erased, for good",
        description="Have everything about you erased. Every consent ends first, then the keys of all that is kept "
        "about you are destroyed, then the rows go. Nobody can undo it. Your own signed copies beside your key stay "
        "yours. It does nothing while a legal hold stands, and says until when.",
    )
    erase.add_argument("--yes", action="store_true", help="do not ask")
    add_key_options(erase)
    add_json_option(erase)
    erase.set_defaults(run=run_erase)

    erased = verbs.add_parser(
        "erased",
        help="see how far an erasure is",
        description="Show how far an erasure is, by its number from `consent performer erase` or the last letter. It "
        "needs no key and names nobody.",
    )
    erased.add_argument("erasure", help="era_…")
    add_json_option(erased)
    erased.set_defaults(run=run_erased)


def run_erase(args: argparse.Namespace, context: Context) -> Exit:
    """Tell what would happen, ask, and let it happen."""
    account = account_from(args, context, load_key(args, context))
    ahead = account.erasure()
    if ahead.holds:
        for hold in ahead.holds:
            context.note(f"it has to be kept until {hold.until}: {safe(hold.ground)}")
        context.note("nothing was erased; you can end every consent all the same: consent performer end")
        return Exit.DENY
    _tell(ahead, context)
    if not confirmed(args, context, question="Erase everything about you, for good?", word="erase"):
        context.note("nothing was erased")
        return Exit.DENY
    try:
        done = account.erase()
    except Unavailable as exc:
        raise Unavailable(
            f"{exc}. Whether it was begun is not known: if `consent performer status` says that your key is not an "
            "enrolled one, it was, and goes on by itself; if it shows your account, ask again",
            retry_after_s=exc.retry_after_s,
            code=exc.code,
        ) from exc
    if args.json:
        print_json(context, msgspec.to_builtins(done))
    else:
        print_fields(
            context,
            [
                ("erasure", done.id),
                ("denied since", done.enforced_at),
                ("erased at", done.erased_at or NOT_YET),
                ("complete from", done.complete_from),
                ("its page", done.page),
            ],
        )
        context.note(f"{key_path(args, context)} opens nothing here any more; what you signed is beside it")
    return Exit.ALLOW


def run_erased(args: argparse.Namespace, context: Context) -> Exit:
    """Show how far it is."""
    found = read_erasure(
        address_setting(context.environ),
        args.erasure,
        transport=context.transport(),
        monotonic=context.monotonic,
        sleep=context.sleep,
    )
    if args.json:
        print_json(context, msgspec.to_builtins(found))
    else:
        print_fields(
            context,
            [
                ("erasure", found.id),
                ("state", found.state),
                ("begun at", found.begun_at),
                ("erased at", found.erased_at),
                ("complete from", None if found.completed_at else found.complete_from),
                ("completed at", found.completed_at),
            ],
        )
    return Exit.ALLOW


def _tell(ahead: ErasureAhead, context: Context) -> None:
    consents = "1 consent ends" if ahead.consents == 1 else f"{ahead.consents} consents end"
    context.note(
        f"{consents} at once, and everything that is kept about you is destroyed. It is complete "
        f"{ahead.complete_after_days} days later. Companies keep the copies that they have"
    )

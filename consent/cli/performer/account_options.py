"""Options that every performer verb has, and the account behind them."""

import argparse
from pathlib import Path

from consent.cli.context import Context
from consent.client.errors import ConfigurationError
from consent.client.files import read_bounded
from consent.client.performer.account import PerformerAccount
from consent.client.performer.key_file import load_key_file, needs_passphrase
from consent.client.settings import address_setting
from signing.private_key import PrivateKey

DEFAULT_KEY = Path("~/.consent/performer.key")
Verbs = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_key_options(parser: argparse.ArgumentParser) -> None:
    """Add `--key` and `--passphrase-file`."""
    parser.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help=f"your key file (default: CONSENT_PERFORMER_KEY, or {DEFAULT_KEY})",
    )
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="a file with the key's passphrase, for scripts"
    )


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def key_path(args: argparse.Namespace, context: Context) -> Path:
    """Where the key file is."""
    chosen = args.key or context.environ.get("CONSENT_PERFORMER_KEY") or DEFAULT_KEY
    return Path(chosen).expanduser()


def load_key(args: argparse.Namespace, context: Context) -> PrivateKey:
    """The performer's key; asks for the passphrase where one is needed. Raises ConfigurationError."""
    path = key_path(args, context)
    passphrase = (
        passphrase_of(args, context, prompt=f"Passphrase of {path}: ") if needs_passphrase(path) else None
    )
    return load_key_file(path, passphrase=passphrase)


def passphrase_of(args: argparse.Namespace, context: Context, *, prompt: str) -> str:
    """The passphrase from its file, or from the person. Raises ConfigurationError when there is neither."""
    if args.passphrase_file:
        data = read_bounded(args.passphrase_file, max_bytes=4096, what="a passphrase")
        try:
            return data.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as exc:
            raise ConfigurationError(f"expected UTF-8 text in {args.passphrase_file}") from exc
    if not context.interactive:
        raise ConfigurationError(
            "the key needs its passphrase: run it in a terminal, or say --passphrase-file"
        )
    return context.ask_secret(prompt)


def account_from(
    args: argparse.Namespace, context: Context, key: PrivateKey | None = None
) -> PerformerAccount:
    """The account of the performer's key at CONSENT_URL. Raises ConfigurationError."""
    return PerformerAccount(
        address_setting(context.environ),
        key or load_key(args, context),
        transport=context.transport(),
        now=context.now,
        monotonic=context.monotonic,
        sleep=context.sleep,
    )


def confirmed(args: argparse.Namespace, context: Context, *, question: str, word: str) -> bool:
    """Whether the person typed `word`, or said `--yes`. Raises ConfigurationError where nobody can be asked."""
    if args.yes:
        return True
    if not context.interactive:
        raise ConfigurationError("this needs your confirmation: run it in a terminal, or say --yes")
    return context.ask(f"{question} Type {word} to go on: ").strip().lower() == word

"""The log that a verb is about: where it is, and whose signatures count."""

import argparse
import re
from pathlib import Path

from consent.cli.context import Context
from consent.client.errors import ConfigurationError
from consent.client.files import read_bounded
from consent.client.transparency.reader import LogReader
from consent.client.transparency.source import open_source
from signing.errors import MalformedError, SigningError
from signing.note import VerifierKey
from signing.tlog_policy import MAX_POLICY_BYTES, Policy, parse_policy

_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)


def add_log(parser: argparse.ArgumentParser) -> None:
    """The log's place and the policy."""
    parser.add_argument(
        "log", metavar="LOG", help="the log's https address, or a folder that holds its files"
    )
    add_policy(parser)


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Whose signatures count."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--key", metavar="VKEY", help="the log's verifier key; no witness is asked for")
    which.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="a trust policy (C2SP tlog-policy): logs, witnesses, quorum",
    )


def policy_from(args: argparse.Namespace) -> Policy:
    """The policy of the options. Raises ConfigurationError."""
    if args.key is None:
        return load_policy(args.policy)
    try:
        return Policy.of_log(VerifierKey.parse(args.key))
    except SigningError as exc:
        raise _unusable("--key", exc) from exc


def load_policy(path: Path) -> Policy:
    """The policy of a file. Raises ConfigurationError."""
    try:
        return parse_policy(read_bounded(path, max_bytes=MAX_POLICY_BYTES, what="a trust policy"))
    except SigningError as exc:
        raise _unusable(f"--policy {path}", exc) from exc


def entry_of(text: str) -> bytes:
    """The bytes of an entry in hex. Raises ConfigurationError."""
    if not _HEX.fullmatch(text):
        raise ConfigurationError(f"--entry: expected lower-case hex, got {text[:80]!a}")
    return bytes.fromhex(text)


def _unusable(given: str, exc: SigningError) -> ConfigurationError:
    expected = f"; expected {exc.expected}" if isinstance(exc, MalformedError) and exc.expected else ""
    return ConfigurationError(f"{given}: {exc}{expected}")


def reader_from(args: argparse.Namespace, context: Context) -> LogReader:
    """The log of the options. Raises ConfigurationError."""
    return LogReader(open_source(args.log, transport=context.transport()), policy_from(args))

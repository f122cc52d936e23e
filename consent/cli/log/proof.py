"""`consent log proof` and `consent log verify`: proof files of single entries."""

import argparse
from pathlib import Path

from consent.cli.context import Context, Exit
from consent.cli.log.fsck import refuse
from consent.cli.log.opened import add_log, add_policy, entry_of, policy_from, reader_from
from consent.cli.output import print_fields, print_json
from consent.client.errors import ConfigurationError
from consent.client.files import read_bounded, write_whole
from signing.base64_lines import b64
from signing.errors import SigningError
from signing.signed_checkpoint import SignedCheckpoint
from signing.tiles import MAX_ENTRY_BYTES
from signing.tlog_proof import MAX_PROOF_BYTES, SUFFIX, parse_proof, verify_proof


def add_parsers(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verbs."""
    proof = actions.add_parser(
        "proof",
        help="make a proof file of one entry",
        description="Prove that one entry is in the log that is shown now, and keep the proof as a file.",
    )
    add_log(proof)
    proof.add_argument("index", type=int, metavar="INDEX", help="the entry's number, from 0")
    proof.add_argument("--out", type=Path, metavar="FILE", help=f"default: INDEX{SUFFIX}")
    proof.add_argument("--replace", action="store_true", help="replace a file that is there already")
    proof.set_defaults(run=run_proof)
    verify = actions.add_parser(
        "verify",
        help="check a proof file, offline",
        description="Check, without network, that an entry is in a log that the policy accepts.",
    )
    verify.add_argument("file", type=Path, metavar="FILE", help="the proof file")
    add_policy(verify)
    entry = verify.add_mutually_exclusive_group(required=True)
    entry.add_argument("--entry", metavar="HEX", help="the entry's bytes, in lower-case hex")
    entry.add_argument("--entry-file", type=Path, metavar="FILE", help="a file with the entry's bytes")
    verify.set_defaults(run=run_verify)
    for action in (proof, verify):
        action.add_argument("--json", action="store_true", help="print it as JSON")


def run_proof(args: argparse.Namespace, context: Context) -> Exit:
    """Make, save, show."""
    reader = reader_from(args, context)
    try:
        head = reader.head()
        if not 0 <= args.index < head.checkpoint.size:
            raise ConfigurationError(
                f"INDEX: expected 0 to {head.checkpoint.size - 1}, the log's entries now, got {args.index}"
            )
        proof, entry = reader.prove(args.index, head)
    except SigningError as exc:
        return refuse(exc, args, context)
    out = args.out or Path(f"{args.index}{SUFFIX}")
    write_whole(out, proof.format(), replace=args.replace)
    context.note(f"saved {out}")
    _print(args.index, entry, head, args, context)
    return Exit.ALLOW


def run_verify(args: argparse.Namespace, context: Context) -> Exit:
    """Check and say."""
    policy = policy_from(args)
    entry = _entry(args)
    data = read_bounded(args.file, max_bytes=MAX_PROOF_BYTES, what="a proof file")
    try:
        proof = parse_proof(data)
        head = verify_proof(proof, expected_entry=entry, policy=policy)
    except SigningError as exc:
        return refuse(exc, args, context)
    _print(proof.index, entry, head, args, context)
    return Exit.ALLOW


def _entry(args: argparse.Namespace) -> bytes:
    if args.entry_file is not None:
        return read_bounded(args.entry_file, max_bytes=MAX_ENTRY_BYTES, what="an entry")
    return entry_of(args.entry)


def _print(
    index: int, entry: bytes, head: SignedCheckpoint, args: argparse.Namespace, context: Context
) -> None:
    checkpoint = head.checkpoint
    witnesses = sorted(each.key.name for each in head.cosignatures)
    if args.json:
        print_json(
            context,
            {
                "valid": True,
                "index": index,
                "entry": entry.hex(),
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": b64(checkpoint.root),
                "witnesses": witnesses,
            },
        )
        return
    context.say(f"valid: entry {index} is in the log")
    print_fields(
        context,
        [
            ("entry", entry.hex() if len(entry) <= 64 else f"{len(entry)} bytes"),
            ("origin", checkpoint.origin),
            ("size", checkpoint.size),
            ("root", b64(checkpoint.root)),
            ("witnesses", ", ".join(witnesses) or "none asked for"),
        ],
    )

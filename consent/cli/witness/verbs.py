"""`consent witness init | serve`: a small witness that guilds and universities can run."""

import argparse
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from consent.cli.context import Context, Exit
from consent.cli.output import safe
from consent.client.errors import ConfigurationError
from consent.client.witness.cosigning import Cosigner
from consent.client.witness.folder import create_folder, open_folder
from consent.client.witness.record import Record
from consent.client.witness.server import WitnessServer

EPILOG = """\
A witness remembers the last checkpoint of each log and signs only what continues it. Its folder must never be put
back from a backup: a witness that forgot what it signed can be made to sign a fork. If the folder is lost, start a
new witness with a new name and key."""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb and those below it."""
    parser = verbs.add_parser(
        "witness",
        help="run a witness: sign that a log only ever grew",
        description="Run a witness (C2SP tlog-witness): sign that a log only ever grew.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    init = actions.add_parser(
        "init",
        help="make the folder and the key of a new witness",
        description="Make the folder and the key of a new witness, and print its verifier key.",
    )
    init.add_argument("folder", type=Path, metavar="FOLDER", help="where it keeps everything")
    init.add_argument(
        "--name",
        required=True,
        help="its name for ever, such as witness.example.org/guild; no spaces, no plus",
    )
    init.set_defaults(run=run_init)
    serve = actions.add_parser(
        "serve",
        help="answer the logs that witness.toml lists",
        description="Answer the logs that witness.toml lists, until stopped.",
    )
    serve.add_argument("folder", type=Path, metavar="FOLDER", help="the folder that `init` made")
    serve.set_defaults(run=run_serve)


def run_init(args: argparse.Namespace, context: Context) -> Exit:
    """Make, and print what others need."""
    made = create_folder(args.folder, name=args.name)
    context.note(
        f"made {args.folder}; list the logs in {args.folder / 'witness.toml'}, then: consent witness serve"
    )
    context.say(made.verifier.text)
    return Exit.ALLOW


def run_serve(args: argparse.Namespace, context: Context) -> Exit:
    """Serve until interrupted."""
    folder = open_folder(args.folder)
    if not folder.logs:
        raise ConfigurationError(f"expected a [[log]] section in {args.folder / 'witness.toml'}, got none")
    record = Record(folder.state)
    cosigner = Cosigner(name=folder.name, key=folder.key, logs=folder.logs, record=record, now=context.now)
    with record.alone():
        try:
            server = WitnessServer(
                folder.host,
                folder.port,
                cosigner=cosigner,
                record=record,
                say=lambda line: context.note(safe(line)),
            )
        except OSError as exc:
            raise ConfigurationError(
                f"cannot listen on {folder.host}:{folder.port}: {exc}; change listen in witness.toml"
            ) from exc
        with server, _ends_when_told():
            context.note(f"{folder.name} listens on http://{folder.host}:{server.server_address[1]}")
            server.serve_forever()
    return Exit.ALLOW


@contextlib.contextmanager
def _ends_when_told() -> Iterator[None]:
    """End the block at SIGTERM as at SIGINT, also where a parent process had them ignored."""
    told = {each: signal.signal(each, _end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        for each, before in told.items():
            signal.signal(each, before)


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt

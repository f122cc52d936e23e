"""From the first word of a command line to its file."""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from consent.server.embedded.errors import StartError
from consent.server.settings.errors import SettingsRefused

UNAVAILABLE, USAGE, REFUSED = 3, 2, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command's module (below this package), and one line on what it is for."""

    module: str
    purpose: str


COMMANDS: dict[str, Command] = {
    "up": Command(module="up", purpose="a whole registry on this machine, with its own PostgreSQL"),
    "run": Command(
        module="run",
        purpose="run processes: web, check, relay, worker, publisher, actors, or all under a supervisor",
    ),
    "migrate": Command(module="migrate", purpose="bring the database and the keys to this version"),
    "keys": Command(module="keys", purpose="list, rotate, end and encrypt anew the registry's keys"),
    "backup": Command(module="backup", purpose="back the registry up into two encrypted files"),
    "restore": Command(module="restore", purpose="bring a backup back, or declare acknowledged history lost"),
    "operator": Command(module="operator", purpose="let operators in; identity checks, holds, voiding"),
    "hold": Command(module="hold", purpose="legal holds: place, lift, list"),
    "erasure": Command(module="erasure", purpose="forget a performer, and see which erasures wait"),
    "organization": Command(module="organization", purpose="make organizations and their API keys"),
    "import": Command(module="import_records", purpose="import paper consents as prior records"),
    "ledger": Command(module="ledger", purpose="is the record of decisions whole, and what of it is missing"),
    "fsck": Command(module="fsck", purpose="is the published log what the database says it is"),
    "trust": Command(module="trust", purpose="write the trust file that verifiers need"),
    "demo": Command(module="demo", purpose="the whole story, once, on real input"),
    "install": Command(module="install", purpose="make .venv beside pyproject.toml and install into it"),
}


def dispatch(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` begins with; returns the exit status.

    0 done · 1 refused, nothing changed · 2 wrong call or settings · 3 the registry cannot be reached.
    """
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help", "help"):
        print(_help())
        return 0
    if name not in COMMANDS:
        print(f"consent-server: there is no command {name!r}\n\n{_help()}", file=sys.stderr)
        return USAGE
    module = importlib.import_module(f"consent.server.commands.{COMMANDS[name].module}")
    try:
        return int(module.run(list(arguments[1:])))
    except SettingsRefused as exc:
        print(f"The registry does not start with these settings:\n{exc}", file=sys.stderr)
        return USAGE
    except StartError as exc:
        print(f"consent-server: {exc}", file=sys.stderr)
        return REFUSED
    except Exception as exc:
        said = _known(exc)
        if said is None:
            raise
        print(f"consent-server: {said[1]}", file=sys.stderr)
        return said[0]


def _known(exc: Exception) -> tuple[int, str] | None:
    """Exit status and words for what a command may meet; None for what nobody foresaw."""
    # Imported here: the first words of help need no Django.
    from django.db import OperationalError  # noqa: PLC0415

    from consent.log.errors import LogError  # noqa: PLC0415
    from consent.registry.errors import RegistryError  # noqa: PLC0415
    from signing.errors import SigningError  # noqa: PLC0415

    match exc:
        case RegistryError():
            place = f" at {exc.pointer}" if exc.pointer else ""
            wanted = f" Expected: {exc.expected}." if exc.expected else ""
            return REFUSED, f"refused ({exc.code}){place}: {exc}.{wanted}"
        case LogError():
            return UNAVAILABLE, f"the registry cannot do this now ({exc.code}): {exc}"
        case OperationalError():
            return UNAVAILABLE, "the database does not answer. Is the registry running? (`make run`)"
        case SigningError():
            return REFUSED, str(exc)
    return None


def _help() -> str:
    lines = [f"  {name:<13} {command.purpose}" for name, command in COMMANDS.items()]
    return "\n".join(
        ["usage: consent-server COMMAND ...", "", *lines, "", "consent-server COMMAND --help says more."]
    )

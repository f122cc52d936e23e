"""`python -m consent.server` and `consent-server`: works on a bare Python, before anything is installed."""

import sys

# Before any import that an older Python could not read; this file keeps to what such a one can.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"The consent registry needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}."
    )

from collections.abc import Sequence

from consent.server.embedded.bootstrap import ensure_environment, install
from consent.server.embedded.errors import StartError


def main(argv: Sequence[str] = ()) -> int:
    """Run one command; returns its exit status."""
    arguments = list(argv) or sys.argv[1:]
    try:
        if arguments[:1] == ["install"]:
            return install(arguments[1:])
        ensure_environment(arguments)
        from consent.server.commands.dispatch import dispatch  # noqa: PLC0415  # needs the environment

        return dispatch(arguments)
    except StartError as exc:
        print(f"consent-server: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

"""What a newcomer's shell sources: the client's settings, and where its command is."""

import shlex
from collections.abc import Mapping
from pathlib import PurePath


def client_env(values: Mapping[str, str], *, programs: PurePath, windows: bool) -> str:
    """The file's text, for a POSIX shell or for PowerShell. `programs` is the folder that holds `consent`."""
    if windows:
        lines = [f"$env:{name} = {_powershell(value)}" for name, value in values.items()]
        lines.append(f"$env:PATH = {_powershell(str(programs))} + ';' + $env:PATH")
    else:
        lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
        lines.append(f'export PATH={shlex.quote(str(programs))}:"$PATH"')
    return "".join(f"{line}\n" for line in lines)


def _powershell(text: str) -> str:
    """A literal string: nothing in it is expanded."""
    return "'" + text.replace("'", "''") + "'"

"""Read a setting from the environment, or from the file that NAME_FILE names."""

from collections.abc import Mapping
from pathlib import Path

from consent.server.settings.errors import SettingFault
from consent.server.settings.names import NAMES

MAX_FILE_BYTES = 64 << 10


class Environment:
    """The environment, with every fault met while reading collected in `faults`."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.faults: list[SettingFault] = []

    def text(self, name: str) -> str:
        """The value of `name` without white space at its ends; empty when unset."""
        if name not in NAMES:
            raise KeyError(name)
        value = self._variables.get(name, "").strip()
        path = self._variables.get(f"{name}_FILE", "").strip()
        if value and path:
            self.refuse(name, f"and {name}_FILE are both set", "keep one of the two")
            return ""
        return self._from_file(name, Path(path)) if path else value

    def refuse(self, name: str, wrong: str, mend: str) -> None:
        """Note a fault; reading goes on, so that all faults are told at once."""
        self.faults.append(SettingFault(name=name, wrong=wrong, mend=mend))

    def _from_file(self, name: str, path: Path) -> str:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
            text = data.decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            what = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
            self.refuse(f"{name}_FILE", f"cannot be read ({what})", f"check {path}")
            return ""
        if len(data) > MAX_FILE_BYTES or not text:
            self.refuse(f"{name}_FILE", "is empty or too long", f"put the value alone into {path}")
            return ""
        return text

"""Why a setting is refused, and how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingFault:
    """One setting that cannot be used: its name, what is wrong, what to do. Never its value."""

    name: str
    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name} {self.wrong}: {self.mend}"


class SettingsRefused(Exception):  # noqa: N818  # named by what happened, as in the registry's error tree
    """The registry does not start with these settings; the message names every fault."""

    def __init__(self, faults: Sequence[SettingFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"- {fault}" for fault in self.faults))

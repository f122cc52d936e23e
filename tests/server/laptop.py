"""A registry as `up` runs it, with settings of the test's own."""

from pathlib import Path

from tests.integration.running import Running


class Laptop(Running):
    """`settings` are added to the environment of `up` and of commands."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settings: dict[str, str] = {}

    def server_environment(self) -> dict[str, str]:
        """As in `Running`, and the settings."""
        return {**super().server_environment(), **self.settings}

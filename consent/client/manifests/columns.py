"""Which column feeds which member of the question, and which members are the same for every row."""

from collections.abc import Mapping

from consent.client.asking import MEMBERS, Kind, build_asking
from consent.client.errors import ConfigurationError
from consent.client.manifests.rows import Cell, shown

LIST_SEPARATOR = ";"  # inside one cell of a delimited file: `p225;p226`
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


class Columns:
    """The mapping of a manifest: `mapped` member → column name, `constants` member → value."""

    def __init__(self, *, mapped: Mapping[str, str], constants: Mapping[str, object]) -> None:
        """Raises ConfigurationError for an unknown member or one that is both mapped and constant."""
        for name in (*mapped, *constants):
            if name not in MEMBERS:
                raise ConfigurationError(f"expected one of {', '.join(MEMBERS)}; got {shown(name)}")
        if both := sorted(set(mapped) & set(constants)):
            raise ConfigurationError(f"{both[0]}: expected a column or a constant, got both")
        self.mapped = dict(mapped)
        self.constants = {
            name: _typed(name, value) if isinstance(value, str) else value
            for name, value in constants.items()
        }
        self.wanted = tuple(mapped.values())

    def asking(self, cells: tuple[Cell, ...]) -> dict[str, object]:
        """The question of one row. An empty cell leaves its member out; an empty performer is a fault.

        Raises:
            ConfigurationError: the row names nobody, or a cell has the wrong type.
        """
        members = dict(self.constants)
        for name, cell in zip(self.mapped, cells, strict=True):
            if cell is None or cell in ("", ()):
                continue
            members[name] = _typed(name, cell)
        return build_asking(members)


def _typed(name: str, cell: Cell) -> object:
    """A cell as the type of its member. What does not fit is left as it is for `build_asking` to refuse."""
    match MEMBERS[name], cell:
        case Kind.FLAG, str():
            return _FLAGS.get(cell.lower(), cell)
        case Kind.COUNT, str() if cell.isascii() and cell.isdigit() and len(cell) <= 15:
            return int(cell)
        case Kind.LIST, str():
            return [item.strip() for item in cell.split(LIST_SEPARATOR) if item.strip()]
        case Kind.TEXT, int() if not isinstance(cell, bool):
            return str(cell)
    return list(cell) if isinstance(cell, tuple) else cell

"""Where the packaged files are: `templates/` and `deploy/`, installed or in a source tree.

The wheel carries them inside the package (`consent/templates`, `consent/deploy`); in a source tree they
stand beside it.
"""

from pathlib import Path, PurePosixPath

_PACKAGE = Path(__file__).parent.parent


def templates(*parts: str) -> Path:
    """The path of a file or folder below `templates/`.

    Raises:
        FileNotFoundError: there is none, or the name leads out of the folder.
    """
    return _find("templates", parts)


def deploy(*parts: str) -> Path:
    """The path of a file or folder below `deploy/`; raises as `templates` does."""
    return _find("deploy", parts)


def _find(folder: str, parts: tuple[str, ...]) -> Path:
    relative = PurePosixPath(*parts) if parts else PurePosixPath()
    if relative.is_absolute() or ".." in relative.parts:
        raise FileNotFoundError(f"{relative} is no name below {folder}/")
    for root in (_PACKAGE / folder, _PACKAGE.parent / folder):
        found = root.joinpath(*relative.parts)
        # A source tree's parent may hold any folder of that name: ours stands beside pyproject.toml.
        if found.exists() and (root.parent == _PACKAGE or (root.parent / "pyproject.toml").exists()):
            return found
    raise FileNotFoundError(f"{folder}/{relative} is not installed")

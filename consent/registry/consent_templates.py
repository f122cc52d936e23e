"""The texts that performers read, from `templates/consent/<template>/<version>/<language>.md`."""

import re
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

_TEMPLATE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")


@lru_cache(maxsize=256)
def read_template(template: str, version: int, language: str) -> bytes | None:
    """The bytes of one template in one language, or None if there is none."""
    if not _TEMPLATE.fullmatch(template) or not _LANGUAGE.fullmatch(language) or version < 1:
        return None
    file = _root().joinpath("consent", template, str(version), f"{language}.md")
    return file.read_bytes() if file.is_file() else None


def _root() -> Traversable:
    """`consent/templates` in an installed wheel, `templates` beside the package in the source tree."""
    packaged = resources.files("consent").joinpath("templates")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "templates"

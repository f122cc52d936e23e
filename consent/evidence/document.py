"""The PDF of an evidence bundle: what the answer says, in words that a court can read.

Typst sets it. Whatever a person or a company chose goes in as JSON data, never as markup, and the document reads no
file and no font of the machine: the same answer gives the same bytes.
"""

import json
from collections.abc import Collection, Mapping
from typing import Final

from typst import compile as typeset

from consent.core.resources import templates
from consent.evidence.wording import words_of
from signing.evidence_answer import Answer
from signing.package import VerifiedPackage

STANDARD: Final = "a-3b"  # ISO 19005-3: kept readable for decades


def render(answer: Answer, packages: Mapping[str, VerifiedPackage], *, proven: Collection[str]) -> bytes:
    """The PDF. `packages` are the consents that the answer names; `proven` the names of the files beside it.

    Raises:
        typst.TypstError: the template is broken.
    """
    data = json.dumps(words_of(answer, packages, proven=proven), ensure_ascii=False)
    return typeset(
        templates("evidence", "evidence.typ").read_bytes(),
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards=STANDARD,
        sys_inputs={"data": data},
        timestamp=int(answer.issued_at.timestamp()),
    )

"""The example of the page on AuthZEN, sent as it stands there: the answer has the members that the page shows."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.house import Answer, Granted, House

PAGE = Path(__file__).parents[2] / "templates" / "docs" / "authzen.md"


def _sent(granted: "Granted", command: str, performer: str) -> "Answer":
    """What this call of curl sends, about this performer, with this key."""
    words = shlex.split(command.replace("prf_test_allow", performer))
    assert words[0] == "curl"
    url = next(word for word in words if word.startswith("$CONSENT_URL"))
    options = list(pairwise(words))
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    headers["Authorization"] = headers["Authorization"].replace("$CONSENT_API_KEY", granted.pipeline.secret)
    (body,) = (value for name, value in options if name == "-d")
    path = url.removeprefix("$CONSENT_URL")
    return granted.pipeline.house.send("POST", path, data=body.encode(), headers=headers)


def test_the_example_is_answered_as_the_page_shows(house: "House") -> None:
    from tests.api.house import granted
    from tests.registry.terms import TRAIN, terms

    of = granted(house, terms=terms(TRAIN))
    page = PAGE.read_text()
    (command,) = re.findall(r"```sh\n(curl .*?)```", page, re.DOTALL)
    (shown,) = (json.loads(each) for each in re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    answer = _sent(of, command, of.reference)
    assert answer.status == 200 and answer.headers["X-Request-Id"] == "job-17/row-225"
    assert answer.json.keys() == shown.keys()
    assert answer.json["context"].keys() == shown["context"].keys()
    assert (answer.json["decision"], answer.json["context"]["grants"]) == (True, [of.grant])
    refused = _sent(of, command, "prf_" + "a" * 26)
    assert (refused.status, refused.json["decision"]) == (200, False)
    assert refused.json["context"]["reasons"]

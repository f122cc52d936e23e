"""`consent verify --status`: a genuine package whose consent has ended is not enough to go on."""

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.client.transport import HttpRequest, HttpResponse, TransportError
from signing.receipt import sign_receipt
from signing.status_list import StatusList, sign_status_list
from tests.cli.command import Command
from tests.signing.samples import NOW, package, receipt, receipt_signer, signer, trust

URI, PLACE = "https://registry.example/status/1", 77


@dataclass
class Lists:
    """The registry's address, where a list is or is not."""

    answer: HttpResponse | None = None
    asked: list[str] = field(default_factory=list)

    def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request.url)
        if self.answer is None:
            raise TransportError("no connection")
        return self.answer


def _list(status: int, *, role: Any = "status", **told: Any) -> str:
    at = told.pop("at", NOW - timedelta(minutes=2))
    key = signer(role).private
    return sign_status_list(told.get("uri", URI), StatusList.of({PLACE: status}), key=key, at=at)


def _answering(token: str, *, status: int = 200) -> Lists:
    return Lists(HttpResponse(status=status, headers={}, body=token.encode()))


def _verify(folder: Path, *args: object, lists: Lists | None = None) -> tuple[int, Command]:
    document = folder / "voice.grant.json"
    if not document.exists():
        document.write_bytes(package())
    command = Command(environ={}, now=NOW, transport=lists).trusting(trust(), folder)
    return command.run("verify", document, *args), command


@pytest.mark.parametrize(
    ("status", "word", "code"), [(0, "valid", 0), (1, "invalid", 1), (2, "suspended", 1)]
)
def test_the_list_is_fetched_and_decides(tmp_path: Path, status: int, word: str, code: int) -> None:
    lists = _answering(_list(status))
    exit_code, said = _verify(tmp_path, "--status", lists=lists)
    assert (exit_code, lists.asked) == (code, [URI])
    assert re.search(rf"^status +{word}, as of 20\S+Z$", said.out, flags=re.MULTILINE)
    assert ("does not stand" in said.err) == (code == 1)
    exit_code, said = _verify(tmp_path, "--status", "--json", lists=_answering(_list(status)))
    assert exit_code == code
    found = json.loads(said.out)["status"]
    assert (found["checked"], found["says"], found["uri"], found["idx"]) == (True, word, URI, PLACE)


def test_without_the_option_nobody_is_asked_and_the_output_says_so(tmp_path: Path) -> None:
    code, said = _verify(tmp_path)
    assert code == 0
    assert re.search(r"^status +not checked: ", said.out, flags=re.MULTILINE)
    code, said = _verify(tmp_path, "--json")
    assert json.loads(said.out)["status"] == {"uri": URI, "idx": PLACE, "checked": False}


@pytest.mark.parametrize("status", [0, 1])
def test_a_kept_list_will_do_until_it_expires(tmp_path: Path, status: int) -> None:
    kept = tmp_path / "list.jwt"
    kept.write_text(_list(status) + "\n")
    assert _verify(tmp_path, "--status-list", kept)[0] == status
    kept.write_text(_list(status, at=NOW - timedelta(minutes=16)))
    code, said = _verify(tmp_path, "--status-list", kept)
    assert code == 3 and "list is good from" in said.err


@pytest.mark.parametrize(
    "lists",
    [
        Lists(),
        _answering(_list(0), status=503),
        _answering(_list(0, role="receipt")),
        _answering(_list(0, uri=URI + "1")),
        _answering("nothing of the kind"),
    ],
    ids=["silent", "failing", "another role", "another address", "no list"],
)
def test_where_no_list_can_be_relied_on_nobody_knows(tmp_path: Path, lists: Lists) -> None:
    code, said = _verify(tmp_path, "--status", lists=lists)
    assert code == 3 and "valid" not in said.out


def test_a_forged_package_is_invalid_before_anybody_is_asked(tmp_path: Path) -> None:
    document = tmp_path / "voice.grant.json"
    document.write_bytes(package().replace(b"audiobook", b"audiobooks", 1))
    lists = _answering(_list(0))
    assert _verify(tmp_path, "--status", lists=lists)[0] == 1
    assert lists.asked == []


def test_only_a_package_has_a_status(tmp_path: Path) -> None:
    value = receipt()
    token = sign_receipt(value, signer=receipt_signer(livemode=value.livemode))
    (tmp_path / "voice.grant.json").write_text(token)
    code, said = _verify(tmp_path, "--status", lists=Lists())
    assert code == 2 and "expected a grant package" in said.err
    code, said = _verify(tmp_path)
    assert code == 0 and "status" not in said.out

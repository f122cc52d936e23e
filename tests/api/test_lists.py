"""Lists: newest first, paged by a cursor that belongs to one list, filtered, and as CSV."""

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import House


@pytest.fixture(scope="module")
def shelf(house: "House") -> Any:
    """An organization with seven offers, drafted a minute apart on a clock of their own."""
    from tests.api.house import client
    from tests.registry.terms import INFER, TRAIN, terms

    pipeline = client(house)
    made = []
    for place in range(7):
        title = {"ref": f"NL-{place}", "title": ("Lighthouse", "Harbour")[place % 2]}
        body = {"terms": terms((TRAIN, INFER)[place % 2], project=title)}
        made.append(pipeline("POST", "/v1/offers", body).json["id"])
    return pipeline, made


def test_pages_join_to_the_whole_list_without_gap_or_repeat(shelf: Any) -> None:
    pipeline, made = shelf
    whole = [each["id"] for each in pipeline("GET", "/v1/offers").json["data"]]
    assert sorted(whole) == sorted(made)
    seen: list[str] = []
    cursor = ""
    for _ in range(4):
        answer = pipeline("GET", f"/v1/offers?limit=2{cursor}").json
        seen += [each["id"] for each in answer["data"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert seen == whole and answer["next_cursor"] is None


def test_a_cursor_belongs_to_its_caller_list_and_filter(house: "House", shelf: Any) -> None:
    from tests.api.house import client

    pipeline, _ = shelf
    cursor = pipeline("GET", "/v1/offers?limit=2").json["next_cursor"]
    stranger = client(house)
    for caller, path in (
        (pipeline, f"/v1/offers?status=draft&cursor={cursor}"),
        (pipeline, f"/v1/grants?cursor={cursor}"),
        (stranger, f"/v1/offers?cursor={cursor}"),
        (pipeline, f"/v1/offers?cursor={cursor[:-2]}AA"),
        (pipeline, "/v1/offers?cursor=AAAA"),
        (pipeline, "/v1/events?cursor=AAAA"),
    ):
        answer = caller("GET", path)
        assert (answer.status, answer.json["code"]) == (400, "cursor_invalid"), path


def test_filters_keep_what_they_say(shelf: Any) -> None:
    pipeline, made = shelf

    def ids(query: str) -> set[str]:
        return {each["id"] for each in pipeline("GET", f"/v1/offers?limit=100&{query}").json["data"]}

    assert ids("use=train.voice") == set(made[0::2])
    assert ids("use=infer.voice") == set(made[1::2])
    assert ids("use=train") == set()
    assert ids("q=harbour") == set(made[1::2])
    assert ids("q=NL-3") == {made[3]}
    assert ids("q=%25") == set() and ids("q=_") == set()
    assert ids("status=draft") == set(made) and ids("status=signed") == set()
    assert ids("created_after=2026-12-01T09:00:00Z") == set(made)
    assert ids("created_before=2026-12-01T09:00:00Z") == set()
    assert ids("external_id=nobody") == set()


def test_grants_are_filtered_by_what_their_licensee_sees(house: "House") -> None:
    from tests.api.house import end, granted

    standing = granted(house)
    pipeline = standing.pipeline
    over = granted(house, pipeline=pipeline)
    end(house, over)

    def ids(query: str) -> list[str]:
        return [each["id"] for each in pipeline("GET", f"/v1/grants?{query}").json["data"]]

    assert ids("status=active") == [standing.grant] and ids("status=ended") == [over.grant]
    assert ids("status=paused") == []
    assert set(ids("use=infer.voice")) == {standing.grant, over.grant}
    pipeline("POST", "/v1/external-ids", {"performer": over.reference, "external_id": "over"})
    assert ids("external_id=over") == [over.grant]


def test_a_term_that_ran_out_reads_as_an_end_before_any_sweep(house: "House", api_log_ports: Any) -> None:
    from tests.api.house import build_house, granted
    from tests.registry.terms import terms
    from tests.registry.world import Clock

    clock = Clock()
    own = build_house(api_log_ports, clock)
    of = granted(own, terms=terms(valid_until="2026-12-02T00:00:00Z"))
    assert of.ask().json["decision"] == "allow"
    clock.forward(days=1)
    read = of.pipeline("GET", f"/v1/grants/{of.grant}").json
    assert (read["state"], read["state_since"]) == ("ended", "2026-12-02T00:00:00Z")
    assert [each["id"] for each in of.pipeline("GET", "/v1/grants?status=ended").json["data"]] == [of.grant]
    assert of.pipeline("GET", "/v1/grants?status=active").json["data"] == []
    assert of.ask().json["decision"] == "deny"


def test_a_list_is_offered_as_csv_with_the_cursor_in_a_link(shelf: Any) -> None:
    pipeline, made = shelf
    answer = pipeline("GET", "/v1/offers?limit=3", headers={"Accept": "text/csv"})
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Vary"] == "Accept" and 'rel="next"' in answer.headers["Link"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode())))
    assert len(rows) == 3 and {row["id"] for row in rows} <= set(made)
    assert rows[0]["livemode"] == "true" and rows[0]["performer"] == ""


def test_a_cell_that_a_spreadsheet_would_run_is_quoted(house: "House") -> None:
    from tests.api.house import client

    pipeline = client(house)
    body = {"email": "a@b.example", "role": "desk", "display_name": "=HYPERLINK(1)"}
    assert pipeline("POST", "/v1/members", body).status == 201
    text = pipeline("GET", "/v1/members", headers={"Accept": "text/csv"}).data.decode()
    assert "'=HYPERLINK(1)" in text


def test_events_are_paged_in_the_order_of_the_history(shelf: Any, house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    whole = of.pipeline("GET", "/v1/events?limit=100").json
    kinds = [each["type"] for each in whole["data"]]
    assert kinds.index("grant.signed") < kinds.index("offer.viewed") < kinds.index("offer.sent")
    first = of.pipeline("GET", "/v1/events?limit=2").json
    rest = of.pipeline("GET", f"/v1/events?limit=100&cursor={first['next_cursor']}").json
    assert first["data"] + rest["data"] == whole["data"]
    at_least = whole["data"][0]["position"]
    assert of.ask(at_least=at_least).status == 200


def test_the_number_of_queries_of_a_list_does_not_grow_with_its_rows(shelf: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    pipeline, _ = shelf
    counts = []
    for limit in (1, 7):
        with CaptureQueriesContext(connection) as queries:
            assert len(pipeline("GET", f"/v1/offers?limit={limit}").json["data"]) == limit
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5

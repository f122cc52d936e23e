"""Quotas and rates: the limit is a fact, the count each process's own, merged each second, overshoot bounded."""

import random
import threading

import pytest

from consent.core.wire.problem import ApiError, problem_headers, to_problem
from tests.check.limits.house import CHECK, Sums, Time, caller, meter, passes


def test_a_key_without_limits_is_not_counted_and_gets_no_fields() -> None:
    time = Time()
    sums = Sums(time)
    one = meter(time, sums)
    assert one.count(caller(), CHECK, 10_000) == ()
    one.tell()
    assert sums.rows == {}


def test_a_route_that_tells_of_changes_is_never_counted() -> None:
    time = Time()
    one = meter(time, Sums(time))
    who = caller(quota=1, rate=1)
    for _ in range(100):
        assert one.count(who, "/v1/changes", 1) == ()


def test_every_answer_says_the_policies_and_what_remains() -> None:
    time = Time()
    one = meter(time, Sums(time))
    who = caller(quota=1000, rate=100)
    headers = dict(one.count(who, CHECK, 1))
    assert headers["RateLimit-Policy"] == '"second";q=100;w=1, "daily";q=1000;w=86400'
    assert headers["RateLimit"] == '"second";r=99;t=1, "daily";r=999;t=43200'
    assert dict(one.count(caller(quota=5, key="key_b"), CHECK, 2)) == {
        "RateLimit-Policy": '"daily";q=5;w=86400',
        "RateLimit": '"daily";r=3;t=43200',
    }
    assert dict(one.count(who, CHECK, 0))["RateLimit"].startswith('"second";r=99')


def test_the_row_after_the_quota_is_refused_and_says_which_policy_and_until_when() -> None:
    time = Time()
    one = meter(time, Sums(time))
    who = caller(quota=3)
    assert [passes(one, who) for _ in range(4)] == [True, True, True, False]
    with pytest.raises(ApiError) as caught:
        one.count(who, CHECK, 1)
    problem = to_problem(caught.value, origin="https://r.example", request_id="req_a")
    assert (problem.status, problem.code, problem.violated_policies) == (429, "quota_exceeded", ["daily"])
    headers = problem_headers(problem, caught.value)
    assert headers["Retry-After"] == "43200"
    assert headers["RateLimit"] == '"daily";r=0;t=43200'
    assert one.refused["daily"] == 2


@pytest.mark.parametrize(("rate", "rows"), [(1, 2), (1, 3), (5, 6), (5, 500)])
def test_more_rows_than_a_second_has_need_a_full_second_and_are_owed(rate: int, rows: int) -> None:
    time = Time()
    one = meter(time, Sums(time))
    who = caller(rate=rate)

    def batch() -> bool:
        """As both faces count one: the call before its body is read, then its further rows."""
        try:
            one.count(who, CHECK, 1)
            one.count(who, CHECK, rows - 1, before=1)
        except ApiError:
            return False
        return True

    assert batch()
    assert not batch() and not passes(one, who)
    time.now += (rows + 1) / rate + 1
    assert passes(one, who)
    assert not batch()  # what was taken of this second is missing


def test_the_row_above_the_rate_is_refused_and_a_second_later_there_is_more() -> None:
    time = Time()
    one = meter(time, Sums(time))
    who = caller(rate=10)
    assert sum(passes(one, who) for _ in range(50)) == 10
    with pytest.raises(ApiError) as caught:
        one.count(who, CHECK, 1)
    assert (caught.value.code, caught.value.headers["Retry-After"]) == ("rate_limited", "1")
    time.now += 0.5
    assert sum(passes(one, who) for _ in range(50)) == 5
    time.now += 3600
    assert sum(passes(one, who) for _ in range(50)) == 10


def test_a_batch_counts_its_rows_and_one_that_passes_the_quota_in_the_middle_is_refused_whole() -> None:
    time = Time()
    one = meter(time, Sums(time))
    who = caller(quota=100)
    assert passes(one, who, 99)
    assert not passes(one, who, 2)
    assert passes(one, who, 1)


def test_a_batch_of_more_rows_than_a_second_holds_waits_for_a_full_second_and_is_paid_off() -> None:
    time = Time()
    one = meter(time, Sums(time))
    who = caller(rate=10)
    assert passes(one, who, 1)
    assert not passes(one, who, 35)
    time.now += 1
    assert passes(one, who, 35)
    time.now += 2.5
    assert not passes(one, who)
    time.now += 0.2
    assert passes(one, who)


def test_counts_are_merged_each_second_and_a_late_process_knows_them() -> None:
    time = Time()
    sums = Sums(time)
    nodes = [meter(time, sums) for _ in range(4)]
    who = caller(quota=100)
    for node in nodes:
        assert passes(node, who, 20)
    for _ in range(2):
        for node in nodes:
            node.tell()
    assert [passes(node, who, 21) for node in nodes] == [False] * 4
    late = meter(time, sums)
    assert not passes(late, caller(quota=100, counted=80, counted_on=time.at.date()), 21)
    assert passes(late, caller(quota=100, counted=80, counted_on=time.at.date()), 20)


@pytest.mark.parametrize("seed", range(20))
def test_overshoot_is_at_most_what_the_others_let_pass_in_one_second(seed: int) -> None:
    """Every process hammers without end; the totals stay within what `key_meter` states."""
    at_random = random.Random(seed)
    time = Time()
    sums = Sums(time)
    count, rate, seconds = at_random.randint(1, 6), at_random.randint(5, 60), 30
    quota = rate * at_random.randint(5, 40)
    nodes = [meter(time, sums) for _ in range(count)]
    who = caller(quota=quota, rate=rate)
    due = [at_random.random() for _ in nodes]
    passed = 0
    for step in range(seconds * 20):
        time.now = step / 20
        for place in at_random.sample(range(count), count):
            if time.now >= due[place]:
                nodes[place].tell()
                due[place] += 1.0
            passed += sum(passes(nodes[place], who) for _ in range(at_random.randint(0, 2 * rate // 5)))
    beyond = (count - 1) * rate * 2  # of one second between two tellings, and a bucket of one second
    assert passed <= quota + beyond
    assert passed <= rate * (seconds + 1) + beyond


def test_at_midnight_utc_of_the_primary_a_new_day_begins() -> None:
    time = Time(now=12 * 3600 - 2.0)
    sums = Sums(time)
    one = meter(time, sums)
    who = caller(quota=10)
    today = time.at.date()
    assert passes(one, who, 10) and not passes(one, who)
    time.now += 2.0
    assert passes(one, who, 4)
    one.tell()
    assert sums.rows == {("key_a", today): 10, ("key_a", time.at.date()): 4}
    assert not passes(one, who, 7)
    # What was read yesterday counts yesterday.
    assert passes(meter(time, sums), caller(quota=10, counted=10, counted_on=today), 10)


def test_a_machine_whose_clock_is_a_day_off_counts_by_the_primarys_day() -> None:
    time = Time()
    sums = Sums(time)
    from datetime import timedelta

    one = meter(time, sums, wall=lambda: time.at - timedelta(days=1))
    who = caller(quota=10)
    assert passes(one, who, 4)
    one.tell()
    assert passes(one, who, 5)
    one.tell()
    assert sums.rows[("key_a", time.at.date())] == 5


def test_while_the_primary_is_away_counting_goes_on_and_nothing_is_lost() -> None:
    time = Time()
    sums = Sums(time, broken=True)
    one = meter(time, sums)
    who = caller(quota=10)
    for _ in range(10):
        assert passes(one, who)
        with pytest.raises(ConnectionError):
            one.tell()
    assert not passes(one, who)
    sums.broken = False
    one.tell()
    assert sums.rows == {("key_a", time.at.date()): 10}
    one.tell()
    assert sums.rows == {("key_a", time.at.date()): 10}


def test_a_lower_limit_counts_at_once_and_gives_nobody_a_second_for_nothing() -> None:
    time = Time()
    one = meter(time, Sums(time))
    assert passes(one, caller(quota=100, rate=10), 10)
    assert not passes(one, caller(quota=100, rate=20), 1)
    assert not passes(one, caller(quota=10), 1)
    assert passes(one, caller(quota=11), 1)


def test_a_successor_counts_on_the_account_of_the_key_before_it() -> None:
    time = Time()
    one = meter(time, Sums(time))
    assert passes(one, caller(quota=10, key="key_a"), 10)
    assert not passes(one, caller(quota=10, key="key_b", account="key_a"))
    assert passes(one, caller(quota=10, key="key_c"))


def test_threads_together_get_exactly_the_quota() -> None:
    time = Time()
    sums = Sums(time)
    one = meter(time, sums)
    who = caller(quota=5000)
    passed: list[int] = []

    def hammer() -> None:
        passed.append(sum(passes(one, who) for _ in range(2000)))

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        one.tell()
    one.tell()
    assert sum(passed) == 5000
    assert sums.rows == {("key_a", time.at.date()): 5000}


def test_a_forked_child_does_not_tell_what_its_parent_counted() -> None:
    import os

    time = Time()
    sums = Sums(time)
    one = meter(time, sums)
    assert passes(one, caller(quota=10), 7)
    child = os.fork()
    if child == 0:
        one.tell()
        os._exit(0 if sums.rows == {} else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    one.tell()
    assert sums.rows == {("key_a", time.at.date()): 7}


def test_the_primary_adds_up_what_processes_tell(database: str) -> None:
    from datetime import UTC, datetime, timedelta
    from uuid import uuid4

    from consent.registry.operations.count_keys import count_keys, forget_key_use
    from consent.registry.queries.key_use import key_use, last_key_use

    mine, other = f"key_{uuid4().hex}", f"key_{uuid4().hex}"
    today = count_keys({}, []).at.date()
    assert last_key_use(mine) is None
    assert count_keys({(mine, today): 3}, [mine, other]).used == {mine: 3}
    told = count_keys({(mine, today): 4, (mine, today - timedelta(days=1)): 9, (other, today): 1}, [mine])
    assert told.used == {mine: 7}
    assert key_use([mine, other], today) == {mine: 7, other: 1}
    assert last_key_use(mine) == (today, 7)
    count_keys({(mine, today - timedelta(days=200)): 1}, [])
    assert forget_key_use(datetime.now(UTC)) >= 1
    assert last_key_use(mine) == (today, 7)

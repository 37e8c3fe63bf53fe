"""Schedules: their times over nights in which clocks change, missed times, and what is refused."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rules.schedule import (
    Firing,
    Misfire,
    Rhythm,
    data_errors,
    due,
    event_data,
    in_words,
    next_time,
    next_times,
    rhythm_errors,
)

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def cron(expression: str, zone: str = "Europe/Berlin") -> Rhythm:
    return Rhythm(expression, None, zone, 0)


def local(moments: list[float]) -> list[str]:
    return [datetime.fromtimestamp(moment, BERLIN).isoformat(timespec="minutes") for moment in moments]


@pytest.mark.parametrize(
    ("expression", "after", "times"),
    [
        (
            "30 2 * * *",
            "2027-03-27T12:00+01:00",
            ["2027-03-28T03:00+02:00", "2027-03-29T02:30+02:00"],
        ),
        (
            "30 2 * * *",
            "2027-10-30T12:00+02:00",
            ["2027-10-31T02:30+02:00", "2027-11-01T02:30+01:00"],
        ),
        (
            "*/30 * * * *",
            "2027-10-31T01:45+02:00",
            [
                "2027-10-31T02:00+02:00",
                "2027-10-31T02:30+02:00",
                "2027-10-31T02:00+01:00",
                "2027-10-31T02:30+01:00",
            ],
        ),
        ("*/30 * * * *", "2027-03-28T01:15+01:00", ["2027-03-28T01:30+01:00", "2027-03-28T03:00+02:00"]),
        ("0 0 * * 0", "2026-11-25T00:00+01:00", ["2026-11-29T00:00+01:00"]),
        ("0 0 1 * 1", "2026-11-25T00:00+01:00", ["2026-11-30T00:00+01:00", "2026-12-01T00:00+01:00"]),
        ("0 9 29 2 *", "2026-11-25T00:00+01:00", ["2028-02-29T09:00+01:00"]),
    ],
)
def test_cron_over_the_nights_in_which_clocks_change(expression: str, after: str, times: list[str]) -> None:
    assert local(next_times(cron(expression), at(after), len(times))) == times


def test_every_so_many_seconds_goes_on_from_when_it_was_made() -> None:
    rhythm = Rhythm(None, 90, "UTC", 1_000.0)

    assert next_times(rhythm, 0, 2) == [1_000.0, 1_090.0]
    assert next_times(rhythm, 1_000.0, 3) == [1_090.0, 1_180.0, 1_270.0]
    assert next_time(rhythm, 1_000_000_123.0) == 1_000_000_180.0


MORNING = cron("0 9 * * *", "UTC")
NINE = at("2026-11-25T09:00+00:00")
DAY = 86_400.0


@pytest.mark.parametrize(
    ("late_s", "misfire", "firing"),
    [
        (0, "once", Firing(True, NINE, 0, NINE + DAY)),
        (60, "once", Firing(True, NINE, 0, NINE + DAY)),
        (60, "skip", Firing(True, NINE, 0, NINE + DAY)),
        (61, "once", Firing(True, NINE, 0, NINE + DAY)),
        (61, "skip", Firing(False, NINE, 0, NINE + DAY)),
        (3 * DAY + 5, "once", Firing(True, NINE, 3, NINE + 4 * DAY)),
        (3 * DAY + 5, "skip", Firing(False, NINE, 0, NINE + 3 * DAY)),
        (3 * DAY + 61, "skip", Firing(False, NINE, 0, NINE + 4 * DAY)),
    ],
)
def test_a_missed_time_is_made_up_for_once_or_not_at_all(
    late_s: float, misfire: Misfire, firing: Firing
) -> None:
    assert due(MORNING, NINE, NINE + late_s, misfire, 60) == firing


@given(
    every_s=st.integers(60, 5_000),
    anchor=st.integers(0, 10_000),
    late_s=st.integers(0, 100_000),
    grace_s=st.integers(0, 600),
    misfire=st.sampled_from(["once", "skip"]),
)
def test_it_always_goes_on_and_never_twice_for_one_time(
    every_s: int, anchor: int, late_s: int, grace_s: int, misfire: Misfire
) -> None:
    rhythm = Rhythm(None, every_s, "UTC", float(anchor))
    next_at = float(anchor + every_s)
    now, fired = next_at + late_s, []
    while next_at <= now:
        firing = due(rhythm, next_at, now, misfire, grace_s)
        assert firing.next_at > next_at
        fired += [firing.scheduled_for] if firing.fires else []
        next_at = firing.next_at

    assert fired == sorted(set(fired))
    assert len(fired) <= 2 + grace_s // every_s, "never a burst"


def test_its_event_says_for_when_it_is_and_carries_its_own_fields_as_they_were() -> None:
    data = event_data("sch_1", Firing(True, NINE, 2, 0), b'{ "amount":1.10 }')

    assert data == b'{"schedule":"sch_1","scheduled_for":"2026-11-25T09:00:00Z","missed":2,"amount":1.10}'
    assert json.loads(event_data("sch_1", Firing(True, NINE, 0, 0), b"{}"))["missed"] == 0


@pytest.mark.parametrize(
    ("expression", "every_s", "zone", "fields"),
    [
        ("0 9 * * 1-5", None, "Europe/Berlin", []),
        (None, 60, "UTC", []),
        (None, None, "UTC", ["cron"]),
        ("0 9 * * *", 60, "UTC", ["cron"]),
        (None, 59, "UTC", ["every_s"]),
        ("0 9 * * *", None, "Mars/Base", ["time_zone"]),
        ("0 9 * * *", None, "../../etc/passwd", ["time_zone"]),
        ("9:00 weekdays", None, "Berlin", ["time_zone", "cron"]),
        ("0 9 * *", None, "UTC", ["cron"]),
        ("* * * * * *", None, "UTC", ["cron"]),
        ("61 * * * *", None, "UTC", ["cron"]),
        ("0 0 30 2 *", None, "UTC", ["cron"]),
        ("0 " * 200, None, "UTC", ["cron"]),
    ],
)
def test_what_cannot_be_planned_is_refused(
    expression: str | None, every_s: int | None, zone: str, fields: list[str]
) -> None:
    assert [field for field, _ in rhythm_errors(expression, every_s, zone)] == fields


def test_its_own_fields_are_an_object_without_the_hubs_names() -> None:
    assert data_errors({"a": 1}) == []
    assert [field for field, _ in data_errors({"missed": 1, "schedule": 2})] == [
        "data.schedule",
        "data.missed",
    ]
    assert [field for field, _ in data_errors([1])] == ["data"]
    assert [field for field, _ in data_errors({"a": "x" * 70_000})] == ["data"]


def test_it_says_when_it_fires_in_words() -> None:
    assert in_words(cron("0 9 * * 1-5")) == "At 09:00 on Monday through Friday"
    assert in_words(Rhythm(None, 60, "UTC", 0)) == "Every minute"
    assert in_words(Rhythm(None, 90, "UTC", 0)) == "Every 90 seconds"
    assert in_words(Rhythm(None, 7_200, "UTC", 0)) == "Every 2 hours"


def test_times_are_found_in_utc_too() -> None:
    assert next_time(cron("0 0 * * *", "UTC"), at("2026-11-25T00:00+00:00")) == at("2026-11-26T00:00+00:00")
    assert datetime.fromtimestamp(NINE, UTC).hour == 9

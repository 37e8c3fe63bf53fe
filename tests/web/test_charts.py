"""Charts are text that is safe to put into a page, and say in words and numbers what they draw."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.web import charts

HOURS = [f"{hour:02d}:00" for hour in range(24)]
counts = st.lists(st.integers(0, 10**7), min_size=24, max_size=24)


def parsed(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup))


@given(counts, counts)
def test_every_bar_stays_inside_its_picture(delivered: list[int], failed: list[int]) -> None:
    for drawn, height in (
        (charts.spark(delivered, failed, "x"), 24.0),
        (charts.bars(HOURS, delivered, failed, "x"), 100.0),
    ):
        for bar in parsed(drawn).iter("rect"):
            assert float(bar.get("y", "")) >= -0.01
            assert float(bar.get("y", "")) + float(bar.get("height", "")) <= height + 0.01


@given(counts, counts)
def test_each_hour_says_its_own_numbers(delivered: list[int], failed: list[int]) -> None:
    titles = [title.text for title in parsed(charts.bars(HOURS, delivered, failed, "x")).iter("title")]
    assert titles == [
        f"{h}: {g} delivered, {b} failed" for h, g, b in zip(HOURS, delivered, failed, strict=True)
    ]


def test_a_failure_is_ticked_below_the_line_and_not_told_by_colour_alone() -> None:
    failed = [0] * 23 + [1]
    ticks = [
        bar for bar in parsed(charts.spark([0] * 24, failed, "x")).iter("rect") if bar.get("y") == "22.00"
    ]
    assert len(ticks) == 1
    assert not list(parsed(charts.spark([0] * 24, [0] * 24, "x")).iter("rect"))


def test_hours_without_answers_are_gaps_in_the_line() -> None:
    half: list[float | None] = [30.0] * 5 + [None] * 3 + [40.0] * 16
    most: list[float | None] = [60.0] * 5 + [None] * 3 + [80.0] * 16
    lines = [
        line
        for line in parsed(charts.durations(HOURS, half, most, "x")).iter("polyline")
        if line.get("class") == "c-line"
    ]
    assert [len(line.get("points", "").split()) for line in lines] == [5, 16]
    first = charts.durations(HOURS, [None] * 23 + [5.0], [None] * 23 + [9.0], "one hour")
    [line] = [one for one in parsed(first).iter("polyline") if one.get("class") == "c-line"]
    assert len(set(line.get("points", "").split())) == 2, "a single point would not be seen"
    empty = charts.durations(HOURS, [None] * 24, [None] * 24, "no answers")
    assert not list(parsed(empty).iter("polyline"))


@pytest.mark.parametrize(
    "drawn",
    [
        charts.spark([1], [0], '"><script>'),
        charts.bars(["<b>"], [1], [0], '"><script>'),
        charts.area([1, 2], '"><script>', ["<i>"], "<u>"),
        charts.phases([1, None, 2], '"><script>'),
    ],
)
def test_words_from_outside_stay_words(drawn: str) -> None:
    assert not re.search(r"<(script|b|i|u)>", str(drawn))


@given(st.floats(1, 1e12))
def test_an_axis_ends_a_little_above_the_highest_value(value: float) -> None:
    top = charts._rounded_up(value)
    assert value <= top <= 1.34 * value + 1e-6


def test_phases_keep_their_order_and_leave_out_what_took_no_time() -> None:
    bars = list(parsed(charts.phases([10, None, 30, 0, 60, 1], "Phases")).iter("rect"))
    assert [bar.get("class") for bar in bars] == ["p0", "p0", "p0", "p1"]
    places = [float(bar.get("x", "")) for bar in bars]
    assert places == sorted(places)

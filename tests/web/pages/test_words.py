"""What pages say of hooks and numbers, one row for each thing that can be said."""

from dataclasses import replace
from typing import Any

import pytest

from hub.operations.overview import OPEN_MAX, HookRow, Hours
from hub.rules.health import GONE_REASON, Health
from hub.rules.settings import Settings
from hub.store import hooks
from hub.store.figures import Results
from hub.store.hooks import Hook, LastResult
from hub.web.pages import words
from tests.rigs.stage import Stage

DAY = Hours(480_000, tuple(Results(delivered=n, failed=n % 2) for n in range(24)))


@pytest.fixture
def hook(sqlite: Stage) -> Hook:
    hook_id = sqlite.hook(target_url="https://in.example/path")
    found = sqlite.read(lambda: hooks.get(hook_id))
    assert found is not None
    return found


def test_a_hook_is_called_by_its_name_else_by_its_host(hook: Hook) -> None:
    assert words.title(replace(hook, name="Ledger")) == "Ledger"
    assert words.title(hook) == "in.example"
    assert words.address(hook) == "in.example/path"
    odd = replace(hook, target_url="nowhere")
    assert (words.title(odd), words.address(odd)) == ("nowhere", "nowhere")


@pytest.mark.parametrize(
    ("count", "most", "said"),
    [(0, 0, "0"), (1204, 0, "1,204"), (9_999, 10_000, "9,999"), (10_000, 10_000, "10,000+")],
)
def test_a_number_that_was_not_counted_to_its_end_says_so(count: int, most: int, said: str) -> None:
    assert words.number(count, most) == said


def test_one_is_not_many() -> None:
    said = [words.counted(count, "delivery", "deliveries") for count in (0, 1, 2)]
    assert said == ["0 deliveries", "1 delivery", "2 deliveries"]


@pytest.mark.parametrize(
    ("health", "open_count", "limit", "said"),
    [
        (Health(), 0, 5, ""),
        (Health("failing", consecutive_failures=2), 1, 5, "2 of 5 in a row"),
        (Health("failing", consecutive_failures=2), 1, 0, "2 in a row"),
        (Health("auto_disabled", disabled_reason="too many"), 37, 5, "37 held"),
        (Health("auto_disabled", disabled_reason="too many"), OPEN_MAX, 5, f"{OPEN_MAX:,}+ held"),
        (Health("auto_disabled", disabled_reason=GONE_REASON), 37, 5, "answered 410"),
        (Health("gone"), 0, 5, "answered 410"),
        (Health("disabled", disabled_reason="switched off by mia"), 0, 5, "by mia"),
        (Health("disabled", disabled_reason="made switched off by mia"), 0, 5, "by mia"),
        (Health("disabled"), 0, 5, ""),
    ],
)
def test_the_line_below_a_state(hook: Hook, health: Health, open_count: int, limit: int, said: str) -> None:
    row = HookRow(replace(hook, health=health), DAY, open_count, None)
    assert words.under_state(row, limit) == said


@pytest.mark.parametrize(
    ("last", "health", "said"),
    [
        (None, Health(), None),
        (LastResult(10, 204, 0.084), Health(last_success_at=10), (True, "204 in 84 ms")),
        (LastResult(10, 500, 2.3), Health(last_success_at=9), (False, "500 in 2.3 s")),
        (LastResult(10, None, 15), Health(last_error="timed out"), (False, "timed out")),
        (LastResult(10, None, 15), Health(), (False, "no answer")),
    ],
)
def test_the_last_result_says_whether_it_was_good(
    hook: Hook, last: LastResult | None, health: Health, said: Any
) -> None:
    assert words.last_result(replace(hook, last=last, health=health)) == said


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (("*",), "All events"),
        (("story.state", "story.create"), "Story events"),
        (("a.b", "c.*"), "a.b, c.*"),
        (("a", "b", "c", "d", "e"), "a, b, c and 2 more"),
    ],
)
def test_what_a_hook_wants(events: tuple[str, ...], said: str) -> None:
    assert words.wants(events, {"story": ("story.create", "story.state")}) == said


def test_patterns_stand_for_the_types_that_they_match() -> None:
    assert words.types_wanted(["story.*", "task.done"], ["story.a", "story.b", "task.done", "task.new"]) == 3


@pytest.mark.parametrize(
    ("kind", "app", "said"),
    [
        ("page", None, "Page"),
        ("api", None, "API"),
        ("app", "zapier", "Zapier"),
        ("app", "gone_app", "gone_app"),
    ],
)
def test_where_a_hook_came_from(hook: Hook, kind: Any, app: str | None, said: str) -> None:
    assert words.origin(replace(hook, origin_kind=kind, origin_app=app)) == said


def test_hours_are_named_in_utc_and_summed_up() -> None:
    labels = words.hour_labels(DAY)
    assert (labels[0], labels[23], len(labels)) == ("00:00", "23:00", 24)
    assert words.hour_labels(replace(DAY, first=DAY.first + 5))[:2] == ["05:00", "06:00"]
    assert words.hours_label(DAY) == "Last 24 hours: 276 delivered, 12 failed"


@pytest.mark.parametrize(
    ("health", "until"),
    [
        (Health("disabled", disabled_at=100), 100 + 2 * 86_400),
        (Health("auto_disabled", disabled_at=100), 100 + 2 * 86_400),
        (Health("disabled"), None),
        (Health("failing", disabled_at=100), None),
    ],
)
def test_until_when_a_hook_that_is_off_holds_its_deliveries(
    hook: Hook, health: Health, until: float | None
) -> None:
    assert words.held_until(replace(hook, health=health), Settings(hold_days=2)) == until


def test_a_body_is_laid_out_without_changing_its_numbers() -> None:
    assert words.pretty(b'{"n":1.10,"big":12345678901234567890}') == (
        '{\n  "n": 1.10,\n  "big": 12345678901234567890\n}'
    )
    assert words.pretty(b"no json") == "no json"
    assert words.pretty(b"\xff{") == "�{"


def test_errors_are_told_once_for_each_field_with_its_label() -> None:
    errors = [
        ("target_url", "must be a URL"),
        ("events[0]", "is no pattern"),
        ("events[1]", "stands there twice"),
        ("headers.X-Key", "is one that the hub sends itself"),
        ("odd", "Give another."),
    ]
    assert words.errors_by_field(errors) == {
        "target_url": "Target URL must be a URL.",
        "events": "Events is no pattern. Events stands there twice.",
        "headers": "Header X-Key is one that the hub sends itself.",
        "odd": "odd: Give another.",
    }


def test_what_is_wrong_with_the_parts_of_a_field_stands_at_the_field() -> None:
    errors = [("url", "must begin with nats://"), ("projects[0]", "there is no A"), ("projects[1]", "nor B")]
    found = words.messages_by_field(errors)
    assert found == {"url": "must begin with nats://", "projects": "there is no A; nor B"}

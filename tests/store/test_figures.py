"""Counters by the hour: what they count, whose, and for how long."""

from typing import Any

import pytest

from hub.rules.outcome import Kind, Outcome
from hub.store import figures, hooks, retention
from hub.store.figures import HOUR_S, Results, hour_of, project_subject
from tests.rigs.stage import Stage

NOON = 1_790_000_000.0 // HOUR_S * HOUR_S


def ended(at: float, kind: Kind = "success", duration_s: float = 0.05) -> Outcome:
    return Outcome(kind, at - duration_s, duration_s, status=200 if kind == "success" else 500)


def count(store: Stage, *outcomes: tuple[str, Outcome]) -> None:
    rows = [(hook_id, 7, outcome) for hook_id, outcome in outcomes]
    store.do(lambda: store.count(rows))


def read(store: Stage, *subjects: str, since: float = 0) -> dict[str, dict[int, Results]]:
    found: dict[str, Any] = store.do(lambda: figures.results(store.database, subjects, hour_of(since)))
    return found


def test_successes_and_failures_are_counted_in_their_hour_for_hook_and_project(store: Stage) -> None:
    count(
        store,
        ("hook_a", ended(NOON + 1)),
        ("hook_a", ended(NOON + 2, "failure")),
        ("hook_b", ended(NOON + 3)),
    )
    count(store, ("hook_a", ended(NOON + 10)), ("hook_a", ended(NOON + HOUR_S + 1, "gone")))
    found = read(store, "hook_a", "hook_b", project_subject(7))
    hour = hour_of(NOON)
    assert {at: (one.delivered, one.failed) for at, one in found["hook_a"].items()} == {
        hour: (2, 1),
        hour + 1: (0, 1),
    }
    assert (found["hook_b"][hour].delivered, found["hook_b"][hour].failed) == (1, 0)
    assert (found["project-7"][hour].delivered, found["project-7"][hour].failed) == (3, 1)


@pytest.mark.parametrize("kind", ["later", "refused", "fault", "unknown"])
def test_what_is_not_the_receivers_fault_is_no_failure_of_its(store: Stage, kind: Kind) -> None:
    count(store, ("hook_a", ended(NOON, kind)))
    assert read(store, "hook_a") == {}


def test_only_successes_say_how_long_an_answer_took(store: Stage) -> None:
    count(
        store,
        *[("hook_a", ended(NOON + n, duration_s=0.03)) for n in range(1, 20)],
        ("hook_a", ended(NOON + 30, duration_s=3)),
        ("hook_a", ended(NOON + 31, "failure", duration_s=15)),
    )
    one = read(store, "hook_a")["hook_a"][hour_of(NOON)]
    assert one.within_ms(0.5) == pytest.approx(30, rel=0.6)
    assert one.within_ms(0.99) == pytest.approx(3000, rel=0.6)


def test_hours_before_the_one_asked_for_are_left_out(store: Stage) -> None:
    count(store, ("hook_a", ended(NOON)), ("hook_a", ended(NOON + 5 * HOUR_S)))
    assert list(read(store, "hook_a", since=NOON + HOUR_S)["hook_a"]) == [hour_of(NOON) + 5]


def test_events_are_counted_by_type_and_hour(store: Stage) -> None:
    hour = hour_of(NOON)
    for at in (NOON + 1, NOON + 9):
        counts = {(7, "a.b", hour): (2, 4, at), (7, "c.d", hour): (1, 0, NOON)}
        store.do(lambda counts=counts: figures.add_events(store.database, counts))
    found = store.do(lambda: figures.type_counts(store.database, 7, hour))
    assert sorted((c.type, c.events, c.deliveries, c.last_at) for c in found) == [
        ("a.b", 4, 8, NOON + 9),
        ("c.d", 2, 0, NOON),
    ]


def test_old_hours_are_forgotten(store: Stage) -> None:
    count(store, ("hook_a", ended(NOON)), ("hook_a", ended(NOON + HOUR_S)))
    later = NOON + (figures.KEPT_HOURS + 1) * HOUR_S
    store.do(lambda: retention.forget(store.settings, later))
    assert list(read(store, "hook_a")["hook_a"]) == [hour_of(NOON) + 1]


def test_of_each_type_the_first_and_the_last_hour_stay(store: Stage) -> None:
    for n in range(4):
        at = NOON + n * HOUR_S
        counts = {(7, "a.b", hour_of(at)): (1, 0, at), (7 + n, "only.once", hour_of(at)): (1, 0, at)}
        store.do(lambda counts=counts: figures.add_events(store.database, counts))
    store.do(lambda: retention.forget(store.settings, NOON + (figures.KEPT_HOURS + 9) * HOUR_S))
    kept = store.do(lambda: figures.type_counts(store.database, 7, 0))
    first, last = hour_of(NOON), hour_of(NOON) + 3
    assert sorted((c.type, c.hour) for c in kept) == [("a.b", first), ("a.b", last), ("only.once", first)]
    spans = store.read(lambda: figures.type_spans(store.database, 7))
    assert spans == {"a.b": (first * HOUR_S, NOON + 3 * HOUR_S), "only.once": (first * HOUR_S, NOON)}


def test_recording_counts_and_leaves_the_last_result_with_the_hook(store: Stage) -> None:
    hook_id = store.hook()
    store.publish([hook_id])
    store.record(store.claim(), "failure", status=503)
    found = store.do(lambda: hooks.get(hook_id))
    assert found is not None
    assert found.last is not None
    assert (found.last.status, found.last.at) == (503, pytest.approx(store.clock.now(), abs=5))
    [one] = read(store, hook_id)[hook_id].values()
    assert (one.delivered, one.failed) == (0, 1)


def test_events_are_summed_by_project(store: Stage) -> None:
    hour = hour_of(NOON)
    counts = {
        (7, "a", hour): (2, 0, NOON),
        (7, "b", hour + 1): (3, 0, NOON),
        (7, "a", hour - 1): (100, 0, NOON),
        (8, "a", hour): (1, 0, NOON),
    }
    store.do(lambda: figures.add_events(store.database, counts))
    sums = store.read(lambda: figures.event_counts(store.database, [7, 8, 9], hour))
    assert sums == {7: 5, 8: 1}
    assert store.read(lambda: figures.event_counts(store.database, [], hour)) == {}

"""Events are found by type, in order, and never more of them than memory bears."""

from hub.ids import new_id
from hub.rules.matching import Subscription
from hub.store import event_lists, events
from hub.store.event_lists import LIST_BYTES_MAX, SMALL_BYTES_MAX
from hub.store.events import NewEvent
from tests.rigs.stage import Stage


def test_events_are_listed_newest_first_without_tests(store: Stage) -> None:
    made = store.publish([], 3)
    for code in ("hook.ping", "task.create"):
        one = NewEvent(new_id("evt"), store.project.id, code, 0, b"{}")
        store.do(lambda one=one: events.add(store.database, [one], 0))  # type: ignore[misc]
    listed, goes_on = store.read(lambda: event_lists.newest(store.project.id, None, None, 10))
    assert not goes_on
    assert [row.type for row in listed] == ["task.create", *["story.create"] * 3]
    of_type, goes_on = store.read(lambda: event_lists.newest(store.project.id, ["story.create"], None, 2))
    assert ([row.id for row in of_type], goes_on) == (made[:0:-1], True)
    older, goes_on = store.read(lambda: event_lists.newest(store.project.id, None, made[1], 10))
    assert ([row.id for row in older], goes_on) == (made[:1], False)


def test_a_list_of_large_events_ends_early_and_goes_on(store: Stage) -> None:
    third = LIST_BYTES_MAX // 3
    made = store.publish([], 5, data=b'{"a":"%s"}' % (b"x" * third))[::-1]
    seen: list[str] = []
    goes_on, before = True, None
    while goes_on:
        page, goes_on = store.read(
            lambda before=before: event_lists.newest(store.project.id, None, before, 50)  # type: ignore[misc]
        )
        assert len(page) <= 2
        seen += [event.id for event in page]
        before = seen[-1]
    assert seen == made
    assert (
        len(store.read(lambda: event_lists.newest_wanted(store.project.id, Subscription(("*",)), 100, 5)))
        == 2
    )


def test_an_event_beyond_the_bound_of_a_list_is_a_list_of_its_own(store: Stage) -> None:
    store.publish([], 2, data=b'{"a":"%s"}' % (b"x" * LIST_BYTES_MAX))
    page, goes_on = store.read(lambda: event_lists.newest(store.project.id, None, None, 50))
    assert (len(page), goes_on) == (1, True)


def test_events_that_are_asked_for_by_id_are_their_projects_and_small(store: Stage) -> None:
    most = b'{"a":"%s"}' % (b"x" * (SMALL_BYTES_MAX - 8))
    [small], [large] = store.publish([], 1, data=most), store.publish([], 1, data=most + b" ")
    asked = [small, large, "evt_nope"]
    found = store.read(lambda: event_lists.named(store.project.id, asked))
    assert {event_id: len(event.data) for event_id, event in found.items()} == {small: SMALL_BYTES_MAX}
    assert store.read(lambda: event_lists.named(store.project.id + 1, asked)) == {}

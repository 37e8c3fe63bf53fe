"""Acceptance: what is answered is written with its deliveries, once for each key, and refused while there is no room."""

import pytest

from hub.engine.intake import BACKLOG_MAX, Intake, Receipt
from hub.errors import Busy
from hub.rules.payload import Published
from hub.store import event_types
from hub.store.models import Delivery, Event
from tests.rigs.stage import Stage
from tests.rigs.waiting import DEADLINE_S


class Way:
    """The way in of one process, and how often it woke who sends."""

    def __init__(self, store: Stage) -> None:
        self.store = store
        self.woken = 0
        self.intake = Intake(store.database, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def accept(self, *published: Published, remembers_types: bool = True) -> list[Receipt]:
        asked = self.intake.accept(self.store.project.id, published, remembers_types=remembers_types)
        return asked.result(DEADLINE_S)


@pytest.fixture
def way(store: Stage) -> Way:
    return Way(store)


def event(type_: str, key: str | None = None, at: float | None = None) -> Published:
    return Published(type_, b'{"n":1.10}', key, at)


def test_an_answer_means_that_the_event_and_its_deliveries_are_written(way: Way) -> None:
    hook = way.store.hook(events=["order.*"])
    way.store.hook(events=["story.create"])
    first, second = way.accept(event("order.paid", at=5.5), event("other"))
    assert (first.type, first.occurred_at, first.deliveries, first.is_duplicate) == (
        "order.paid",
        5.5,
        1,
        False,
    )
    assert second.deliveries == 0
    [delivery] = way.store.of(hook)
    assert delivery.event_id == first.id
    kept = way.store.read(lambda: Event.get_by_id(first.id))
    assert bytes(kept.data) == b'{"n":1.10}'
    assert way.woken == 1


def test_a_key_writes_once_and_answers_what_the_first_was_answered(way: Way) -> None:
    way.store.hook(events=["*"])
    [first] = way.accept(event("order.paid", "k"))
    again, new = way.accept(event("order.sent", "k"), event("order.sent", "other"))
    assert (again.id, again.type, again.deliveries, again.is_duplicate) == (first.id, "order.paid", 1, True)
    assert not new.is_duplicate
    assert way.store.read(lambda: (Event.select().count(), Delivery.select().count())) == (2, 2)


def test_the_same_key_twice_in_one_request_is_one_event(way: Way) -> None:
    first, again = way.accept(event("order.paid", "k"), event("order.paid", "k"))
    assert (again.id, again.is_duplicate, first.is_duplicate) == (first.id, True, False)


def test_types_are_listed_where_a_project_lists_what_comes(way: Way) -> None:
    way.accept(event("order.paid"), event("order.sent"))
    way.accept(event("order.kept.secret"), remembers_types=False)
    listed = way.store.read(lambda: [row.code for row in event_types.find(way.store.project.id)])
    assert sorted(listed) == ["order.paid", "order.sent"]


def test_a_hook_that_is_switched_off_gets_nothing_from_the_next_event_on(way: Way) -> None:
    hook = way.store.hook(events=["*"])
    assert way.accept(event("a.b"))[0].deliveries == 1
    way.store.switch(hook, False)
    assert way.accept(event("a.b"))[0].deliveries == 0
    assert way.intake.match(way.store.project.id, ["a.b"]) == {"a.b": []}


def test_a_full_backlog_refuses_and_writes_nothing(sqlite: Stage) -> None:
    way = Way(sqlite)
    way.intake.backlog = BACKLOG_MAX + 1
    with pytest.raises(Busy, match="waiting") as refused:
        way.accept(event("a.b"))
    assert (refused.value.title, refused.value.retry_after_s) == ("Backlog full", 60)
    way.intake.backlog = BACKLOG_MAX
    assert len(way.accept(event("a.b"))) == 1
    assert sqlite.read(lambda: Event.select().count()) == 1

"""Event types of an open project: seen or declared."""

from hub.store import event_types, models
from tests.rigs.stage import Stage


def test_types_are_remembered_once_and_may_be_declared_before_or_after(store: Stage) -> None:
    store.do(lambda: event_types.remember(store.project.id, ["b.x", "a.x"], 1))
    store.do(lambda: event_types.remember(store.project.id, ["b.x", "c.x"], 2))
    store.do(lambda: event_types.declare(store.project.id, "b.x", "B", "about b", 3))
    store.do(lambda: event_types.declare(store.project.id, "d.x", "D", "", 3))
    store.do(lambda: event_types.remember(store.project.id, [], 4))
    rows = store.read(lambda: event_types.find(store.project.id))
    assert [(row.code, row.name, row.is_declared, row.created_at) for row in rows] == [
        ("a.x", "", False, 1),
        ("b.x", "B", True, 1),
        ("c.x", "", False, 2),
        ("d.x", "D", True, 3),
    ]
    assert store.read(lambda: models.EventType.select().count()) == 4


def test_types_come_by_code_from_any_place_on(store: Stage) -> None:
    store.do(lambda: event_types.remember(store.project.id, [f"t.n{n}" for n in range(7)], 1))
    assert [one.code for one in store.read(lambda: event_types.find(store.project.id, 5, 10))] == [
        "t.n5",
        "t.n6",
    ]
    assert len(store.read(lambda: event_types.find(store.project.id, 0, 3))) == 3
    assert store.read(lambda: event_types.count(store.project.id)) == 7
    assert store.read(lambda: event_types.count(store.project.id + 1)) == 0

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

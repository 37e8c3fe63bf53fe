"""Routing: the version of a project that tables in memory follow."""

from hub.rules.matching import RoutingTable
from hub.store import routing
from hub.store.models import Project
from tests.rigs.stage import Stage


def refreshed(store: Stage, table: RoutingTable) -> list[str]:
    store.read(lambda: routing.refresh(table, store.project.id))
    return table.match("story.create")


def test_a_routing_table_follows_every_change(store: Stage) -> None:
    table = RoutingTable()
    assert refreshed(store, table) == []
    a, b = store.hook(events=["story.*"]), store.hook(events=["task.*"])
    assert refreshed(store, table) == [a]
    store.change(b, events=("*",))
    assert refreshed(store, table) == [a, b]
    store.switch(a, False)
    assert refreshed(store, table) == [b], "a hook switched off by a person gets no new deliveries"
    store.switch(a, True)
    assert refreshed(store, table) == [a, b]
    store.do(lambda: routing.end([b], store.project.id))
    store.set(b, state="gone")
    store.do(lambda: routing.end([b], store.project.id))
    assert refreshed(store, table) == [a]
    store.delete(a)
    assert refreshed(store, table) == []


def test_an_auto_disabled_hook_still_gets_new_deliveries_to_hold(store: Stage) -> None:
    table = RoutingTable()
    hook = store.hook()
    store.set(hook, state="auto_disabled")
    assert refreshed(store, table) == [hook]


def test_a_table_reads_only_what_has_changed(sqlite: Stage) -> None:
    table = RoutingTable()
    for _ in range(5):
        sqlite.hook()
    refreshed(sqlite, table)
    seen: list[str] = []
    connection = sqlite.read(lambda: sqlite.database._db.connection())
    connection.set_trace_callback(seen.append)
    refreshed(sqlite, table)
    assert len(seen) == 1, "the version alone"
    sqlite.hook()
    seen.clear()
    refreshed(sqlite, table)
    [query] = [text for text in seen if "hook" in text]
    assert len(connection.execute(query).fetchall()) == 1
    connection.set_trace_callback(None)


def test_each_project_has_its_own_routing_version(store: Stage) -> None:
    before = store.read(lambda: Project.get_by_id(store.project.id).routing_version)
    store.hook()
    assert store.read(lambda: Project.get_by_id(store.project.id).routing_version) == before + 1

"""Routing: the version of a project that tables in memory follow."""

from hub.rules.facts import Facts
from hub.rules.matching import RoutingTable
from hub.store import routing
from hub.store.models import Project
from hub.store.routing import OwnEvents
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


def test_own_events_about_a_hook_go_to_no_other_app_and_not_to_the_hook_itself(store: Stage) -> None:
    mine = {"origin_kind": "app", "origin_app": "n8n"}
    about, other = store.hook(events=["hook.*"], **mine), store.hook(events=["hook.gone"], **mine)
    plain, zapier = (
        store.hook(events=["hook.gone"]),
        store.hook(events=["hook.*"], origin_kind="app", origin_app="zapier"),
    )
    store.hook(events=["story.*"])
    facts = Facts("hook.gone", 0.0, b"{}")

    def wanting(hook: str) -> list[str]:
        return store.read(lambda: OwnEvents().wanting(store.project.id, facts, hook)[0])

    assert wanting(about) == [other, plain]
    assert wanting(plain) == []
    assert wanting(zapier) == [plain]


def test_a_projects_hooks_are_read_once_of_however_many_there_is_something_to_tell(sqlite: Stage) -> None:
    hooks = [sqlite.hook(events=["hook.*"]) for _ in range(20)]
    facts = Facts("hook.failing", 0.0, b"{}")
    seen: list[str] = []
    connection = sqlite.read(lambda: sqlite.database._db.connection())
    connection.set_trace_callback(seen.append)

    def tell() -> list[list[str]]:
        own_events = OwnEvents()
        return [own_events.wanting(sqlite.project.id, facts, hook)[0] for hook in hooks]

    found = sqlite.read(tell)
    connection.set_trace_callback(None)
    assert found == [[one for one in hooks if one != hook] for hook in hooks]
    assert len(seen) == 1

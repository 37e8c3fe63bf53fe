"""Hooks: what is kept of them, what is sealed, and the routing version that tables follow."""

import json
import threading

from hub.rules.matching import RoutingTable
from hub.store import destinations, hooks, lanes, models, routing
from hub.store.hooks import Hook
from hub.store.models import Project
from hub.store.secrets import SecretBox
from tests.rigs.stage import Stage


def change(store: Stage, hook_id: str, **values: object) -> Hook:
    def write() -> Hook:
        hook = hooks.locked(store.database, hook_id)
        assert hook is not None
        return hooks.change(store.box, hook, values, store.clock.now())

    return store.do(write)


def delete(store: Stage, hook_id: str) -> bool:
    def write() -> bool:
        hook = hooks.get(hook_id)
        assert hook is not None
        return hooks.delete(hook, store.clock.now())

    return store.do(write)


def refreshed(store: Stage, table: RoutingTable) -> list[str]:
    store.read(lambda: routing.refresh(table, store.project.id))
    return table.match("story.create")


def test_secrets_and_headers_are_sealed_and_open_for_the_sender_only(store: Stage) -> None:
    hook_id = store.hook(secret="whsec_c2VjcmV0", headers={"X-Token": "credential"})
    row = store.row(hook_id)
    assert "c2VjcmV0" not in str(row.__data__)
    assert "credential" not in str(row.__data__)
    target = store.read(lambda: destinations.load(store.box, [hook_id]))[hook_id]
    assert isinstance(target, destinations.Destination)
    assert (target.secrets, target.headers, target.project_key) == (
        (("whsec_c2VjcmV0", None),),
        {"X-Token": "credential"},
        "DEMO",
    )


def test_a_row_that_cannot_be_read_spoils_no_other(store: Stage) -> None:
    good, bad = store.hook(secret="a"), store.hook(secret="b")
    store.set(bad, secrets=store.row(good).secrets)
    found = store.read(lambda: destinations.load(store.box, [good, bad]))
    assert isinstance(found[good], destinations.Destination)
    assert "sealed for another row" in str(found[bad])
    other = store.read(lambda: destinations.load(SecretBox(["another key"]), [good]))
    assert "HUB_SECRET_KEY" in str(other[good])


def test_a_rotation_signs_with_both_until_the_overlap_ends(store: Stage) -> None:
    hook_id = store.hook(secret="old")
    now = store.clock.now()

    def rotate(secret: str, overlap_s: float) -> None:
        hook = hooks.locked(store.database, hook_id)
        assert hook is not None
        hooks.rotate(store.box, hook, secret, overlap_s, store.clock.now())

    store.do(lambda: rotate("new", 100))
    target = store.read(lambda: destinations.load(store.box, [hook_id]))[hook_id]
    assert isinstance(target, destinations.Destination)
    assert target.live_secrets(now) == ["new", "old"]
    assert target.live_secrets(now + 100) == ["new"]
    store.do(lambda: rotate("newest", 1000))
    target = store.read(lambda: destinations.load(store.box, [hook_id]))[hook_id]
    assert isinstance(target, destinations.Destination)
    assert target.live_secrets(now) == ["newest", "new", "old"]
    assert target.live_secrets(now + 100) == ["newest", "new"], (
        "an overlap is not made longer by the next rotation"
    )
    store.do(lambda: rotate("only", 0))
    target = store.read(lambda: destinations.load(store.box, [hook_id]))[hook_id]
    assert isinstance(target, destinations.Destination)
    assert target.live_secrets(now) == ["only"]


def test_each_change_raises_the_version_that_senders_cache_by(store: Stage) -> None:
    hook_id = store.hook()
    assert store.row(hook_id).version == 1
    assert change(store, hook_id, target_url="http://127.0.0.1:8/").version == 2
    assert change(store, hook_id, secret=None).version == 3
    assert store.row(hook_id).secrets is None


def test_numbers_count_up_within_a_project_even_when_made_at_once(store: Stage) -> None:
    threads = [threading.Thread(target=store.hook) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = store.read(lambda: list(models.Hook.select()))
    assert sorted(row.number for row in rows) == list(range(1, 13))
    assert len({row.routing for row in rows}) == 12
    assert store.read(lambda: hooks.by_number(store.project.id, 3)) is not None
    assert store.read(lambda: hooks.by_number(store.project.id + 1, 3)) is None


def test_a_routing_table_follows_every_change(store: Stage) -> None:
    table = RoutingTable()
    assert refreshed(store, table) == []
    a, b = store.hook(events=["story.*"]), store.hook(events=["task.*"])
    assert refreshed(store, table) == [a]
    change(store, b, events=["*"])
    assert refreshed(store, table) == [a, b]
    store.switch(a, False)
    assert refreshed(store, table) == [b], "a hook switched off by a person gets no new deliveries"
    store.switch(a, True)
    assert refreshed(store, table) == [a, b]
    store.do(lambda: routing.end([b], store.project.id))
    store.set(b, state="gone")
    store.do(lambda: routing.end([b], store.project.id))
    assert refreshed(store, table) == [a]
    assert delete(store, a)
    assert refreshed(store, table) == []
    assert not delete(store, a), "once"


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


def test_lists_leave_out_what_is_over_unless_it_is_asked_for(store: Stage) -> None:
    page = store.hook(origin_kind="page", target_url="http://a/?x=1")
    app = store.hook(origin_kind="app", origin_app="zapier")
    gone = store.hook()
    store.set(gone, state="gone")
    deleted = store.hook()
    delete(store, deleted)
    find = lambda **how: [found.id for found in store.read(lambda: hooks.find(store.project.id, **how))]  # noqa: E731
    assert find() == [app, page]
    assert find(origin_kind="app", origin_app="zapier") == [app]
    assert find(origin_kind="app", origin_app="make") == []
    assert find(target_url="http://a/?x=1") == [page]
    assert find(state="gone") == [gone]
    assert find(limit=1) == [app]
    assert find(before=app) == [page]
    assert store.read(lambda: hooks.count(store.project.id)) == 2
    assert store.do(lambda: hooks.locked(store.database, deleted)) is None


def test_switching_on_what_a_person_switched_off_keeps_its_deliveries_order(store: Stage) -> None:
    hook = store.hook()
    events = store.publish([hook], 3)
    store.switch(hook, False)
    assert json.loads(store.row(hook).events) == ["*"]
    store.switch(hook, True)
    assert store.claim()[0].event_id == events[0]


def test_health_goes_into_the_row_and_comes_back_the_same(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 2)
    store.record(store.claim(free=1), "failure")
    row = store.row(hook)
    lane = store.do(lambda: lanes.lock(store.database, [hook])[hook])
    assert lane.health == lanes.health_of(row)
    assert (lane.health.state, lane.health.consecutive_failures, lane.health.is_slow) == ("failing", 1, True)
    store.do(lambda: lanes.set_health(hook, lane.health))
    assert lanes.health_of(store.row(hook)) == lane.health


def test_each_project_has_its_own_routing_version(store: Stage) -> None:
    before = store.read(lambda: Project.get_by_id(store.project.id).routing_version)
    store.hook()
    assert store.read(lambda: Project.get_by_id(store.project.id).routing_version) == before + 1

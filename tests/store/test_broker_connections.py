"""Connections to brokers, written down: the password sealed, the projects as a list."""

import pytest

from hub.store import broker_connections as connections
from hub.store.secrets import SecretBox, SecretUnreadable
from tests.rigs.stage import Stage

FIELDS = {
    "name": "orders",
    "kind": "amqp",
    "url": "amqp://rabbit",
    "username": "ann",
    "ca": None,
    "verify_ssl": True,
}


def make(
    store: Stage, name: str = "orders", password: str | None = None, projects: tuple[str, ...] | None = None
) -> connections.BrokerConnection:
    columns = {**FIELDS, "name": name, "projects": projects}
    return store.do(lambda: connections.add(store.box, columns, password, "root", store.clock.now()))


def test_what_is_written_is_read_again_and_the_password_only_with_its_key(store: Stage) -> None:
    made = make(store, password="s3cret", projects=("SHOP", "TRAVEL"))
    assert store.read(lambda: connections.get(made.id)) == made
    assert (made.projects, made.has_password) == (("SHOP", "TRAVEL"), True)
    assert "s3cret" not in repr(made)
    assert connections.password_of(store.box, made) == "s3cret"
    with pytest.raises(SecretUnreadable):
        connections.password_of(SecretBox(["another key"]), made)
    assert made.is_for("SHOP")
    assert not made.is_for("OTHER")


def test_they_are_found_by_name_and_listed_newest_first(store: Stage) -> None:
    made = [make(store, name) for name in ("a", "b", "c")]
    assert store.read(lambda: connections.named(["b", "x"])) == {"b": made[1]}
    assert store.read(lambda: connections.find(limit=2)) == (made[2], made[1])
    assert store.read(lambda: connections.find(before=made[1].id)) == (made[0],)


def test_a_change_sets_only_its_columns_and_the_password_can_go(store: Stage) -> None:
    made = make(store, password="s3cret")

    def change() -> connections.BrokerConnection:
        locked = connections.locked(store.database, made.id)
        assert locked is not None
        connections.set_password(store.box, locked, None)
        return connections.update(locked, {"url": "amqp://other", "projects": ["SHOP"]}, store.clock.now())

    changed = store.do(change)
    assert (changed.url, changed.projects, changed.username) == ("amqp://other", ("SHOP",), "ann")
    assert not changed.has_password


def test_why_it_cannot_be_used_is_kept_until_it_can(store: Stage) -> None:
    made = make(store)
    store.do(lambda: connections.report("orders", "is down", store.clock.now()))
    down = store.read(lambda: connections.get(made.id))
    assert down is not None
    assert (down.last_error, down.last_error_at) == ("is down", store.clock.now())
    store.do(lambda: connections.report("orders", None, store.clock.now()))
    assert store.read(lambda: connections.get(made.id)) == made


def test_hooks_that_send_through_it_are_counted_and_no_others(store: Stage) -> None:
    make(store)
    store.hook(target_url="broker://orders/events")
    store.hook(target_url="broker://orders-2/events")
    gone = store.hook(target_url="broker://orders/more")
    store.set(gone, deleted_at=1.0)
    assert store.read(lambda: connections.hooks_on("orders")) == 1
    store.do(lambda: connections.delete(store.read(lambda: connections.named(["orders"]))["orders"]))
    assert store.read(connections.find) == ()

"""Connections to brokers: an administrator's to make; the password goes in and never out."""

from collections.abc import Callable

import pytest

from hub.errors import ChangedMeanwhile, Conflict, DeliveryError, Forbidden, Invalid, NotFound
from hub.logs import MASK
from hub.operations.broker_connections import BrokerConnections, ConnectionChange
from hub.operations.open_connections import OpenConnections
from hub.store import audit
from hub.targets.brokers.client import Broker
from tests.rigs.doors import LOOPBACK
from tests.rigs.requesters import ADMIN, NOBODY, manager
from tests.rigs.stage import Stage

WANTED = ConnectionChange(url="amqp://127.0.0.1", username="ann", password="s3cret")


def well(broker: Broker, timeout_s: float) -> None: ...


def of(
    store: Stage, check: Callable[[Broker, float], None] = well
) -> tuple[BrokerConnections, OpenConnections]:
    opened = OpenConnections(store.database, store.box)
    return BrokerConnections(store.database, store.box, opened, check, LOOPBACK), opened


def test_only_administrators_may_make_or_see_them(store: Stage) -> None:
    made_by, _ = of(store)
    made = made_by.create(ADMIN, "orders", "amqp", WANTED)
    for requester in (NOBODY, manager(store.project)):
        for ask in (
            lambda who=requester: made_by.list(who),
            lambda who=requester: made_by.get(who, made.id),
            lambda who=requester: made_by.create(who, "other", "amqp", WANTED),
            lambda who=requester: made_by.update(who, made.id, ConnectionChange(verify_ssl=False)),
            lambda who=requester: made_by.delete(who, made.id),
            lambda who=requester: made_by.test(who, made.id),
        ):
            with pytest.raises(Forbidden):
                ask()


def test_a_connection_is_made_changed_and_deleted_and_each_step_is_in_the_trail(store: Stage) -> None:
    made_by, opened = of(store)
    made = made_by.create(ADMIN, "orders", "amqp", WANTED)
    assert opened.find("orders") == Broker("orders", "amqp", "amqp://127.0.0.1", "ann", "s3cret")
    assert made_by.update(ADMIN, made.id, ConnectionChange(username="ann", password=MASK)) == made
    made_by.update(ADMIN, made.id, ConnectionChange(username="bob", password="other"))
    changed = opened.find("orders")
    assert changed is not None
    assert (changed.username, changed.password) == ("bob", "other")
    made_by.update(ADMIN, made.id, ConnectionChange(username=None, password=None))
    changed = opened.find("orders")
    assert changed is not None
    assert (changed.username, changed.password) == (None, None)
    made_by.delete(ADMIN, made.id)
    assert opened.find("orders") is None
    with pytest.raises(NotFound):
        made_by.get(ADMIN, made.id)
    entries = store.read(lambda: audit.entries(object_id=made.id))
    steps = ["connection.created", "connection.updated", "connection.updated", "connection.deleted"]
    assert [one.action for one in entries][::-1] == steps
    assert "s3cret" not in repr(entries)
    assert "other" not in repr(entries)


def test_whoever_says_what_they_saw_undoes_nothing_unseen(store: Stage) -> None:
    made_by, _ = of(store)
    first = made_by.create(ADMIN, "orders", "amqp", WANTED)
    store.clock.advance(1)
    theirs = made_by.update(ADMIN, first.id, ConnectionChange(password="other"), first.updated_at)

    with pytest.raises(ChangedMeanwhile):
        made_by.update(ADMIN, first.id, ConnectionChange(password="mine"), first.updated_at)
    assert made_by.get(ADMIN, first.id) == theirs
    assert made_by.test(ADMIN, first.id) is None
    mine = made_by.update(ADMIN, first.id, ConnectionChange(username="bob"), theirs.updated_at)
    assert mine.username == "bob"


def test_a_password_is_never_given_to_another_server(store: Stage) -> None:
    made_by, opened = of(store)
    made = made_by.create(ADMIN, "orders", "amqp", WANTED)
    with pytest.raises(Invalid, match="password: must be given"):
        made_by.update(ADMIN, made.id, ConnectionChange(url="amqp://127.0.0.2"))
    made_by.update(ADMIN, made.id, ConnectionChange(url="amqp://127.0.0.1:5672/other"))
    made_by.update(ADMIN, made.id, ConnectionChange(url="amqp://127.0.0.2", password="theirs"))
    found = opened.find("orders")
    assert found is not None
    assert (found.url, found.password) == ("amqp://127.0.0.2", "theirs")


def test_wrong_fields_are_told_all_at_once(store: Stage) -> None:
    made_by, _ = of(store)
    with pytest.raises(Invalid) as caught:
        made_by.create(
            ADMIN, "Orders", "amqp", ConnectionChange(url="x", username="", ca="x", projects=("NONE",))
        )
    assert [field for field, _ in caught.value.errors] == ["name", "url", "username", "ca", "projects[0]"]
    with pytest.raises(Invalid, match=r"kind: must be one of.*url: is missing"):
        made_by.create(ADMIN, "orders", "pigeon", ConnectionChange())
    with pytest.raises(Invalid, match="mask"):
        made_by.create(ADMIN, "orders", "amqp", ConnectionChange(url="amqp://127.0.0.1", password=MASK))


def test_a_name_is_given_once(store: Stage) -> None:
    made_by, _ = of(store)
    made_by.create(ADMIN, "orders", "amqp", WANTED)
    with pytest.raises(Conflict, match="orders already"):
        made_by.create(ADMIN, "orders", "nats", ConnectionChange(url="nats://127.0.0.1"))


def test_a_test_connects_with_the_password_and_keeps_what_came_of_it(store: Stage) -> None:
    asked: list[Broker] = []

    def check(broker: Broker, timeout_s: float) -> None:
        asked.append(broker)
        if len(asked) == 1:
            raise DeliveryError("RabbitMQ refuses the login", "connect")

    made_by, _ = of(store, check)
    made = made_by.create(ADMIN, "orders", "amqp", WANTED)
    assert made_by.test(ADMIN, made.id) == "RabbitMQ refuses the login"
    assert made_by.get(ADMIN, made.id).last_error == "RabbitMQ refuses the login"
    assert made_by.test(ADMIN, made.id) is None
    assert made_by.get(ADMIN, made.id).last_error is None
    assert [one.password for one in asked] == ["s3cret", "s3cret"]

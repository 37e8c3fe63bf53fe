"""Connections as senders use them: of their projects only, and opened with the right key only."""

import pytest

from hub.errors import DeliveryError
from hub.operations.broker_connections import BrokerConnections, ConnectionChange
from hub.operations.open_connections import OpenConnections
from hub.store import models
from hub.store.secrets import SecretBox
from tests.rigs.doors import LOOPBACK
from tests.rigs.requesters import ADMIN
from tests.rigs.stage import Stage

WANTED = ConnectionChange(url="amqp://127.0.0.1", username="ann", password="s3cret")


def of(store: Stage) -> tuple[BrokerConnections, OpenConnections]:
    opened = OpenConnections(store.database, store.box)
    return BrokerConnections(store.database, store.box, opened, lambda *_: None, LOOPBACK), opened


def test_only_its_projects_are_offered_a_connection(store: Stage) -> None:
    made_by, opened = of(store)
    key = store.project.key
    made_by.create(ADMIN, "for-all", "amqp", WANTED)
    made = made_by.create(ADMIN, "own", "nats", ConnectionChange(url="nats://127.0.0.1", projects=(key,)))
    assert opened.usable(key) == {"for-all": "amqp", "own": "nats"}
    assert opened.usable("OTHER") == {"for-all": "amqp"}
    made_by.update(ADMIN, made.id, ConnectionChange(projects=None))
    assert opened.usable("OTHER") == {"for-all": "amqp", "own": "nats"}


def test_a_password_that_another_key_sealed_is_the_hubs_own_trouble(store: Stage) -> None:
    made_by, opened = of(store)
    made = made_by.create(ADMIN, "orders", "amqp", WANTED)
    sealed = SecretBox(["another key"]).seal(made.id, "password", "x")
    store.do(lambda: models.BrokerConnection.update(password=sealed).execute())
    opened.forget()
    with pytest.raises(DeliveryError, match="give it again") as caught:
        opened.find("orders")
    assert caught.value.fault == "hub"
    assert "cannot be read" in (made_by.test(ADMIN, made.id) or "")

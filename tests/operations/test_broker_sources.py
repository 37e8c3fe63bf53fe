"""Sources that read from brokers, with a broker that the test holds in its hand: what is acknowledged, when."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue

import pytest

from hub.errors import DeliveryError, Invalid
from hub.operations.broker_connections import ConnectionChange
from hub.operations.broker_sources import BrokerSources
from hub.operations.open_connections import OpenConnections
from hub.operations.sources import SourceChange
from hub.store import models
from hub.targets.brokers.client import Broker
from hub.targets.brokers.consuming import Found, Place
from tests.rigs.engine import Engine
from tests.rigs.requesters import ADMIN
from tests.rigs.waiting import DEADLINE_S, until

PAUSE_S = 0.02


@dataclass
class Held:
    """A consumer that hands out what the test puts in."""

    place: Place
    queue: "Queue[Sequence[Found] | DeliveryError]" = field(default_factory=Queue)
    kept: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    events_at_done: list[int] = field(default_factory=list)
    is_closed: bool = False

    def put(self, *messages: tuple[str, bytes]) -> None:
        self.queue.put([Found(position, [("content-type", "x")], body) for position, body in messages])

    def take(self, timeout_s: float) -> Sequence[Found]:
        try:
            found = self.queue.get(timeout=PAUSE_S)
        except Empty:
            return ()
        if isinstance(found, DeliveryError):
            raise found
        return found

    def done(self, kept: Sequence[Found], refused: Sequence[Found]) -> None:
        self.events_at_done.append(models.Event.select().count())
        self.kept += [one.position for one in kept]
        self.refused += [one.position for one in refused]

    def close(self) -> None:
        self.is_closed = True


class Bench:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.consumers: list[Held] = []
        self.opened = threading.Semaphore(0)
        services = engine.services
        services.broker_connections.create(
            ADMIN, "stream", "kafka", ConnectionChange(url="kafka://kafka.example:9092")
        )
        self.find = OpenConnections(engine.database, services.box).find
        self.sources = BrokerSources(
            engine.database, services.inbound, services.settings, self.find, self.open, PAUSE_S
        )
        settings = {"connection": "stream", "place": "orders"}
        made = services.sources.create(ADMIN, engine.project, "broker", name="Orders", settings=settings)
        self.source_id = made.source.id

    def open(self, broker: Broker, place: Place, timeout_s: float) -> Held:
        self.consumers.append(Held(place))
        self.opened.release()
        return self.consumers[-1]

    def consumer(self) -> Held:
        """The next one that is opened."""
        assert self.opened.acquire(timeout=DEADLINE_S)
        return self.consumers[-1]

    def change(self, **fields: object) -> None:
        change = SourceChange(**fields)  # type: ignore[arg-type]
        self.engine.services.sources.update(ADMIN, self.engine.project, self.source_id, change)
        self.sources.look()

    def events(self) -> list[tuple[str, bytes]]:
        return [(row.type, bytes(row.data)) for row in self.engine.do(lambda: list(models.Event.select()))]

    def refusals(self) -> list[str]:
        self.engine.services.scheduler.write_counts()
        found = self.engine.services.sources.refusals(ADMIN, self.engine.project, self.source_id)
        return [one.reason for one in found]


@pytest.fixture
def bench(sqlite_url: str, tmp_path: Path) -> Iterator[Bench]:
    running = Engine(sqlite_url, tmp_path, sends=False)
    one = Bench(running)
    one.sources.look()
    yield one
    one.sources.stop()
    assert all(consumer.is_closed for consumer in one.consumers)
    running.hub.stop()


def test_a_message_is_acknowledged_after_its_event_is_committed(bench: Bench) -> None:
    consumer = bench.consumer()
    assert consumer.place == Place("orders", f"hookhub-{bench.source_id}", False)
    consumer.put(("orders/0/1", b'{"type":"order.paid","n":1.10}'), ("orders/0/2", b'{"type":"order.sent"}'))
    until(lambda: consumer.kept, lambda kept: kept == ["orders/0/1", "orders/0/2"])
    assert consumer.events_at_done == [2]
    assert bench.events() == [
        ("order.paid", b'{"type":"order.paid","n":1.10}'),
        ("order.sent", b'{"type":"order.sent"}'),
    ]


def test_what_comes_again_is_one_event(bench: Bench) -> None:
    consumer = bench.consumer()
    for _ in range(2):
        consumer.put(("orders/0/1", b'{"type":"order.paid"}'))
    until(lambda: consumer.kept, lambda kept: len(kept) == 2)
    assert len(bench.events()) == 1


def test_what_can_never_be_an_event_is_listed_and_goes_the_brokers_way(bench: Bench) -> None:
    consumer = bench.consumer()
    consumer.put(("orders/0/1", b"no json"), ("orders/0/2", b'{"type":"order.paid"}'), ("orders/0/3", b"{}"))
    until(lambda: consumer.kept, lambda kept: kept == ["orders/0/2"])
    assert consumer.refused == ["orders/0/1", "orders/0/3"]
    assert until(bench.refusals)


def test_a_broker_that_is_away_is_told_and_tried_again(bench: Bench) -> None:
    first = bench.consumer()
    first.queue.put(DeliveryError("Kafka at kafka.example:9092: connection refused", "connect"))
    second = bench.consumer()
    assert first.is_closed
    second.put(("orders/0/1", b'{"type":"order.paid"}'))
    until(lambda: second.kept)
    assert until(bench.refusals) == ["Kafka at kafka.example:9092: connection refused"]


def test_nothing_is_acknowledged_while_the_hub_takes_nothing(bench: Bench) -> None:
    """The rate of the source is used up: as when the hub is busy, the message waits, and is not lost."""
    bench.change(rate_per_s=0.1)
    consumer = bench.consumer()
    consumer.put(("orders/0/1", b'{"type":"a.b"}'), ("orders/0/2", b'{"type":"a.b"}'))
    until(bench.events, lambda events: len(events) == 1)
    assert consumer.kept == []
    bench.change(rate_per_s=None)
    until(lambda: consumer.kept, lambda kept: len(kept) == 2)


def test_a_source_that_is_off_leaves_its_messages_on_the_broker(bench: Bench) -> None:
    consumer = bench.consumer()
    bench.change(is_on=False)
    until(lambda: consumer.is_closed)
    bench.sources.look()
    bench.change(is_on=True)
    assert bench.consumer() is not consumer


def test_what_a_source_does_not_take_any_more_is_not_passed_by(bench: Bench) -> None:
    """It is switched off and on again before anybody looks: the message must be read anew, for what comes
    behind it would be acknowledged with it.
    """
    consumer = bench.consumer()
    sources = bench.engine.services.sources
    sources.update(ADMIN, bench.engine.project, bench.source_id, SourceChange(is_on=False))
    consumer.put(("orders/0/1", b'{"type":"a.b"}'))
    until(lambda: consumer.is_closed)
    sources.update(ADMIN, bench.engine.project, bench.source_id, SourceChange(is_on=True))
    again = bench.consumer()
    again.put(("orders/0/1", b'{"type":"a.b"}'), ("orders/0/2", b'{"type":"a.b"}'))
    until(lambda: again.kept, lambda kept: kept == ["orders/0/1", "orders/0/2"])
    assert consumer.kept == []


def test_another_place_is_read_by_another_consumer(bench: Bench) -> None:
    consumer = bench.consumer()
    bench.change(settings={"place": "invoices", "group": "shop", "start": "all there is"})
    until(lambda: consumer.is_closed)
    until(lambda: (bench.sources.look(), len(bench.consumers))[1], lambda count: count == 2)
    assert bench.consumer().place == Place("invoices", "shop", True)


def test_a_connection_that_the_project_lost_is_told(bench: Bench) -> None:
    consumer = bench.consumer()
    services = bench.engine.services
    services.projects.create(ADMIN, "OTHER", "Other", "open")
    connection = services.broker_connections.named(ADMIN, "stream")
    services.broker_connections.update(ADMIN, connection.id, ConnectionChange(projects=("OTHER",)))
    until(lambda: (bench.sources.look(), consumer.is_closed)[1])
    found = until(lambda: (bench.sources.look(), bench.refusals())[1])
    assert found[0] == "there is no connection stream for this project"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"connection": "nowhere", "place": "orders"}, "settings.connection"),
        ({"connection": "stream", "place": "a/b"}, "settings.place"),
        ({"connection": "queue", "place": "orders"}, "settings.place"),
        ({"connection": "stream"}, "settings.place"),
    ],
)
def test_a_source_names_a_connection_of_its_project_and_a_place_on_it(
    bench: Bench, settings: dict[str, str], field: str
) -> None:
    services = bench.engine.services
    services.broker_connections.create(ADMIN, "queue", "sqs", ConnectionChange(url="https://sqs.example"))
    with pytest.raises(Invalid) as caught:
        services.sources.create(ADMIN, bench.engine.project, "broker", settings=settings)
    assert [name for name, _ in caught.value.errors] == [field]

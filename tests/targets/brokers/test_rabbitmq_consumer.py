"""Taking from a real RabbitMQ queue: what is kept is gone, what is refused is dead, the rest comes again."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pika
import pytest

from hub.errors import DeliveryError
from hub.ids import new_id
from hub.targets.addresses import Addresses
from hub.targets.brokers import rabbitmq_consumer
from hub.targets.brokers.consuming import Place
from hub.targets.brokers.rabbitmq_consumer import RabbitMQConsumer
from tests.rigs.ports import free_port
from tests.rigs.rabbitmq import RabbitRig
from tests.rigs.waiting import DEADLINE_S, until


@pytest.fixture
def queue(rabbit: RabbitRig) -> Iterator[str]:
    """With a queue for its dead letters, called -dead."""
    name = new_id("in")
    dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"{name}-dead"}
    with rabbit.channel() as one:
        one.queue_declare(name, durable=True, arguments=dead)
        one.queue_declare(f"{name}-dead", durable=True)
    yield name
    with rabbit.channel() as one:
        one.queue_delete(name)
        one.queue_delete(f"{name}-dead")


def put(rabbit: RabbitRig, queue: str, *bodies: bytes, **properties: Any) -> None:
    with rabbit.channel() as one:
        for body in bodies:
            one.basic_publish("", queue, body, pika.BasicProperties(**properties))


def consumer(rabbit: RabbitRig, addresses: Addresses, queue: str) -> RabbitMQConsumer:
    return rabbitmq_consumer.consumer(rabbit.broker(), addresses, Place(queue, ""))


def test_a_message_has_its_headers_and_what_rabbitmq_says_of_it(
    rabbit: RabbitRig, addresses: Addresses, queue: str
) -> None:
    put(
        rabbit,
        queue,
        b"{}",
        headers={"X-Hub-Event": "a.b", "n": 1},
        message_id="m1",
        type="t",
        content_type="application/json",
    )
    with closing(consumer(rabbit, addresses, queue)) as one:
        [message] = one.take(DEADLINE_S)
        assert (message.body, message.position) == (b"{}", "m1")
        assert dict(message.headers) == {
            "x-hub-event": "a.b",
            "n": "1",
            "routing-key": queue,
            "message-id": "m1",
            "message-type": "t",
            "content-type": "application/json",
        }


def test_what_is_kept_is_gone_what_is_refused_is_dead_and_the_rest_comes_again(
    rabbit: RabbitRig, addresses: Addresses, queue: str
) -> None:
    put(rabbit, queue, b"keep", b"refuse", b"later")
    with closing(consumer(rabbit, addresses, queue)) as one:
        found: dict[bytes, Any] = {}
        while len(found) < 3:
            found |= {message.body: message for message in one.take(DEADLINE_S)}
        one.done([found[b"keep"]], [found[b"refuse"]])
    with closing(consumer(rabbit, addresses, queue)) as one:
        assert [message.body for message in one.take(DEADLINE_S)] == [b"later"]
    dead = until(lambda: rabbit.taken(f"{queue}-dead"))
    assert [body for _, _, body in dead] == [b"refuse"]


def test_nothing_came_in_time(rabbit: RabbitRig, addresses: Addresses, queue: str) -> None:
    with closing(consumer(rabbit, addresses, queue)) as one:
        assert one.take(0.05) == []


def test_a_queue_that_is_not_there_and_one_that_goes_are_told_and_it_begins_anew(
    rabbit: RabbitRig, addresses: Addresses, queue: str
) -> None:
    with closing(consumer(rabbit, addresses, "no-such-queue")) as one:
        for _ in range(2):
            with pytest.raises(DeliveryError, match="404 NOT_FOUND - no queue 'no-such-queue'"):
                one.take(DEADLINE_S)
    with closing(consumer(rabbit, addresses, queue)) as one:
        one.take(0.05)
        with rabbit.channel() as channel:
            channel.queue_delete(queue)
        with pytest.raises(DeliveryError, match="is gone"):
            one.take(DEADLINE_S)
        with rabbit.channel() as channel:
            channel.queue_declare(queue, durable=True)
        put(rabbit, queue, b"new")
        assert [message.body for message in one.take(DEADLINE_S)] == [b"new"]


def test_a_broker_that_is_not_there_is_told(rabbit: RabbitRig, addresses: Addresses) -> None:
    nobody = rabbit.broker(url=f"amqp://127.0.0.1:{free_port()}")
    with (
        closing(rabbitmq_consumer.consumer(nobody, addresses, Place("q", ""))) as one,
        pytest.raises(DeliveryError, match="not to be had: Connection refused"),
    ):
        one.take(DEADLINE_S)

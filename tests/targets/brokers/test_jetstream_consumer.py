"""Taking from a real JetStream consumer: what is kept or refused is gone, the rest comes again."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from hub.errors import DeliveryError
from hub.ids import new_id
from hub.targets.addresses import Addresses
from hub.targets.brokers import jetstream_consumer
from hub.targets.brokers.consuming import Place
from hub.targets.brokers.jetstream_consumer import JetStreamConsumer
from tests.rigs.jetstream import NatsRig
from tests.rigs.ports import free_port
from tests.rigs.waiting import DEADLINE_S, until


@pytest.fixture
def stream(nats_rig: NatsRig) -> Iterator[str]:
    """With a durable consumer called `hub`."""
    name = new_id("in")

    async def make(js: Any) -> None:
        await js.add_stream(name=name, subjects=[f"{name}.>"])
        await js.add_consumer(
            name, ConsumerConfig(durable_name="hub", ack_policy=AckPolicy.EXPLICIT, ack_wait=0.5)
        )

    nats_rig.at(make)
    yield name
    nats_rig.at(lambda js: js.delete_stream(name))


def put(rig: NatsRig, subject: str, *bodies: bytes, **headers: str) -> None:
    async def send(js: Any) -> None:
        for body in bodies:
            await js.publish(subject, body, headers=headers or None)

    rig.at(send)


def left(rig: NatsRig, stream: str) -> tuple[int, int]:
    """Messages that wait, and those that were given out and not acknowledged."""
    info = rig.at(lambda js: js.consumer_info(stream, "hub"))
    return info.num_pending, info.num_ack_pending


def consumer(rig: NatsRig, addresses: Addresses, stream: str, name: str = "hub") -> JetStreamConsumer:
    return jetstream_consumer.consumer(rig.broker(), addresses, Place(f"{stream}/{name}", ""))


def test_a_message_has_its_headers_its_subject_and_its_number(
    nats_rig: NatsRig, addresses: Addresses, stream: str
) -> None:
    put(nats_rig, f"{stream}.order.paid", b"{}", **{"X-Hub-Event": "a.b"})
    with closing(consumer(nats_rig, addresses, stream)) as one:
        [found] = one.take(DEADLINE_S)
        assert (found.position, found.body) == (f"{stream}/1", b"{}")
        assert dict(found.headers) == {"x-hub-event": "a.b", "subject": f"{stream}.order.paid"}


def test_what_is_kept_or_refused_is_gone_and_the_rest_comes_again(
    nats_rig: NatsRig, addresses: Addresses, stream: str
) -> None:
    put(nats_rig, f"{stream}.a", b"keep", b"refuse", b"later")
    with closing(consumer(nats_rig, addresses, stream)) as one:
        found: dict[bytes, Any] = {}
        while len(found) < 3:
            found |= {message.body: message for message in one.take(DEADLINE_S)}
        one.done([found[b"keep"]], [found[b"refuse"]])
        until(lambda: left(nats_rig, stream), lambda found: found == (0, 1))
    with closing(consumer(nats_rig, addresses, stream)) as one:
        again: list[Any] = []
        while not again:
            again = list(one.take(DEADLINE_S))
        assert [message.body for message in again] == [b"later"]
        one.done(again, [])
        until(lambda: left(nats_rig, stream), lambda found: found == (0, 0))


def test_nothing_came_in_time(nats_rig: NatsRig, addresses: Addresses, stream: str) -> None:
    with closing(consumer(nats_rig, addresses, stream)) as one:
        assert one.take(0.05) == []


def test_what_is_not_there_is_told_each_time(nats_rig: NatsRig, addresses: Addresses, stream: str) -> None:
    for missing in (
        consumer(nats_rig, addresses, "nowhere"),
        consumer(nats_rig, addresses, stream, "nobody"),
    ):
        with closing(missing) as one:
            for _ in range(2):
                with pytest.raises(DeliveryError, match="NATS has no consumer"):
                    one.take(DEADLINE_S)
    nobody = nats_rig.broker(url=f"nats://127.0.0.1:{free_port()}")
    with (
        closing(jetstream_consumer.consumer(nobody, addresses, Place("s/c", ""))) as one,
        pytest.raises(DeliveryError, match="not to be had"),
    ):
        one.take(DEADLINE_S)

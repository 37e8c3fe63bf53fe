"""RabbitMQ, the real one: confirmed or not, and in its own words."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from hub.errors import DeliveryError
from hub.ids import new_id
from hub.targets.addresses import Addresses
from hub.targets.brokers import rabbitmq
from hub.targets.brokers.client import Message
from tests.rigs.brokers import PASSWORD
from tests.rigs.ports import free_port
from tests.rigs.rabbitmq import RabbitRig
from tests.rigs.waiting import DEADLINE_S, until

HEADERS = {"content-type": "application/json", "webhook-id": "evt_1", "x-hub-attempt": "1"}


@pytest.fixture
def client(rabbit: RabbitRig, addresses: Addresses) -> Iterator[rabbitmq.RabbitMQ]:
    with closing(rabbitmq.client(rabbit.broker(), addresses)) as one:
        yield one


@pytest.fixture
def queue(rabbit: RabbitRig) -> Iterator[str]:
    """A durable queue, bound to an exchange of its name for story.*"""
    name = new_id("q")
    with rabbit.channel() as one:
        one.exchange_declare(name, "topic", durable=True)
        one.queue_declare(name, durable=True)
        one.queue_bind(name, name, "story.*")
    yield name
    with rabbit.channel() as one:
        one.queue_delete(name)
        one.exchange_delete(name)


def message(
    place: str, event_type: str = "story.create", body: bytes = b'{"a":1}', event_id: str = "evt_1"
) -> Message:
    return Message(place, event_id, event_type, event_id, HEADERS, body)


def test_a_confirmed_message_is_in_the_queue_as_it_was_sent(
    rabbit: RabbitRig, client: rabbitmq.RabbitMQ, queue: str
) -> None:
    words = client.publish(message(queue), DEADLINE_S)
    assert words.startswith("basic.ack")
    assert words.endswith(f"exchange {queue}, routing key story.create")
    client.publish(message(f"amq.default/{queue}", body=b"straight"), DEADLINE_S)
    client.publish(message(f"{queue}/story.other", body=b"own key"), DEADLINE_S)
    [(method, properties, body), straight, own] = rabbit.taken(queue)
    assert (body, straight[2], own[2]) == (b'{"a":1}', b"straight", b"own key")
    assert method.routing_key == "story.create"
    assert own[0].routing_key == "story.other"
    assert (properties.delivery_mode, properties.message_id, properties.type) == (2, "evt_1", "story.create")
    assert properties.content_type == "application/json"
    assert properties.headers == {"webhook-id": "evt_1", "x-hub-attempt": "1"}


@pytest.mark.parametrize(
    ("place", "event_type", "words"),
    [
        ("{queue}", "sprint.close", "312 NO_ROUTE, no queue takes it"),
        ("amq.default/no-such-queue", "story.create", "312 NO_ROUTE"),
        ("no-such-exchange", "story.create", "404 NOT_FOUND"),
    ],
)
def test_what_nobody_takes_is_a_failure_in_the_brokers_words_and_the_next_message_goes_through(
    client: rabbitmq.RabbitMQ, queue: str, place: str, event_type: str, words: str
) -> None:
    with pytest.raises(DeliveryError, match=words) as caught:
        client.publish(message(place.format(queue=queue), event_type), DEADLINE_S)
    assert caught.value.fault == "receiver"
    client.publish(message(queue), DEADLINE_S)


def test_a_full_queue_refuses(rabbit: RabbitRig, client: rabbitmq.RabbitMQ) -> None:
    full = new_id("full")
    with rabbit.channel() as one:
        one.queue_declare(full, durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
        client.publish(message(f"amq.default/{full}"), DEADLINE_S)
        with pytest.raises(DeliveryError, match="takes no more"):
            client.publish(message(f"amq.default/{full}"), DEADLINE_S)
        one.queue_delete(full)


def test_many_threads_share_one_connection_and_each_gets_its_own_answer(
    rabbit: RabbitRig, client: rabbitmq.RabbitMQ, queue: str
) -> None:
    def send(number: int) -> str:
        place = queue if number % 3 else "no-such-exchange"
        try:
            return client.publish(message(place, body=b"%d" % number, event_id=f"evt_{number}"), DEADLINE_S)
        except DeliveryError as error:
            return error.reason

    with ThreadPoolExecutor(16) as pool:
        words = list(pool.map(send, range(150)))
    assert [("404" in one) for one in words] == [number % 3 == 0 for number in range(150)]
    assert sorted(int(body) for _, _, body in rabbit.taken(queue)) == [n for n in range(150) if n % 3]
    until(lambda: sum(one.name == "rabbitmq" for one in threading.enumerate()), lambda count: count == 1)


def test_a_wrong_login_and_a_wrong_virtual_host_are_told_without_the_password(
    rabbit: RabbitRig,
    addresses: Addresses,
) -> None:
    for wrong, words in (
        (rabbit.broker(password="guessed"), "refuses the login"),
        (rabbit.broker(url=f"amqp://127.0.0.1:{rabbit.port}/nowhere"), "virtual host"),
        (rabbit.broker(url=f"amqps://127.0.0.1:{rabbit.port}"), "RabbitMQ"),
    ):
        with closing(rabbitmq.client(wrong, addresses)) as one:
            for ask in (
                lambda one=one: one.check(DEADLINE_S),
                lambda one=one: one.publish(message("x"), DEADLINE_S),
            ):
                with pytest.raises(DeliveryError, match=words) as caught:
                    ask()
                assert caught.value.phase == "connect"
                assert "guessed" not in str(caught.value)
                assert PASSWORD not in str(caught.value)


def test_nobody_there_is_told_at_once(rabbit: RabbitRig, addresses: Addresses) -> None:
    with (
        closing(rabbitmq.client(rabbit.broker(url=f"amqp://127.0.0.1:{free_port()}"), addresses)) as one,
        pytest.raises(DeliveryError, match="not to be had: Connection refused"),
    ):
        one.publish(message("x"), DEADLINE_S)


def test_a_broker_that_falls_silent_and_wakes(rabbit: RabbitRig, addresses: Addresses, queue: str) -> None:
    with closing(rabbitmq.client(rabbit.broker(), addresses)) as one:
        one.check(DEADLINE_S)
        one.publish(message(queue), DEADLINE_S)
        rabbit.freeze()
        try:
            with pytest.raises(DeliveryError, match="did not confirm it within") as caught:
                one.publish(message(queue), 2)
            assert caught.value.was_sent
        finally:
            rabbit.thaw()
        one.publish(message(queue), DEADLINE_S)


def test_tls_trusts_the_connections_own_authority_and_no_other(
    rabbit: RabbitRig, addresses: Addresses
) -> None:
    url = f"amqps://127.0.0.1:{rabbit.tls_port}"
    with closing(rabbitmq.client(rabbit.broker(url=url, ca=rabbit.ca), addresses)) as one:
        one.check(DEADLINE_S)
        one.publish(message(rabbit.place), DEADLINE_S)
    with closing(rabbitmq.client(rabbit.broker(url=url, verify_ssl=False), addresses)) as one:
        one.check(DEADLINE_S)
    with (
        closing(rabbitmq.client(rabbit.broker(url=url), addresses)) as one,
        pytest.raises(DeliveryError, match="certificate verify failed"),
    ):
        one.check(DEADLINE_S)

"""NATS JetStream, the real one: kept by a stream or not, and in its own words."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from hub.errors import DeliveryError
from hub.ids import new_id
from hub.targets.addresses import Addresses
from hub.targets.brokers import jetstream
from hub.targets.brokers.client import Message
from tests.rigs.jetstream import NatsRig
from tests.rigs.ports import free_port
from tests.rigs.waiting import DEADLINE_S

HEADERS = {"content-type": "application/json", "webhook-id": "evt_1"}


@pytest.fixture
def client(nats_rig: NatsRig, addresses: Addresses) -> Iterator[jetstream.JetStream]:
    with closing(jetstream.client(nats_rig.broker(), addresses)) as one:
        yield one


@pytest.fixture
def stream(nats_rig: NatsRig) -> Iterator[str]:
    """A stream that takes the subjects below its name."""
    name = new_id("s")
    nats_rig.at(lambda js: js.add_stream(name=name, subjects=[f"{name}.>"]))
    yield name
    nats_rig.at(lambda js: js.delete_stream(name))


def message(place: str, body: bytes = b'{"a":1}', event_id: str = "evt_1") -> Message:
    return Message(place, event_id, "story.create", event_id, HEADERS, body)


def test_a_message_is_kept_as_it_was_sent_and_a_repeat_is_dropped(
    nats_rig: NatsRig, client: jetstream.JetStream, stream: str
) -> None:
    client.check(DEADLINE_S)
    assert (
        client.publish(message(f"{stream}.SHOP.story.create"), DEADLINE_S) == f"stream {stream}, sequence 1"
    )
    again = client.publish(message(f"{stream}.SHOP.story.create"), DEADLINE_S)
    assert again == f"stream {stream}, sequence 1, which it had already"
    assert client.publish(message(f"{stream}.copy"), DEADLINE_S) == f"stream {stream}, sequence 2"
    kept = nats_rig.at(lambda js: js.get_msg(stream, 1))
    assert (kept.subject, kept.data) == (f"{stream}.SHOP.story.create", b'{"a":1}')
    assert kept.headers == {**HEADERS, "Nats-Msg-Id": f"evt_1/{stream}.SHOP.story.create"}


def test_what_no_stream_takes_is_a_failure(client: jetstream.JetStream) -> None:
    with pytest.raises(DeliveryError, match=r"no stream of NATS takes the subject nobody\.here") as caught:
        client.publish(message("nobody.here"), DEADLINE_S)
    assert caught.value.fault == "receiver"


def test_what_is_too_large_is_the_events_own_fault(client: jetstream.JetStream, stream: str) -> None:
    with pytest.raises(DeliveryError, match="takes 1048576") as caught:
        client.publish(message(f"{stream}.big", bytes(1_100_000)), DEADLINE_S)
    assert caught.value.blames_event


def test_a_full_stream_refuses_in_its_own_words(nats_rig: NatsRig, client: jetstream.JetStream) -> None:
    name = new_id("full")
    nats_rig.at(lambda js: js.add_stream(name=name, subjects=[name], max_msgs=1, discard="new"))
    client.publish(message(name), DEADLINE_S)
    with pytest.raises(DeliveryError, match="maximum messages exceeded"):
        client.publish(message(name, event_id="evt_2"), DEADLINE_S)
    nats_rig.at(lambda js: js.delete_stream(name))


def test_many_threads_share_one_connection(client: jetstream.JetStream, stream: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        words = pool.map(
            lambda n: client.publish(message(f"{stream}.n", event_id=f"evt_{n}"), DEADLINE_S), range(100)
        )
    assert {int(one.rpartition(" ")[2]) for one in words} == set(range(1, 101))


def test_a_wrong_login_is_told_without_the_password(nats_rig: NatsRig, addresses: Addresses) -> None:
    for login in (
        {"password": "guessed"},
        {"username": None, "password": "guessed"},
        {"username": None, "password": None},
    ):
        with (
            closing(jetstream.client(nats_rig.broker(**login), addresses)) as one,
            pytest.raises(DeliveryError, match=r"refuses the login|at the login: .* may be wrong") as caught,
        ):
            one.check(DEADLINE_S)
        assert "guessed" not in str(caught.value)
        assert caught.value.phase == "connect"


def test_nobody_there_is_told_at_once_and_another_of_its_hosts_is_taken(
    nats_rig: NatsRig, addresses: Addresses
) -> None:
    nobody = f"nats://127.0.0.1:{free_port()}"
    with (
        closing(jetstream.client(nats_rig.broker(url=nobody), addresses)) as one,
        pytest.raises(DeliveryError, match="not to be had"),
    ):
        one.check(DEADLINE_S)
    with closing(
        jetstream.client(nats_rig.broker(url=f"{nobody},127.0.0.1:{nats_rig.port}"), addresses)
    ) as one:
        one.check(DEADLINE_S)


def test_a_broker_that_falls_silent_dies_and_comes_back(tmp_path: Path, addresses: Addresses) -> None:
    own = NatsRig(tmp_path)
    own.start()
    try:
        with closing(jetstream.client(own.broker(), addresses)) as one:
            one.publish(message("events.a"), DEADLINE_S)
            own.freeze()
            with pytest.raises(DeliveryError, match=r"within 1 s") as caught:
                one.publish(message("events.a", event_id="evt_2"), 1)
            assert caught.value.was_sent
            own.stop()
            with pytest.raises(DeliveryError):
                one.publish(message("events.a", event_id="evt_3"), 1)  # its end may not be seen yet
            own.server.start()
            assert one.publish(message("events.a", event_id="evt_4"), DEADLINE_S).startswith(
                "stream events, sequence"
            )
    finally:
        own.stop()

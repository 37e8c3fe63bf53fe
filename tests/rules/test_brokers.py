import pytest

from hub.rules.addresses import TargetRefused
from hub.rules.brokers import (
    KINDS,
    check_place,
    filled,
    hosts_of,
    is_broker,
    options_of,
    parts_of,
    source_place_error,
)

PLACES = {
    "amqp": ["events", "events/{project}.{type}", "amq.default/orders", "events/a/b"],
    "nats": ["hub.{project}.{type}", "orders"],
    "redis": ["events:{project}", "hub/{type}"],
    "mqtt": ["hub/{project}/{type}"],
    "kafka": ["hub.{project}", "hub-{type}"],
    "sqs": ["123456789012/events", "123456789012/events.fifo"],
}
NO_PLACES = {
    "amqp": ["/key", "events/", "ev ents", "events/a b"],
    "nats": ["hub.*", "hub.>", "hub..a", ".hub", "hub/a"],
    "redis": ["a b", "a\nb"],
    "mqtt": ["hub/#", "hub/+/a"],
    "kafka": ["a/b/ c", "", "a b"],
    "sqs": ["events", "12/events", "123456789012/a.b"],
}


@pytest.mark.parametrize(("kind", "place"), [(kind, place) for kind in PLACES for place in PLACES[kind]])
def test_a_place_on_its_kind_is_taken(kind: str, place: str) -> None:
    check_place(KINDS[kind], place)


@pytest.mark.parametrize(("kind", "place"), [(kind, place) for kind in PLACES for place in NO_PLACES[kind]])
def test_what_is_no_place_is_refused(kind: str, place: str) -> None:
    with pytest.raises(TargetRefused):
        check_place(KINDS[kind], place)


def test_only_project_and_type_can_be_filled_in() -> None:
    with pytest.raises(TargetRefused, match=r"only \{project\} and \{type\}"):
        check_place(KINDS["nats"], "hub.{data.id}")
    assert filled("broker://b/hub.{project}.{type}", "SHOP", "order.paid") == "broker://b/hub.SHOP.order.paid"


def test_a_target_is_read_as_connection_and_place() -> None:
    assert is_broker("Broker://b/x")
    assert not is_broker("https://broker/x")
    assert parts_of("broker://queue-1/events/a/b") == ("queue-1", "events/a/b")


@pytest.mark.parametrize(
    "url", ["broker://", "broker:///a", "broker://Big/a", "broker://b", "broker://b/", "broker://a@b/c"]
)
def test_a_target_without_connection_or_place_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        parts_of(url)


def test_hosts_and_ports_are_read_from_a_connections_url() -> None:
    assert hosts_of(KINDS["amqp"], "amqp://rabbit.example/vhost") == [("rabbit.example", 5672)]
    assert hosts_of(KINDS["nats"], "nats://a:1234,b") == [("a", 1234), ("b", 4222)]
    assert hosts_of(KINDS["redis"], "rediss://[::1]:6380/2") == [("::1", 6380)]


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("amqp", "https://rabbit"),
        ("amqp", "amqp://user:pw@rabbit"),
        ("amqp", "amqp://a,b"),
        ("amqp", "amqp://"),
        ("amqp", "amqp://a?heartbeat=0"),
        ("redis", "redis://a/base"),
        ("redis", "redis://a?maxlen=0"),
        ("redis", "redis://a?maxlen=1&maxlen=2"),
        ("kafka", "kafka://a?sasl=GSSAPI"),
        ("sqs", "https://sqs.example?"),
        ("nats", "nats://a/path"),
        ("nats", "nats://a:port"),
        ("mqtt", "mqtt://a b"),
    ],
)
def test_a_connections_url_that_cannot_be_read_is_refused(kind: str, url: str) -> None:
    with pytest.raises(TargetRefused):
        hosts_of(KINDS[kind], url)


def test_what_a_url_says_after_its_mark_is_read() -> None:
    url = "kafka://a:1,b?sasl=SCRAM-SHA-256"
    assert hosts_of(KINDS["kafka"], url) == [("a", 1), ("b", 9092)]
    assert options_of(KINDS["kafka"], url) == {"sasl": "SCRAM-SHA-256"}
    assert options_of(KINDS["redis"], "redis://a/3?maxlen=1000") == {"maxlen": "1000"}


def test_a_source_reads_a_place_of_a_kind_that_can_be_read() -> None:
    assert source_place_error(KINDS["kafka"], "hub.SHOP") is None
    assert source_place_error(KINDS["kafka"], "a/b") == "must be a topic, such as orders"
    assert "cannot be read from; these can: " in (source_place_error(KINDS["sqs"], "orders") or "")

"""What a broker connection and a hook's place on it may look like: `broker://CONNECTION/PLACE`.

Owns the kinds of brokers, the text of a connection's URL and the syntax of a place, into which only
`{project}` and `{type}` are filled. Pure. Step before: an administrator makes a connection, a person or an
app names it in a hook's target. Step after: `hub.targets.brokers` connects and publishes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from hub.rules.addresses import TargetRefused

SCHEME = "broker://"
URL_MAX = 2048
HOSTS_MAX = 10
CONNECTION_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FILLED_IN = re.compile(r"\{(?:project|type)\}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class BrokerKind:
    """One kind of broker, as forms and checks know it."""

    key: str
    name: str
    url_example: str
    schemes: Mapping[str, int]
    """The schemes of its URL, each with its usual port."""
    tls_schemes: frozenset[str]
    """Those of them that speak TLS from the first byte."""
    extra: str | None
    """What is installed by `pip install hookhub[EXTRA]`; None: nothing is needed."""
    package: str | None
    """The module of that extra which is imported."""
    place: re.Pattern[str]
    """A place with its placeholders filled in."""
    place_help: str
    """What a place is, with an example."""
    delivered: str
    """What has to happen for a delivery to be a success."""
    path: re.Pattern[str] | None = None
    """What may stand after the `/` of its URL, such as RabbitMQ's virtual host; None: nothing."""
    many_hosts: bool = False
    """Whether its URL may name several hosts, separated by commas."""
    options: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    """What its URL may say after a `?`, as NAME=VALUE, and what the values look like."""
    options_help: str = ""
    """What they mean, for people."""
    source_place: re.Pattern[str] | None = None
    """What a source may read; None: it cannot be read from."""
    source_place_help: str = ""


_KINDS = (
    BrokerKind(
        key="amqp",
        name="RabbitMQ",
        url_example="amqps://rabbit.example:5671/vhost",
        schemes={"amqp": 5672, "amqps": 5671},
        tls_schemes=frozenset({"amqps"}),
        extra="amqp",
        package="pika",
        place=re.compile(r"[A-Za-z0-9_.:-]{1,127}(/[^\s/\x00-\x20\x7f][^\x00-\x20\x7f]{0,200})?"),
        place_help=(
            "EXCHANGE or EXCHANGE/ROUTING-KEY, e.g. events or events/{project}.{type}; without a key it is"
            " the event's type. amq.default/QUEUE goes straight to a queue."
        ),
        delivered=(
            "RabbitMQ confirms that the message is in a queue, kept on disk where the queue is durable."
        ),
        path=re.compile(r".*"),
        source_place=re.compile(r"[^\x00-\x20\x7f]{1,255}"),
        source_place_help="a queue, such as orders, without blanks",
    ),
    BrokerKind(
        key="nats",
        name="NATS JetStream",
        url_example="nats://nats.example:4222",
        schemes={"nats": 4222, "tls": 4222},
        tls_schemes=frozenset({"tls"}),
        extra="nats",
        package="nats",
        place=re.compile(r"[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*"),
        place_help="A subject that a stream takes, e.g. hub.{project}.{type}.",
        delivered="JetStream answers with the stream and the number under which it keeps the message.",
        many_hosts=True,
        source_place=re.compile(r"[^\x00-\x20\x7f.*>/\\]{1,255}/[^\x00-\x20\x7f.*>/\\]{1,255}"),
        source_place_help="a stream and a durable consumer of it, such as ORDERS/hub",
    ),
    BrokerKind(
        key="redis",
        name="Redis streams",
        url_example="rediss://redis.example:6379/0",
        schemes={"redis": 6379, "rediss": 6379},
        tls_schemes=frozenset({"rediss"}),
        extra="redis",
        package="redis",
        place=re.compile(r"[A-Za-z0-9_.:/-]{1,255}"),
        place_help="The key of a stream, e.g. events:{project}.",
        delivered="Redis answers XADD with the entry's id; how safely it is kept is its appendfsync.",
        path=re.compile(r"[0-9]{0,4}"),
        options={"maxlen": re.compile(r"[1-9][0-9]{0,11}")},
        options_help="?maxlen=100000 keeps about so many entries in a stream, read or not.",
    ),
    BrokerKind(
        key="mqtt",
        name="MQTT",
        url_example="mqtts://mqtt.example:8883",
        schemes={"mqtt": 1883, "mqtts": 8883},
        tls_schemes=frozenset({"mqtts"}),
        extra="mqtt",
        package="paho.mqtt.client",
        place=re.compile(r"[A-Za-z0-9_.:/-]{1,255}"),
        place_help="A topic, e.g. hub/{project}/{type}; the dots of the event's type become slashes.",
        delivered="The broker acknowledges the message (quality of service 1).",
    ),
    BrokerKind(
        key="kafka",
        name="Kafka",
        url_example="kafka://kafka-1.example:9092,kafka-2.example:9092",
        schemes={"kafka": 9092, "kafkas": 9093},
        tls_schemes=frozenset({"kafkas"}),
        extra="kafka",
        package="confluent_kafka",
        place=re.compile(r"[A-Za-z0-9_.-]{1,249}"),
        place_help=(
            "A topic, e.g. hub.{project}; the key is the event's id, and the hook's for one that sends"
            " in order."
        ),
        delivered="All in-sync replicas have the message (acks=all).",
        many_hosts=True,
        options={"sasl": re.compile(r"PLAIN|SCRAM-SHA-256|SCRAM-SHA-512")},
        source_place=re.compile(r"[A-Za-z0-9_.-]{1,249}"),
        source_place_help="a topic, such as orders",
        options_help="?sasl=SCRAM-SHA-256 or ?sasl=SCRAM-SHA-512 is how it logs in; without it PLAIN.",
    ),
    BrokerKind(
        key="sqs",
        name="Amazon SQS",
        url_example="https://sqs.eu-central-1.amazonaws.com",
        schemes={"https": 443, "http": 80},
        tls_schemes=frozenset({"https"}),
        extra=None,
        package=None,
        place=re.compile(r"[0-9]{12}/[A-Za-z0-9_-]{1,80}(\.fifo)?"),
        place_help="The account and the queue, e.g. 123456789012/events or 123456789012/events.fifo.",
        delivered="SQS answers with the message's id.",
        options={"region": re.compile(r"[a-z0-9-]{1,32}")},
        options_help="?region=eu-west-1 where the host does not say it, as sqs.eu-west-1.amazonaws.com does.",
    ),
)
KINDS: Mapping[str, BrokerKind] = {kind.key: kind for kind in _KINDS}


def is_broker(url: str) -> bool:
    return url[: len(SCHEME)].lower() == SCHEME


def parts_of(url: str) -> tuple[str, str]:
    """The connection's name and the place of a hook's target. Raises `TargetRefused`."""
    if len(url) > URL_MAX:
        raise TargetRefused(f"The target is longer than {URL_MAX} characters.")
    name, slash, place = url[len(SCHEME) :].partition("/")
    if not CONNECTION_NAME.fullmatch(name):
        raise TargetRefused(
            "A broker's target is broker://CONNECTION/PLACE with the name of a connection: lower-case"
            " letters, digits and hyphens."
        )
    if not slash or not place:
        raise TargetRefused(f"The place is missing: write broker://{name}/ and where it goes on the broker.")
    return name, place


def check_place(kind: BrokerKind, place: str) -> None:
    """Judge the place of a hook's target, placeholders and all. Raises `TargetRefused`."""
    for placeholder in _PLACEHOLDER.findall(place):
        if not _FILLED_IN.fullmatch(placeholder):
            raise TargetRefused(
                f"{placeholder[:50]!a} cannot be filled in: only {{project}} and {{type}} can."
            )
    if not kind.place.fullmatch(filled(place, "P0", "type.of_event")):
        raise TargetRefused(f"{place[:100]!a} is no place on {kind.name}. {kind.place_help}")


def source_place_error(kind: BrokerKind, place: str) -> str | None:
    """Why a source cannot read this."""
    if kind.source_place is None:
        known = ", ".join(one.name for one in _KINDS if one.source_place is not None)
        return f"{kind.name} cannot be read from; these can: {known}"
    return None if kind.source_place.fullmatch(place) else f"must be {kind.source_place_help}"


def filled(text: str, project: str, event_type: str) -> str:
    """A place, or a whole target, with the event's project and type in it. Both hold no character that could
    mean anything in a place.
    """
    return text.replace("{project}", project).replace("{type}", event_type)


def hosts_of(kind: BrokerKind, url: str) -> Sequence[tuple[str, int]]:
    """The hosts and ports that a connection's URL names. Raises `TargetRefused` where it cannot be read."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme not in kind.schemes:
        beginnings = " or ".join(f"{known}://" for known in kind.schemes)
        raise TargetRefused(f"The URL must begin with {beginnings} for {kind.name}.")
    if len(url) > URL_MAX or not url.isascii() or any(one <= " " or one in "\\\x7f#" for one in rest):
        raise TargetRefused("The URL may hold ASCII only, and no blanks, backslashes or #.")
    options_of(kind, url)
    authority, _, path = rest.partition("?")[0].partition("/")
    if "@" in authority:
        raise TargetRefused("The URL may not hold a user name or password: they have fields of their own.")
    if path and kind.path is None:
        raise TargetRefused(f"The URL of {kind.name} has no path: write {scheme}://HOST:PORT.")
    if kind.path is not None and not kind.path.fullmatch(path):
        raise TargetRefused(f"The URL of {kind.name} cannot end in /{path[:50]}.")
    hosts = authority.split(",")
    if len(hosts) > (HOSTS_MAX if kind.many_hosts else 1):
        raise TargetRefused(
            f"The URL names {len(hosts)} hosts; {HOSTS_MAX if kind.many_hosts else 1} can be."
        )
    return [_host_and_port(host, kind.schemes[scheme]) for host in hosts]


def options_of(kind: BrokerKind, url: str) -> Mapping[str, str]:
    """What a connection's URL says after its `?`. Raises `TargetRefused`."""
    _, mark, query = url.partition("?")
    options: dict[str, str] = {}
    for pair in query.split("&") if mark else ():
        name, _, value = pair.partition("=")
        pattern = kind.options.get(name)
        if pattern is None or not pattern.fullmatch(value) or name in options:
            raise TargetRefused(
                f"The URL says {pair[:50]!a} after its ?, which {kind.name} does not take. "
                + (kind.options_help or "Leave it out.")
            )
        options[name] = value
    return options


def judged_as(host: str, port: int) -> str:
    """The URL as which the policy for all targets judges a broker's host and port."""
    return f"https://{f'[{host}]' if ':' in host else host}:{port}/"


def _host_and_port(text: str, usual_port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port or usual_port
    except ValueError:
        host, port = None, 0
    if not host:
        raise TargetRefused("The URL must name a host, as in HOST or HOST:PORT.")
    return host, port

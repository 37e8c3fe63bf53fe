"""Hooks to brokers through `hookhub serve`, as people set them up: connection, hook and event by the
API, and the message on the real broker.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker
from hub.targets.brokers.kafka import client as kafka_client
from tests.rigs.brokers import PASSWORD, Rig, message
from tests.rigs.hubs import hookhub, serving
from tests.rigs.kafka import KafkaRig
from tests.rigs.waiting import DEADLINE_S, until

KINDS = ["redis", "mosquitto", "kafka", "sqs", "rabbit", "nats"]
DATA = '{"title":"Zoë’s order","n":1.10}'


@dataclass
class Served:
    url: str
    token: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """`body`: an object, or bytes that are JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = requests.request(
            method,
            f"{self.url}/api/v1{path}",
            data=None if body is None else data,
            headers={"X-API-Key": self.token, "Content-Type": "application/json"},
            timeout=DEADLINE_S,
        )
        assert answer.ok, answer.text
        return answer.json()

    def connect(self, broker: Broker, name: str) -> None:
        what = {"kind": broker.kind, "url": broker.url}
        login = {"username": broker.username, "password": broker.password}
        made = self.call("POST", "/connections", {"name": name, **what, **login})
        assert self.call("POST", f"/connections/{made['id']}/test") == {"ok": True, "error": None}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, HUB_OUTBOUND_ALLOW="127.0.0.0/8") as hub:
        scopes = [word for scope in ("publish", "read", "manage", "admin") for word in ("--scope", scope)]
        made = hookhub("token", "create", *scopes, HUB_DATA_DIR=str(folder / "data"))
        one = Served(hub.url, made.stdout.strip())
        one.call("POST", "/projects", {"key": "SHOP", "name": "Shop"})
        yield one
        assert hub.stop() == 0
        said = hub.err.read_text()
    assert PASSWORD not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_reaches_the_broker_and_the_log_says_what_it_answered(
    kind: str, served: Served, request: pytest.FixtureRequest
) -> None:
    rig: Rig = request.getfixturevalue(f"{kind}_rig")
    served.connect(rig.broker(), kind)
    target = f"broker://{kind}/{rig.place.replace('SHOP', '{project}').replace('order.paid', '{type}')}"
    hook = served.call("POST", "/hooks?project=SHOP", {"target_url": target, "events": ["order.*"]})
    served.call("POST", "/events?project=SHOP", f'{{"type":"order.paid","data":{DATA}}}'.encode())

    found = until(lambda: [one for one in rig.bodies() if "Zoë" in one.decode()])[0]
    assert DATA in found.decode()
    [delivery] = until(
        lambda: served.call("GET", f"/hooks/{hook['id']}/deliveries?project=SHOP"),
        lambda some: bool(some) and some[0]["state"] == "delivered",
    )
    whole = served.call("GET", f"/deliveries/{delivery['id']}?project=SHOP")
    [attempt] = whole["attempts"]
    assert attempt["outcome"] == "success"
    assert attempt["request"]["url"] == target.replace("{project}", "SHOP").replace("{type}", "order.paid")
    assert PASSWORD not in json.dumps(whole)
    served.call("DELETE", f"/hooks/{hook['id']}?project=SHOP")


def test_a_topic_is_read_by_a_source_and_each_message_is_one_event(
    served: Served, kafka_rig: KafkaRig, addresses: Addresses
) -> None:
    kafka_rig.make_topic("inbox")
    served.connect(kafka_rig.broker(), "inbox")
    settings = {"connection": "inbox", "place": "inbox", "start": "all there is"}
    source = served.call(
        "POST", "/sources?project=SHOP", {"kind": "broker", "name": "Inbox", "settings": settings}
    )
    refused = requests.post(source["url"], json={"type": "order.paid"}, timeout=DEADLINE_S)
    assert refused.status_code == 401

    client = kafka_client(kafka_rig.broker(), addresses)
    for body in (DATA.replace("{", '{"type":"order.read",').encode(), b"no json"):
        client.publish(message(kafka_rig, body, place="inbox"), DEADLINE_S)
    client.close()
    until(lambda: kafka_rig.reached(f"hookhub-{source['id']}", "inbox"), lambda at: at == 2)
    events = served.call("GET", "/events?project=SHOP&type=order.read")
    assert [one["type"] for one in events] == ["order.read"]
    now = until(
        lambda: served.call("GET", f"/sources/{source['id']}?project=SHOP"),
        lambda one: one["accepted"] and one["refused"] >= 2,
    )
    assert now["accepted"] == 1
    served.call("DELETE", f"/sources/{source['id']}?project=SHOP")

"""n8n's own requests, byte for byte as its sources have them, against a running hub."""

import json
from urllib.parse import quote

import pytest

from tests.rigs.api import Client, LiveHub
from tests.rigs.app_clients import Json, Wire, publish
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

# n8n

N8N = {
    "User-Agent": "n8n",
    "Accept": "application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7",
}


class N8nNode:
    """A trigger node: activation is `checkExists`, then `create` if needed; only the id is kept, in the
    workflow's static data.
    """

    def __init__(self, call: Wire, webhook_url: str, event: str, *, filters: bool = False) -> None:
        self.call, self.webhook_url, self.event, self.filters = call, webhook_url, event, filters
        self.static_data: Json = {}
        self.created = 0

    def check_exists(self) -> bool:
        query = f"?target_url={quote(self.webhook_url, safe='')}" if self.filters else ""
        answer = self.call("GET", f"/api/v1/hooks{query}")
        assert answer.status == 200
        assert isinstance(answer.json(), list)
        for hook in answer.json():
            if hook["target_url"] == self.webhook_url and hook["events"] == [self.event]:
                self.static_data["webhookId"] = hook["id"]
                return True
        return False

    def create(self) -> None:
        body = json.dumps(
            {"target_url": self.webhook_url, "event": self.event}, separators=(",", ":")
        ).encode()
        answer = self.call("POST", "/api/v1/hooks", body, **{"Content-Type": "application/json"})
        assert answer.status == 201, answer.body
        self.static_data["webhookId"] = answer.json()["id"]
        self.created += 1

    def activate(self) -> None:
        if not self.check_exists():
            self.create()

    def deactivate(self) -> None:
        assert self.call("DELETE", f"/api/v1/hooks/{self.static_data['webhookId']}").status == 200
        del self.static_data["webhookId"]


@pytest.fixture
def n8n(live: LiveHub, key: str) -> Wire:
    return Wire(live, live.token("subscribe", project=key, app="n8n"), N8N)


N8N_OFF = b'{"code":404,"message":"The requested webhook \\"POST x\\" is not registered.","hint":"The workflow must be active"}'
UUID = "0b2f7f0e-5c0e-4f5e-9d4e-0a4c1b8f9c11"
ODD_PATHS = (
    f"/webhook/{UUID}/webhook",
    f"/webhook/{UUID.upper()}/Webhook",
    "/webhook/with%20space/and%2Fslash",
    "/webhook/lower%c3%a9/UPPER%C3%89",
    "/webhook/trailing/",
    "/webhook/query?a=1&A=1&empty=&sig=%2B%2f",
    "/webhook//double//slash",
    "/webhook/a;b=c,d~e!f'g(h)*",
    "/webhook/dots/./x",
)


@pytest.mark.parametrize("path", ODD_PATHS)
@pytest.mark.parametrize("filters", [False, True])
def test_n8n_finds_its_hook_again_by_its_address_letter_for_letter(
    n8n: Wire, manager: Client, path: str, filters: bool
) -> None:
    with Receiver() as target:
        url = f"http://127.0.0.1:{target.port}{path}"
        node = N8nNode(n8n, url, "story.create", filters=filters)
        node.activate()
        first = dict(node.static_data)
        for _ in range(2):  # n8n restarts: it only looks
            node.static_data.clear()
            node.activate()
            assert node.static_data == first
        assert node.created == 1
        assert [hook["target_url"] for hook in n8n("GET", "/api/v1/hooks").json()] == [url]
        event_id = publish(manager)
        got = target.wait_for(1)[0]
        assert got.path == path
        assert json.loads(got.body)["id"] == event_id
        node.deactivate()
        assert n8n("GET", "/api/v1/hooks").json() == []
        node.activate()
        assert node.created == 2


@pytest.mark.parametrize(
    "url", ["HTTP://127.0.0.1:{port}/Hook", "http://127.0.0.1:{port}", "http://127.0.0.1:{port}?x=1"]
)
def test_n8n_finds_even_an_address_that_others_would_rewrite(n8n: Wire, url: str) -> None:
    with Receiver() as target:
        node = N8nNode(n8n, url.format(port=target.port), "story.create", filters=True)
        for _ in range(2):
            node.activate()
        assert node.created == 1


def test_n8n_sees_other_addresses_of_its_own_as_others(n8n: Wire) -> None:
    with Receiver() as target:
        base = f"http://127.0.0.1:{target.port}"
        urls = [
            f"{base}/webhook/a",
            f"{base}/webhook/A",
            f"{base}/webhook/a/",
            f"{base}/webhook/%61",
            f"{base}/webhook-test/a",
        ]
        nodes = [N8nNode(n8n, url, "story.create", filters=n % 2 == 0) for n, url in enumerate(urls)]
        for _ in range(2):
            for node in nodes:
                node.activate()
        assert [node.created for node in nodes] == [1] * len(urls)


def test_an_n8n_workflow_that_is_off_answers_404_and_its_hook_goes_on(n8n: Wire, manager: Client) -> None:
    with Receiver((404, {"Content-Type": "application/json"}, N8N_OFF)) as target:
        node = N8nNode(n8n, target.url, "story.create")
        node.activate()
        publish(manager)
        shown = until(
            lambda: manager.get(f"/hooks/{node.static_data['webhookId']}").json(),
            lambda hook: hook["consecutive_failures"] == 2,  # the next is in ten minutes
        )
        assert shown["state"] == "failing"
        delivery = manager.get("/deliveries").json()[0]["id"]
        attempt = manager.get(f"/deliveries/{delivery}").json()["attempts"][0]
        assert "not registered" in attempt["response"]["body"]
        assert node.check_exists()
        target.answer = 200
        node.deactivate()
        node.activate()
        event_id = publish(manager)
        got = until(
            lambda: [json.loads(request.body)["id"] for request in target.requests],
            lambda ids: event_id in ids,
        )
        assert got[-1] == event_id

"""The apps' own requests, byte for byte as their sources have them, against a
running hub.

Each client below knows nothing of the hub but a base URL and a token, and keeps only what the real one keeps.
"""

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from connectors import registry
from hub.store import projects, settings
from tests.rigs.api import Client, LiveHub, serving
from tests.rigs.receivers import Received, Receiver, Reply
from tests.rigs.waiting import DEADLINE_S, until

Json = dict[str, Any]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    with serving(tmp_path_factory.mktemp("hub")) as running:
        database = running.hub.database
        database.write(lambda: settings.change({"retry_schedule_s": [0.0, 600.0]})).result()
        yield running


@pytest.fixture
def key(live: LiveHub) -> str:
    """A project with iceScrum's events and every connector on."""
    made = live.project("icescrum")

    def switch() -> None:
        row = projects.by_key(made)
        assert row is not None
        for app in registry.connector_keys():
            projects.switch_connector(int(row.id), app, True, "test", time.time())

    live.hub.database.write(switch).result()
    return made


@pytest.fixture
def manager(live: LiveHub, key: str) -> Client:
    """The project's own side: it publishes, and looks at what is there."""
    return live.client("publish", "read", "manage", project=key)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """Requests as somebody else's HTTP client writes them: these headers, these bytes, nothing added, nothing
    followed.
    """

    def __init__(
        self, live: LiveHub, token: str, headers: dict[str, str], auth: str = "Authorization"
    ) -> None:
        self._host = urlsplit(live.url).netloc
        self._headers = {
            "Host": self._host,
            **headers,
            auth: f"Bearer {token}" if auth == "Authorization" else token,
        }

    def __call__(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self._host, timeout=DEADLINE_S)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {**self._headers, **headers}.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            got = connection.getresponse()
            answer = Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            connection.close()
        assert not 300 <= answer.status < 400, answer
        assert "json" in answer.headers["content-type"]
        return answer


def publish(manager: Client, code: str = "story.create", **data: Any) -> str:
    answer = manager.post("/events", json={"type": code, "data": data or {"id": 23, "name": "Hébergement"}})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def state_of(manager: Client, hook_id: str) -> str:
    return str(manager.get(f"/hooks/{hook_id}").json()["state"])


# Zapier

ZAPIER = {"User-Agent": "Zapier", "Accept": "*/*", "Content-Type": "application/json; charset=utf-8"}
TARGET_KEYS = ("target_url", "hookUrl", "url", "target", "callback_url", "notification_url")


class CatchHook:
    """hooks.zapier.com for one Zap: takes events while it is on, answers 410 when it is off, and is paused by
    a DELETE.
    """

    def __init__(self) -> None:
        self.is_on = True
        self.runs: list[Json] = []

    def __call__(self, request: Received) -> Reply:
        if request.method == "DELETE":
            self.is_on = False
            return 200
        if not self.is_on:
            return 410
        body = json.loads(request.body)
        assert isinstance(body, dict), "an array would run the Zap once for each element"
        self.runs.append(body)
        return (
            200,
            {"Content-Type": "application/json"},
            b'{"attempt": "0199", "id": "0199", "request_id": "0199", "status": "success"}',
        )


@pytest.fixture
def zapier(live: LiveHub, key: str) -> Wire:
    return Wire(live, live.token("subscribe", project=key, app="zapier", name="My Zaps"), ZAPIER)


def check_results(results: Any) -> None:
    """Zapier's core: an array of objects, each with an `id`, which are unique primitives."""
    assert isinstance(results, list)
    assert all(isinstance(one, dict) for one in results)
    ids = [one["id"] for one in results]
    assert all(isinstance(one, str | int) for one in ids)
    assert len(set(ids)) == len(ids)


def test_zapier_tests_its_key_and_labels_the_connection(zapier: Wire, live: LiveHub, key: str) -> None:
    answer = zapier("GET", "/api/v1/me")
    assert answer.status == 200
    assert answer.json()["name"] == "My Zaps"
    assert answer.json()["id"]
    wrong = Wire(live, "wrong", ZAPIER)("GET", "/api/v1/me")
    assert wrong.status == 401
    assert len(wrong.json()["detail"]) < 250
    by_key = Wire(live, live.token("subscribe", project=key, app="zapier"), ZAPIER, auth="X-API-Key")
    assert by_key("GET", "/api/v1/me").status == 200


def test_zapiers_dropdown_turns_pages_from_zero_until_one_is_empty(
    zapier: Wire, manager: Client, live: LiveHub
) -> None:
    choices: list[Json] = []
    for page in range(10):
        found = zapier("GET", f"/api/v1/event-types?page={page}").json()
        check_results(found)
        if not found:
            break
        choices += found
    assert {"story.create", "task.state", "hook.disabled"} <= {choice["id"] for choice in choices}
    assert all(choice["name"] for choice in choices)

    many = live.project()
    declarer = live.client("manage", project=many)
    for n in range(105):
        assert declarer.post("/event-types", json={"id": f"kind.n{n}"}).status_code == 201
    pages = Wire(live, live.token("subscribe", project=many, app="zapier"), ZAPIER)
    sizes = [len(pages("GET", f"/api/v1/event-types?page={page}").json()) for page in range(3)]
    assert sizes == [100, 8, 0]
    codes = [
        one["id"] for page in range(2) for one in pages("GET", f"/api/v1/event-types?page={page}").json()
    ]
    assert len(set(codes)) == 108


@pytest.mark.parametrize("name", TARGET_KEYS)
def test_a_zap_lives_from_on_to_off(zapier: Wire, manager: Client, name: str) -> None:
    catch = CatchHook()
    with Receiver(catch) as target:
        subscribed = zapier(
            "POST", "/api/v1/hooks", json.dumps({name: target.url, "event": "story.create"}).encode()
        )
        assert subscribed.status == 201
        data = subscribed.json()  # the whole answer is kept as subscribeData
        assert isinstance(data["id"], str)
        assert subscribed.headers["location"].endswith(f"/api/v1/hooks/{data['id']}")
        assert (data["target_url"], data["events"]) == (target.url, ["story.create"])
        assert "expiration_date" not in data
        event_id = publish(manager)
        publish(manager, "story.delete")
        target.wait_for(1)
        until(
            lambda: manager.get("/deliveries").json(), lambda rows: rows and rows[0]["state"] == "delivered"
        )
        unsubscribed = zapier("DELETE", f"/api/v1/hooks/{data['id']}")
        assert (unsubscribed.status, unsubscribed.json()) == (200, {"id": data["id"], "deleted": True})
        again = zapier("DELETE", f"/api/v1/hooks/{data['id']}")
        assert again.status == 404
        publish(manager)
        assert [run["id"] for run in catch.runs] == [event_id]
        assert catch.runs[0]["data"] == {"id": 23, "name": "Hébergement"}
        assert [request.method for request in target.requests] == [
            "POST"
        ]  # it ended this itself: no reverse unsubscribe


def test_zapiers_form_builder_sends_the_address_twice_and_a_body_with_its_delete(
    zapier: Wire, manager: Client
) -> None:
    """Form mode repeats the target as `subscription_url` and parses every answer as JSON."""
    with Receiver(CatchHook()) as target:
        body = {"target_url": target.url, "event": "story.create", "subscription_url": target.url}
        subscribed = zapier("POST", "/api/v1/hooks", json.dumps(body).encode())
        assert subscribed.status == 201
        gone = zapier("DELETE", f"/api/v1/hooks/{subscribed.json()['id']}", json.dumps(body).encode())
        assert (gone.status, gone.json()["deleted"]) == (200, True)


def test_zapier_is_told_what_is_wrong_in_its_first_250_characters(zapier: Wire) -> None:
    for body in (
        {"target_url": "https://hooks.example.com/1"},
        {"event": "story.create"},
        {"target_url": 5, "event": "story.create"},
    ):
        answer = zapier("POST", "/api/v1/hooks", json.dumps(body).encode())
        assert answer.status == 422
        assert answer.json()["detail"][:250].strip()
        assert answer.json()["errors"]
    assert zapier("POST", "/api/v1/hooks", b"{").status == 400


def test_zapiers_samples_are_newest_first_with_the_shape_of_the_live_hook(
    zapier: Wire, manager: Client
) -> None:
    catch = CatchHook()
    with Receiver(catch) as target:
        made = zapier(
            "POST", "/api/v1/hooks", json.dumps({"target_url": target.url, "event": "story.update"}).encode()
        ).json()
        examples = zapier("GET", f"/api/v1/hooks/{made['id']}/samples?limit=3").json()
        check_results(examples)
        assert examples  # before anything has happened there is something to map
        ids = [publish(manager, "story.update", id=n) for n in range(5)]
        target.wait_for(5)
        samples = zapier("GET", f"/api/v1/hooks/{made['id']}/samples?limit=3").json()
        check_results(samples)
        assert [one["id"] for one in samples] == ids[:1:-1]
        listed = zapier("GET", "/api/v1/events?type=story.update&limit=3").json()
        assert listed == samples
        until(lambda: len(catch.runs), lambda count: count == 5)
        live_by_id = {run["id"]: run for run in catch.runs}
        assert samples == [live_by_id[one["id"]] for one in samples]
        for one in (*samples, *examples):
            assert set(one) <= set(catch.runs[0])
            assert one["timestamp"].endswith("Z")


def test_a_zap_that_is_off_answers_410_and_its_hook_is_over_at_once(zapier: Wire, manager: Client) -> None:
    catch = CatchHook()
    with Receiver(catch) as target:
        made = zapier(
            "POST", "/api/v1/hooks", json.dumps({"hookUrl": target.url, "event": "story.create"}).encode()
        ).json()
        catch.is_on = False
        publish(manager)
        until(lambda: state_of(manager, made["id"]), lambda state: state == "gone")
        assert zapier("GET", "/api/v1/hooks").json() == []
        publish(manager)
        assert len(manager.get("/deliveries").json()) == 1
        assert len(target.requests) == 1  # nothing more, no DELETE either
        assert zapier("DELETE", f"/api/v1/hooks/{made['id']}").status == 200  # the Zap is deleted later


def test_a_zap_is_paused_when_a_manager_ends_its_hook(zapier: Wire, manager: Client) -> None:
    catch = CatchHook()
    with Receiver(catch) as target:
        made = zapier(
            "POST", "/api/v1/hooks", json.dumps({"hookUrl": target.url, "event": "story.create"}).encode()
        ).json()
        assert manager.delete(f"/hooks/{made['id']}").status_code == 200
        target.wait_for(1)
        until(lambda: catch.is_on, lambda is_on: not is_on)


def test_two_zaps_on_one_event_are_two_hooks(zapier: Wire, manager: Client) -> None:
    with Receiver(CatchHook()) as one, Receiver(CatchHook()) as two:
        ids = {
            zapier(
                "POST", "/api/v1/hooks", json.dumps({"url": target.url, "event": "story.create"}).encode()
            ).json()["id"]
            for target in (one, two)
        }
        assert len(ids) == 2
        publish(manager)
        assert one.wait_for(1)[0].body == two.wait_for(1)[0].body


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
            lambda hook: hook["consecutive_failures"] > 0,
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


# Make


def test_make_attaches_when_its_webhook_is_created_and_detaches_by_id(
    live: LiveHub, key: str, manager: Client
) -> None:
    make = Wire(
        live,
        live.token("subscribe", project=key, app="make"),
        {"User-Agent": "Make/production", "Content-Type": "application/json"},
    )
    assert make("GET", "/api/v1/me").json()["name"]
    with Receiver((200, {"Content-Type": "text/plain"}, b"Accepted")) as target:
        body = {"url": target.url, "event": "story.create"}
        attached = make("POST", "/api/v1/hooks", json.dumps(body).encode())
        assert attached.status == 201
        external_hook_id = attached.json()["id"]
        event_id = publish(manager)  # the scenario may be off still: Make queues it
        assert json.loads(target.wait_for(1)[0].body)["id"] == event_id
        make("DELETE", f"/api/v1/hooks/{external_hook_id}")  # the answer is ignored
        assert make("GET", "/api/v1/hooks").json() == []


def test_makes_attach_without_an_event_is_told_what_is_missing(live: LiveHub, key: str) -> None:
    make = Wire(live, live.token("subscribe", project=key, app="make"), {"Content-Type": "application/json"})
    answer = make("POST", "/api/v1/hooks", json.dumps({"url": "https://hook.eu2.make.com/abc"}).encode())
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["events"]


# Power Automate

LOGIC_APPS_PATH = "/workflows/0b2f/triggers/manual/versions/0858/run?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=A-b_C"


def test_a_flow_deletes_the_location_it_was_given(live: LiveHub, key: str, manager: Client) -> None:
    headers = {
        "User-Agent": "azure-logic-apps/1.0 (workflow 0b2f)",
        "Content-Type": "application/json; charset=utf-8",
    }
    flow = Wire(live, live.token("subscribe", project=key, app="power_automate"), headers, auth="X-API-Key")
    with Receiver(202) as target:
        callback = f"http://127.0.0.1:{target.port}{LOGIC_APPS_PATH}"
        made = flow(
            "POST", "/api/v1/hooks", json.dumps({"target_url": callback, "event": "story.create"}).encode()
        )
        assert made.status == 201
        location = urlsplit(made.headers["location"])
        assert f"{location.scheme}://{location.netloc}" == live.url
        assert made.json()["target_url"] == callback
        publish(manager)
        assert target.wait_for(1)[0].path == LOGIC_APPS_PATH  # the signature is in the query
        assert manager.post(f"/hooks/{made.json()['id']}/disable").status_code == 409  # the flow's own
        gone = flow("DELETE", location.path)
        assert (gone.status, gone.json()["deleted"]) == (200, True)
        assert manager.get("/hooks").json() == []


def test_power_automates_dropdown_needs_value_and_title(live: LiveHub, key: str) -> None:
    flow = Wire(live, live.token("subscribe", project=key, app="power_automate"), {}, auth="X-API-Key")
    for choice in flow("GET", "/api/v1/event-types").json():
        assert choice["id"]
        assert choice["name"]


# Activepieces


class Flow:
    """An Activepieces flow: `onEnable` subscribes and stores the id, `onDisable` deletes; off answers 404,
    deleted 410.
    """

    def __init__(self, call: Wire, webhook_url: str) -> None:
        self.call, self.webhook_url = call, webhook_url
        self.store: Json = {}
        self.state = "enabled"

    def answer(self, request: Received) -> Reply:
        headers = {"Content-Type": "application/json", "x-webhook-id": "0199"}
        return {"enabled": 200, "disabled": 404, "deleted": 410}[self.state], headers, b"{}"

    def on_enable(self) -> None:
        body = json.dumps({"target_url": self.webhook_url, "event": "story.create"}).encode()
        self.store["hook"] = self.call("POST", "/api/v1/hooks", body).json()["id"]

    def on_disable(self) -> None:
        assert self.call("DELETE", f"/api/v1/hooks/{self.store.pop('hook')}").status in (200, 404)


@pytest.fixture
def pieces(live: LiveHub, key: str) -> Wire:
    return Wire(
        live,
        live.token("subscribe", project=key, app="activepieces"),
        {"User-Agent": "axios/1.8", "Content-Type": "application/json"},
    )


def test_an_activepieces_flow_enables_tests_and_disables(pieces: Wire, manager: Client) -> None:
    with Receiver() as target:
        flow = Flow(pieces, target.url)
        target.answer = flow.answer
        flow.on_enable()
        samples = pieces("GET", f"/api/v1/hooks/{flow.store['hook']}/samples").json()
        assert [set(one) for one in samples] == [{"id", "type", "timestamp", "project", "data"}] * len(
            samples
        )
        assert samples
        publish(manager)
        assert set(json.loads(target.wait_for(1)[0].body)) == set(samples[0])
        flow.on_disable()
        assert pieces("GET", "/api/v1/hooks").json() == []


def test_a_disabled_activepieces_flow_is_a_plain_failure_and_a_deleted_one_the_end(
    pieces: Wire, manager: Client
) -> None:
    with Receiver() as target:
        flow = Flow(pieces, target.url)
        target.answer = flow.answer
        flow.on_enable()
        hook_id = flow.store["hook"]
        flow.state = "disabled"
        publish(manager)
        shown = until(
            lambda: manager.get(f"/hooks/{hook_id}").json(), lambda hook: hook["consecutive_failures"] > 0
        )
        assert (shown["state"], shown["last_error"]) == ("failing", "answered 404")
        assert [hook["id"] for hook in pieces("GET", "/api/v1/hooks").json()] == [hook_id]
        flow.state = "deleted"
        manager.post(f"/hooks/{hook_id}/disable")
        manager.post(f"/hooks/{hook_id}/enable")  # closes its breaker
        publish(manager)
        until(lambda: state_of(manager, hook_id), lambda state: state == "gone")
        assert pieces("GET", "/api/v1/hooks").json() == []
        flow.on_disable()


# Pipedream


def test_a_pipedream_source_deploys_activates_and_deactivates(
    live: LiveHub, key: str, manager: Client
) -> None:
    source = Wire(
        live,
        live.token("subscribe", project=key, app="pipedream"),
        {"User-Agent": "axios/1.7.9", "Content-Type": "application/json"},
    )
    past = [publish(manager, "story.create", id=n) for n in range(12)]
    emitted = source(
        "GET", "/api/v1/events?type=story.create&limit=10"
    ).json()  # hooks.deploy: at most 10 past events
    assert [event["id"] for event in emitted] == past[:1:-1]
    with Receiver() as target:
        body = json.dumps({"target_url": target.url, "event": "story.create"}).encode()
        kept = source("POST", "/api/v1/hooks", body).json()["id"]  # hooks.activate
        event_id = publish(manager)
        got = json.loads(target.wait_for(1)[0].body)
        assert got["id"] == event_id
        assert event_id not in past  # it drops repeats by id
        assert source("DELETE", f"/api/v1/hooks/{kept}").status == 200  # hooks.deactivate
        publish(manager)
        assert len(target.requests) == 1


@pytest.mark.parametrize("app", [app for app in registry.connector_keys() if app != "webhooks"])
def test_each_apps_hook_has_its_origin_and_its_format(live: LiveHub, key: str, app: str) -> None:
    call = Wire(live, live.token("subscribe", project=key, app=app), {"Content-Type": "application/json"})
    made = call(
        "POST", "/api/v1/hooks", b'{"target_url": "http://127.0.0.1:4711/x", "event": "story.create"}'
    ).json()
    assert (made["origin"]["kind"], made["origin"]["app"]) == ("app", app)
    assert made["format"] == registry.connector(app).format
    assert made["can_edit"] is True

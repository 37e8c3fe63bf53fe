"""What takes a hub of its own: another database, another address, a restart."""

import re
from pathlib import Path
from typing import Any

from hub.store.models import Hook
from hub.web.routes import CALLS
from tests.rigs.api import Client, LiveHub, serving
from tests.rigs.document import DOCUMENT, errors_of
from tests.rigs.problems import fields_of, filled, problem_of
from tests.rigs.receivers import Received, Receiver
from tests.rigs.waiting import until
from tests.web.api.test_publish import ODD_DATA, publish


def test_what_was_taken_is_there_after_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        key = first.project()
        api = first.client(project=key)
        token = api.token
        api.post("/hooks", json={"target_url": "http://127.0.0.1:9009/", "event": "*"})
        event_id = publish(api, ODD_DATA).json()["id"]
    with serving(tmp_path) as second:
        again = second.client_with(token)
        assert again.get(f"/events/{event_id}").content.endswith(ODD_DATA + b"}")
        assert len(again.get(f"/events/{event_id}/deliveries").json()) == 1


def test_a_hub_that_sends_nothing_is_alive_but_not_ready(tmp_path: Path) -> None:
    with serving(tmp_path, sends=False) as live:
        nobody = live.client_with(None)
        assert nobody.get(live.url + "/healthz").json() == {"status": "ok"}
        answer = nobody.get(live.url + "/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "unavailable", "checks": {"database": "ok", "workers": "none"}},
    )
    assert answer.headers["Retry-After"].isdigit()
    media = DOCUMENT["paths"]["/readyz"]["get"]["responses"]["503"]["content"][answer.headers["content-type"]]
    assert errors_of(media["schema"], answer.json()) == []


def test_behind_a_path_the_page_names_that_path(tmp_path: Path) -> None:
    with serving(tmp_path, sends=False, HUB_BASE_URL="https://example.com/hub") as live:
        page = live.client_with(None).get(live.url + "/docs").text
    assert {path.split("/")[1] for path in re.findall(r'(?:src|href)="(/[^"]*)"', page)} == {"hub"}
    assert 'data-base-path="/hub"' in page


def lead_home(live: LiveHub, api: Client, url: str) -> str:
    """The id of a hook to this URL, as one that was saved while the hub stood elsewhere."""
    made = api.post("/hooks", json={"target_url": "http://127.0.0.1:9009/", "event": "*"})
    hook_id = str(made.json()["id"])
    live.hub.database.write(lambda: Hook.update(target_url=url).where(Hook.id == hook_id).execute()).result()
    return hook_id


def test_a_hook_that_leads_back_to_the_hub_gets_nothing_and_is_not_charged(tmp_path: Path) -> None:
    with serving(tmp_path) as live:
        key = live.project()
        api = live.client(project=key)
        urls = [f"{live.url}/api/v1/events", f"http://localhost:{live.url.rpartition(':')[2]}/x"]
        hooks = [lead_home(live, api, url) for url in urls]
        publish(api, b"{}")
        rows = until(
            lambda: api.get("/deliveries").json(),
            lambda found: [row["state"] for row in found] == ["refused", "refused"],
        )
        assert all("this hub itself" in row["reason"] for row in rows)
        for hook in hooks:
            shown = api.get(f"/hooks/{hook}").json()
            assert (shown["state"], shown["consecutive_failures"]) == ("active", 0)


def test_a_circle_through_somebody_else_ends_after_eight_deliveries(tmp_path: Path) -> None:
    with serving(tmp_path) as live:
        api = live.client("publish", "read", "subscribe", project=live.project())

        def publish_again(request: Received) -> int:
            handed_on = {"x-hub-hops": request.headers["x-hub-hops"]}
            return api.post("/events", json={"type": "order.paid", "data": {}}, headers=handed_on).status_code

        with Receiver(publish_again) as relay:
            api.post("/hooks", json={"target_url": relay.url, "event": "*"})
            publish(api, b"{}")
            rows = until(
                lambda: api.get("/deliveries").json(),
                lambda found: {row["state"] for row in found} == {"refused", "delivered"},
            )
            assert [row["state"] for row in rows] == ["refused", *["delivered"] * 8]
            assert [request.headers["x-hub-hops"] for request in relay.requests] == [
                str(n) for n in range(1, 9)
            ]
        refused = api.post("/events", json={"type": "a", "data": {}}, headers={"x-hub-hops": "many"})
        assert fields_of(refused, 422) == {"x-hub-hops"}


NUL_BODIES: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/hooks", {"target_url": "http://127.0.0.1:9000/x", "event": "a", "name": "\0"}, "name"),
    ("POST", "/hooks", {"target_url": "http://127.0.0.1:9000/\0", "event": "a"}, "target_url"),
    ("POST", "/events", {"type": "a\0", "data": {}}, "type"),
    ("POST", "/event-types", {"id": "a\0"}, "id"),
    ("POST", "/event-types", {"id": "a", "description": "\0"}, "description"),
    ("POST", "/events/preview", {"type": "a\0"}, "type"),
    ("POST", "/tokens", {"scopes": ["read"], "project": "\0"}, "project"),
    ("POST", "/tokens", {"scopes": ["read"], "project": "ROOT", "app": "\0"}, "app"),
    ("POST", "/tokens", {"scopes": ["read"], "name": "\0"}, "name"),
    ("POST", "/users", {"name": "\0"}, "name"),
    ("POST", "/users", {"name": "a", "project": "\0", "role": "stakeholder"}, "project"),
    ("POST", "/projects", {"key": "A\0"}, "key"),
    ("POST", "/projects", {"key": "AB", "name": "\0"}, "name"),
]


def test_a_nul_is_refused_wherever_it_stands_on_both_databases(database_url: str, tmp_path: Path) -> None:
    """PostgreSQL has no NUL in texts: what SQLite would take silently would be a fault there."""
    with serving(tmp_path / "data", sends=False, HUB_DATABASE_URL=database_url) as live:
        live.project(key="ROOT")
        admin = live.client("admin", project=None)
        for path in ("/hooks", "/audit", "/tokens"):
            assert fields_of(admin.get(path, params={"project": "a\0"}), 422) == {"project"}
        admin.params = {"project": "ROOT"}
        for method, path, body, field in NUL_BODIES:
            assert field in fields_of(admin.request(method, path, json=body), 422), body
        for call in CALLS:
            if "{" in call.path:
                path = call.path.replace("{id}", "a%00").replace("{key}", "a%00").replace("{name}", "a%00")
                problem_of(admin.request(call.method, path, **({"json": {}} if call.body else {})), 404, 422)
            for name in call.query.model_fields:
                answer = admin.request(call.method, filled(call.path), params={"project": "ROOT", name: "\0"})
                assert name in fields_of(answer, 422)
        odd = {"data": {"\0": "\0"}, "id": "\0"}
        kept = admin.post("/events", json={"type": "a", **odd})
        assert kept.status_code == 202
        assert admin.get(f"/events/{kept.json()['id']}").json()["data"] == odd["data"]

"""Projects and their archive."""

from typing import Any

import pytest

from hub.store import projects
from hub.store.models import Project
from tests.rigs.administration import Json, trail, tune
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def test_a_project_is_made_shown_renamed_and_listed(admin: Client) -> None:
    made = admin.post("/projects", json={"key": "NEWP", "name": "New", "catalogue": "icescrum"})
    assert made.status_code == 201
    assert made.json() == {
        "key": "NEWP",
        "name": "New",
        "catalogue": "icescrum",
        "archived_at": None,
        "created_at": made.json()["created_at"],
    }
    assert admin.get("/projects/NEWP").json() == made.json()
    assert admin.get("/projects").json()[0] == made.json()
    assert admin.patch("/projects/NEWP", json={"name": "Newer"}).json()["name"] == "Newer"
    assert admin.post("/projects", json={"key": "NEWP"}).status_code == 409
    assert admin.get("/projects/NOSUCH").status_code == 404
    assert admin.patch("/projects/NOSUCH", json={"name": "x"}).status_code == 404
    assert admin.post("/projects", json={"key": "NAMED"}).json()["name"] == "NAMED"


@pytest.mark.parametrize(
    "key", ["", "A", "a", "ab", "1A", "A-B", "A B", "ABCDEFGHIJK", "ÄB", "A\n", "AB\0", 7, None]
)
def test_a_key_that_is_no_key_is_refused(admin: Client, key: Any) -> None:
    answer = admin.post("/projects", json={"key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "key"


def test_projects_are_paged_by_their_keys(admin: Client, live: LiveHub) -> None:
    keys = [live.project() for _ in range(5)][::-1]
    answer = admin.get("/projects", params={"limit": 2})
    seen = [row["key"] for row in answer.json()]
    while len(seen) < 5:
        answer = admin.get(answer.links["next"]["url"])
        seen += [row["key"] for row in answer.json()]
    assert seen[:5] == keys


def test_an_archived_project_is_read_only(
    admin: Client, live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    event_id = api.post("/events", json={"type": "a.b", "data": {}}).json()["id"]
    receiver.wait_for(1)
    delivery = until(lambda: api.get("/deliveries").json(), lambda rows: rows[0]["state"] == "delivered")[0][
        "id"
    ]
    archived = admin.patch(f"/projects/{project}", json={"archived": True})
    assert archived.json()["archived_at"] is not None
    one = f"/hooks/{hook['id']}"
    changes: list[tuple[str, str, Json | None]] = [
        ("POST", "/events", {"type": "a.b", "data": {}}),
        ("POST", "/event-types", {"id": "a.c"}),
        ("POST", "/hooks", {"target_url": receiver.url, "event": "*"}),
        ("PATCH", one, {"name": "x"}),
        ("PUT", one, {"enabled": False}),
        ("DELETE", one, None),
        *(
            ("POST", f"{one}/{verb}", None)
            for verb in ("enable", "disable", "ping", "rotate-secret", "take-over")
        ),
        ("POST", f"{one}/replay", {"since": "2020-01-01T00:00:00Z"}),
        ("POST", f"/deliveries/{delivery}/retry", None),
        ("PATCH", "/connectors/make", {"enabled": True}),
    ]
    for client in (api, live.client("admin", project=project)):
        for method, path, body in changes:
            answer = client.request(method, path, json=body)
            assert answer.status_code == 403, (method, path)
            assert "archived" in answer.json()["detail"]
    for path in (
        "/hooks",
        one,
        "/events",
        f"/events/{event_id}",
        "/deliveries",
        f"/deliveries/{delivery}",
        f"{one}/samples",
        "/event-types",
    ):
        assert api.get(path).status_code == 200, path
    shown = api.get(one).json()
    assert (shown["name"], shown["state"], shown["updated_at"]) == ("", "active", hook["updated_at"])
    assert len(receiver.requests) == 1
    restored = admin.patch(f"/projects/{project}", json={"archived": False})
    assert restored.json()["archived_at"] is None
    assert api.patch(one, json={"name": "x"}).status_code == 200


def test_an_archived_project_sends_nothing_and_resumes(
    admin: Client, live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    """What was accepted before waits; another project's deliveries go on meanwhile."""
    tune(admin, retry_schedule_s=[0.5] * 50, failure_limit=0)
    receiver.answer = 500
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    event_id = api.post("/events", json={"type": "a.b", "data": {}}).json()["id"]
    receiver.wait_for(1)
    admin.patch(f"/projects/{project}", json={"archived": True})
    # Due, and seen to be so by the dispatcher, which takes what is due in the same turn.
    until(lambda: api.get("/deliveries").json()[0]["state"], lambda state: state == "waiting")
    receiver.answer = 200
    count = len(receiver.requests)
    other = live.client(project=live.project())
    with Receiver() as elsewhere:
        other.post("/hooks", json={"target_url": elsewhere.url, "event": "*"})
        for _ in range(3):
            other.post("/events", json={"type": "a.b", "data": {}})
        elsewhere.wait_for(3)
    assert len(receiver.requests) == count
    admin.patch(f"/projects/{project}", json={"archived": False})
    resumed = receiver.wait_for(count + 1)[count]
    assert resumed.headers["webhook-id"] == event_id
    until(lambda: api.get(f"/hooks/{hook['id']}").json()["state"], lambda state: state == "active")


def test_archiving_twice_is_once(admin: Client, live: LiveHub, project: str) -> None:
    first = admin.patch(f"/projects/{project}", json={"archived": True}).json()
    assert admin.patch(f"/projects/{project}", json={"archived": True}).json() == first
    admin.patch(f"/projects/{project}", json={"name": first["name"]})
    for _ in range(2):
        admin.patch(f"/projects/{project}", json={"archived": False})
    assert [row.action for row in trail(live, project)] == ["project.archived", "project.restored"]


def test_a_project_is_deleted_and_its_token_with_it(
    admin: Client, live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "*"})
    assert admin.delete(f"/projects/{project}").json() == {"key": project, "deleted": True}
    assert admin.delete(f"/projects/{project}").status_code == 404
    assert admin.get(f"/projects/{project}").status_code == 404
    assert api.get("/hooks").status_code == 401
    assert admin.post("/projects", json={"key": project}).status_code == 201
    assert admin.get("/hooks", params={"project": project}).json() == []
    assert (
        admin.post("/events", params={"project": project}, json={"type": "a.b", "data": {}}).json()[
            "deliveries"
        ]
        == 0
    )


def test_a_key_of_another_case_or_with_a_nul_is_no_project(live: LiveHub, project: str) -> None:
    assert live.hub.database.read(lambda: projects.by_key(project.lower())) is None
    assert live.hub.database.read(lambda: projects.by_key(f"{project}\0")) is None
    assert live.hub.database.read(lambda: Project.get(Project.key == project)).key == project

"""The calls about sources: made, listed, changed, ended; by managers only, and never a secret twice."""

from typing import Any

import pytest

from connectors import registry
from hub.operations.broker_connections import ConnectionChange
from tests.rigs.administration import fields_of, trail
from tests.rigs.api import Client, LiveHub
from tests.rigs.requesters import ADMIN

Json = dict[str, Any]


def make(api: Client, kind: str = "github", **fields: Any) -> Json:
    answer = api.post("/sources", json={"kind": kind, **fields})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(f"/api/v1/sources/{answer.json()['id']}")
    found: Json = answer.json()
    return found


@pytest.mark.parametrize("key", registry.source_keys())
def test_a_source_of_each_kind_can_be_made_with_what_its_kind_needs(
    live: LiveHub, api: Client, key: str
) -> None:
    kind = registry.source(key)
    settings = {"shop": "a.myshopify.com"} if key == "shopify" else {}
    if kind.from_broker:
        stream = ConnectionChange(url="kafka://kafka.example:9092")
        live.hub.services.broker_connections.create(ADMIN, "stream", "kafka", stream)
        settings = {"connection": "stream", "place": "orders"}
    made = make(api, key, settings=settings)
    assert made["url"].endswith(f"/in/{made['id']}")
    assert made["has_secret"] is (kind.secret_from == "hub")
    assert bool(made.get("secret")) is made["has_secret"]
    assert made["prefix"] == kind.first_prefix
    assert set(made["settings"]) == {setting.key for setting in kind.settings}
    assert "secret" not in api.get(f"/sources/{made['id']}").json()


def test_a_secret_that_was_given_is_not_said_again(api: Client) -> None:
    made = make(api, secret="mine-alone")
    assert "secret" not in made
    assert made["has_secret"]
    assert "mine-alone" not in api.get("/sources").text


def test_sources_are_listed_newest_first_page_by_page(api: Client) -> None:
    ids = [make(api, name=f"n{n}")["id"] for n in range(3)]
    first = api.get("/sources", params={"limit": 2})
    assert [one["id"] for one in first.json()] == ids[:0:-1]
    assert [one["id"] for one in api.get(first.links["next"]["url"]).json()] == ids[:1]


def test_a_change_names_its_fields_and_leaves_the_others(live: LiveHub, api: Client) -> None:
    made = make(api, "grafana", name="old", rate_per_s=5)
    url = f"/sources/{made['id']}"
    changed = api.patch(url, json={"name": "new", "settings": {"timestamp_header": "X-T"}}).json()
    assert (changed["name"], changed["rate_per_s"], changed["prefix"]) == ("new", 5, "grafana")
    assert changed["settings"] == {"header": "", "timestamp_header": "X-T"}
    assert api.patch(url, json={"rate_per_s": None}).json()["rate_per_s"] is None
    assert api.patch(url, json={"enabled": False}).json()["enabled"] is False
    api.post(f"{url}/rotate-secret")
    api.delete(url)
    entries = trail(live, made["id"])
    assert [one.action for one in entries] == [
        "source.created",
        "source.updated",
        "source.updated",
        "source.updated",
        "source.secret_rotated",
        "source.deleted",
    ]
    assert fields_of(entries[1])["name"] == ["old", "new"]
    assert fields_of(entries[4])["secret"] is None


WRONG = [
    ({"kind": "githup"}, "kind"),
    ({"kind": "github", "name": "a\nb"}, "name"),
    ({"kind": "github", "prefix": "Git Hub"}, "prefix"),
    ({"kind": "github", "settings": {"x": "y"}}, "settings.x"),
    ({"kind": "shopify"}, "settings.shop"),
    ({"kind": "generic_hmac", "settings": {"algorithm": "md5"}}, "settings.algorithm"),
    ({"kind": "generic_hmac", "settings": {"signed": "{ts}.{body}"}}, "settings.timestamp_header"),
    ({"kind": "token", "settings": {"type": "x" * 201}}, "settings.type"),
    ({"kind": "standard", "secret": "whsec_!!"}, "secret"),
    ({"kind": "github", "secret": ""}, "secret"),
    ({"kind": "github", "secret": "a\0b"}, "secret"),
    ({"kind": "none", "secret": "x"}, "secret"),
    ({"kind": "github", "rate_per_s": 0}, "rate_per_s"),
    ({"kind": "github", "rate_per_s": 1e9}, "rate_per_s"),
    ({"kind": "github", "colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
def test_what_cannot_be_is_named(api: Client, body: Json, field: str) -> None:
    answer = api.post("/sources", json=body)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_stripes_secret_is_any_text(api: Client) -> None:
    assert make(api, "stripe", secret="whsec_no+base64")["has_secret"]


def test_a_project_with_a_catalogue_takes_no_source_of_other_types(live: LiveHub) -> None:
    api = live.client(project=live.project("icescrum"))
    answer = api.post("/sources", json={"kind": "github"})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], "icescrum catalogue" in error["message"]) == ("kind", True)
    make(api, "icescrum")
    make(api, "hookhub")
    made = make(api, "token", prefix="")
    answer = api.patch(f"/sources/{made['id']}", json={"prefix": "tok"})
    assert [error["field"] for error in answer.json()["errors"]] == ["prefix"]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("github", {}, 200),
        ("github", {"secret": "mine"}, 200),
        ("github", {"overlap_hours": 200}, 422),
        ("github", {"secret": "a\0b"}, 422),
        ("stripe", {}, 422),
        ("stripe", {"secret": "whsec_x"}, 200),
        ("none", {}, 422),
    ],
)
def test_a_secret_is_replaced_by_the_hubs_or_the_senders(
    api: Client, kind: str, body: Json, status: int
) -> None:
    made = make(api, kind)
    answer = api.post(f"/sources/{made['id']}/rotate-secret", json=body)
    assert answer.status_code == status, answer.text
    assert ("secret" in answer.json()) is (status == 200 and "secret" not in body)


def test_only_managers_of_the_project_may_ask(live: LiveHub, project: str, api: Client) -> None:
    made = make(api)
    url = f"/sources/{made['id']}"
    reader = live.client("read", "subscribe", "publish", project=project)
    stranger = live.client(project=live.project())
    calls = [
        ("GET", "/sources"),
        ("GET", url),
        ("PATCH", url),
        ("DELETE", url),
        ("POST", f"{url}/rotate-secret"),
        ("POST", f"{url}/test"),
        ("GET", f"{url}/refusals"),
    ]
    for method, path in calls:
        body = {} if method in ("PATCH", "POST") else None
        assert reader.request(method, path, json=body).status_code == 403
        if path != "/sources":
            assert stranger.request(method, path, json=body).status_code == 404
    assert reader.post("/sources", json={"kind": "github"}).status_code == 403


def test_an_archived_project_shows_its_sources_and_changes_none(live: LiveHub) -> None:
    project = live.project()
    api = live.client(project=project)
    made = make(api)
    live.archive(project)
    assert api.get(f"/sources/{made['id']}").status_code == 200
    assert api.patch(f"/sources/{made['id']}", json={"name": "x"}).status_code == 403
    assert api.post("/sources", json={"kind": "github"}).status_code == 403

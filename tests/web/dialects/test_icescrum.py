"""iceScrum's REST dialect as its clients use it (docs/connect/icescrum.md)."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.icescrum.catalogue import EVENT_TYPES, PRESETS
from hub.store import projects
from hub.store.models import Hook
from tests.rigs.api import SCOPES, Client, LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

Json = dict[str, Any]

KEYS = [
    "class",
    "id",
    "countErrors",
    "dateCreated",
    "dateLastRequest",
    "enabled",
    "eventMessageRendererClass",
    "events",
    "ignoreSsl",
    "lastError",
    "lastUpdated",
    "secret",
    "source",
    "url",
    "workspaceId",
    "workspaceType",
]
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
STORY = '{"class":"Story","id":23,"name":"Hébergement"}'.encode()
STORY_SHA1 = "42c20f75acedd693ab0930bb6993b55009f35f8c"
"""Measured with a real iceScrum 7.55 and the secret `s3cret`."""


class IceScrumClient(requests.Session):
    """A client written for iceScrum: its own header, `Accept: application/json`, nothing of ours."""

    def __init__(self, url: str, token: str | None, header: str = "x-icescrum-token") -> None:
        super().__init__()
        self.trust_env = False
        self.url = url
        self.headers["Accept"] = "application/json"
        if token is not None:
            self.headers[header] = token

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(
            method, f"{self.url}{url}", *args, **{"allow_redirects": False, "timeout": 20, **kwargs}
        )


@pytest.fixture
def key(live: LiveHub) -> str:
    return live.project("icescrum")


@pytest.fixture
def path(key: str) -> str:
    return f"/ws/project/{key}/hook"


@pytest.fixture
def token(live: LiveHub, key: str) -> str:
    return live.token(*SCOPES, project=key)


@pytest.fixture
def ice(live: LiveHub, token: str) -> Iterator[IceScrumClient]:
    with IceScrumClient(live.url, token) as made:
        yield made


@pytest.fixture
def api(live: LiveHub, token: str) -> Client:
    """The same token at the hub's own API."""
    return live.client_with(token)


def hook(url: str = "http://127.0.0.1:4711/in", **fields: Any) -> Json:
    return {"hook": {"url": url, "events": ["story.create"], **fields}}


def publish(api: Client, code: str = "story.create", data: bytes = STORY) -> Json:
    body = b'{"type":"' + code.encode() + b'","data":' + data + b"}"
    answer = api.post("/events", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 202, answer.text
    found: Json = answer.json()
    return found


def test_it_serves_a_hooks_life_as_icescrum_does(ice: IceScrumClient, path: str) -> None:
    assert (ice.get(path).status_code, ice.get(path).json()) == (200, [])
    made = ice.post(path, json=hook())
    assert made.status_code == 201
    number = made.json()["id"]
    one = f"{path}/{number}"
    assert ice.get(one).json() == made.json()
    assert ice.get(path).json() == [made.json()]
    changed = ice.put(one, json={"hook": {"enabled": False}})
    assert (changed.status_code, changed.json()["enabled"]) == (200, False)
    posted = ice.post(one, json={"hook": {"enabled": True, "events": ["task.create", "task.delete"]}})
    assert (posted.status_code, posted.json()["enabled"]) == (200, True)
    assert sorted(posted.json()["events"]) == ["task.create", "task.delete"]
    assert posted.json()["id"] == number
    deleted = ice.delete(one)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "PUT", "POST", "DELETE"):
        gone = ice.request(method, one, json={"hook": {}} if method in ("PUT", "POST") else None)
        assert (gone.status_code, gone.content) == (404, b""), method
    assert ice.get(path).json() == []


def test_an_answer_has_icescrums_keys_in_its_order_with_its_types(
    ice: IceScrumClient, live: LiveHub, key: str, path: str
) -> None:
    body = ice.post(path, json=hook(ignoreSsl=True)).json()
    row = live.hub.database.read(lambda: projects.by_key(key))
    assert row is not None
    assert list(body) == KEYS
    assert body["class"] == "Hook"
    assert (body["workspaceId"], body["workspaceType"]) == (row.id, "project")
    assert type(body["id"]) is int
    assert (body["countErrors"], body["lastError"], body["dateLastRequest"]) == (0, None, None)
    assert DATE.fullmatch(body["dateCreated"])
    assert DATE.fullmatch(body["lastUpdated"])
    assert (body["enabled"], body["ignoreSsl"], body["eventMessageRendererClass"]) == (True, True, None)
    assert body["source"] == "resthook"


@pytest.mark.parametrize("by", ["key", "number", "slash"])
def test_a_project_is_named_by_key_or_number_and_a_slash_at_the_end_is_nothing(
    ice: IceScrumClient, live: LiveHub, key: str, path: str, by: str
) -> None:
    row = live.hub.database.read(lambda: projects.by_key(key))
    assert row is not None
    where = {"key": path, "number": f"/ws/project/{row.id}/hook", "slash": f"{path}/"}[by]
    made = ice.post(where, json=hook())
    assert made.status_code == 201
    number = made.json()["id"]
    one = f"{where.rstrip('/')}/{number}" + ("/" if by == "slash" else "")
    assert ice.get(one).status_code == 200
    assert ice.put(one, json={"hook": {"enabled": False}}).status_code == 200
    assert ice.delete(one).status_code == 204


@pytest.mark.parametrize("header", ["x-icescrum-token", "X-Gitlab-Token", "X-Auth-Token"])
def test_the_token_may_come_in_each_of_icescrums_headers(
    live: LiveHub, token: str, path: str, header: str
) -> None:
    with IceScrumClient(live.url, token, header) as client:
        assert client.get(path).status_code == 200
    with IceScrumClient(live.url, "nobodys", header) as stranger:
        assert stranger.get(path).status_code == 401


def test_the_token_may_come_as_a_query_parameter(live: LiveHub, token: str, path: str) -> None:
    with IceScrumClient(live.url, None) as client:
        assert client.get(path, params={"icescrum-token": token}).status_code == 200
        assert client.get(path, params={"icescrum-token": "nobodys"}).status_code == 401
        created = client.post(path, params={"icescrum-token": token}, json=hook())
        assert created.status_code == 201


def test_the_apis_own_header_serves_too(live: LiveHub, token: str, path: str) -> None:
    with IceScrumClient(live.url, f"Bearer {token}", "Authorization") as client:
        assert client.get(path).status_code == 200
    with IceScrumClient(live.url, token, "X-API-Key") as client:
        assert client.get(path).status_code == 200


def test_without_a_token_it_answers_401_in_its_own_shape(live: LiveHub, path: str) -> None:
    with IceScrumClient(live.url, None) as client:
        answer = client.get(path)
    assert answer.status_code == 401
    assert list(answer.json()) == ["text"]


@pytest.mark.parametrize("key_in_path", ["NOSUCH", "999999999", "0", "-1", "%00", "99999999999999999999"])
def test_another_project_is_forbidden_to_a_projects_token(ice: IceScrumClient, key_in_path: str) -> None:
    answer = ice.get(f"/ws/project/{key_in_path}/hook")
    assert answer.status_code == 403
    assert list(answer.json()) == ["text"]


def test_a_server_wide_token_finds_every_project_and_404_for_none(live: LiveHub, path: str) -> None:
    with IceScrumClient(live.url, live.token("manage", project=None)) as client:
        assert client.get(path).status_code == 200
        missing = client.get("/ws/project/NOSUCH/hook")
        assert (missing.status_code, missing.content) == (404, b"")


@pytest.mark.parametrize(
    "number", ["0", "7", "2147483648", "9223372036854775808", "9" * 5000, "abc", "1x", "%00", "-1", "1.5"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_a_number_that_no_hook_has_is_an_empty_404(
    ice: IceScrumClient, path: str, number: str, method: str
) -> None:
    answer = ice.request(
        method, f"{path}/{number}", json={"hook": {"enabled": True}} if method in ("PUT", "POST") else None
    )
    assert (answer.status_code, answer.content) == (404, b"")


def test_a_hook_of_another_project_is_an_empty_404(ice: IceScrumClient, live: LiveHub, path: str) -> None:
    other = live.project("icescrum")
    with IceScrumClient(live.url, live.token(*SCOPES, project=other)) as client:
        numbers = [client.post(f"/ws/project/{other}/hook", json=hook()).json()["id"] for _ in range(2)]
    assert ice.get(f"{path}/{max(numbers)}").status_code == 404


@pytest.mark.parametrize(
    ("scopes", "lists", "creates"),
    [
        (("subscribe",), 200, 201),
        (("manage",), 200, 201),
        (("read",), 200, 403),
        (("publish",), 403, 403),
        (("admin",), 200, 201),
    ],
)
def test_scopes_count_here_as_everywhere(
    live: LiveHub, key: str, path: str, scopes: tuple[str, ...], lists: int, creates: int
) -> None:
    project = None if "admin" in scopes else key
    with IceScrumClient(live.url, live.token(*scopes, project=project)) as client:
        assert client.get(path).status_code == lists
        assert client.get(f"{path}/7").status_code == (404 if lists == 200 else 403)
        created = client.post(path, json=hook())
        assert created.status_code == creates
        if creates == 403:
            assert list(created.json()) == ["text"]


def test_an_archived_project_is_forbidden_to_all(live: LiveHub) -> None:
    key = live.project("icescrum")
    path = f"/ws/project/{key}/hook"
    with IceScrumClient(live.url, live.token(*SCOPES, project=key)) as client:
        number = client.post(path, json=hook()).json()["id"]
        live.archive(key)
        for method, where in (
            ("GET", path),
            ("POST", path),
            ("GET", f"{path}/{number}"),
            ("DELETE", f"{path}/{number}"),
        ):
            assert client.request(method, where, json=hook() if method == "POST" else None).status_code == 403
        assert client.put(f"{path}/{number}", json={"hook": {"enabled": False}}).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"hook": {"events": ["story.create"]}}, "url"),
        ({"hook": {"url": "http://127.0.0.1:4711/in"}}, "events"),
        (hook(events=[]), "events"),
        (hook(events=["  "]), "events"),
        (hook(events="story.create"), "events"),
        (hook(events=[7]), "events"),
        (hook(url=7), "url"),
        (hook(url=""), "url"),
        (hook(url="ftp://example.com/"), "url"),
        (hook(url="http://169.254.169.254/latest"), "url"),
        (hook(url="no url"), "url"),
        (hook(url="http://127.0.0.1:4711/" + "x" * 3000), "url"),
        (hook(enabled="yes"), "enabled"),
        (hook(ignoreSsl=1), "ignoreSsl"),
        (hook(secret=7), "secret"),
        (hook(secret="whsec_!"), "secret"),
        (hook(secret="x" * 5000), "secret"),
        (hook(secret="a\0b"), "secret"),
        (hook(url="http://127.0.0.1:4711/\0"), "url"),
    ],
)
def test_a_wrong_field_is_a_400_with_icescrums_list(
    ice: IceScrumClient, path: str, body: Json, field: str
) -> None:
    answer = ice.post(path, json=body)
    assert answer.status_code == 400
    found = answer.json()
    assert [list(one) for one in found] == [["text"]] * len(found)
    assert found[0]["text"].endswith(f" - {field}")
    assert ice.get(path).json() == []


def test_all_that_is_missing_is_named_at_once(ice: IceScrumClient, path: str) -> None:
    texts = [one["text"] for one in ice.post(path, json={"hook": {}}).json()]
    assert [text.rpartition(" - ")[2] for text in texts] == ["url", "events"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"hook": {"url": }}', b"\xff\xfe", b"[]", b"7", b"null", b'"hook"', b'{"hook": 7}', b"{}"],
)
def test_a_body_that_is_no_hook_is_a_400_with_one_text(ice: IceScrumClient, path: str, body: bytes) -> None:
    answer = ice.post(path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["text"]
    assert answer.json()["text"]


def test_a_body_that_is_too_large_is_refused_in_the_same_shape(ice: IceScrumClient, path: str) -> None:
    answer = ice.post(path, json=hook(padding="x" * 1_100_000))
    assert answer.status_code == 413
    assert list(answer.json()) == ["text"]


def test_an_unknown_event_is_refused_by_name_and_the_rest_is_not_taken(
    ice: IceScrumClient, path: str
) -> None:
    answer = ice.post(path, json=hook(events=["story.create", "story.crate", "feature.state"]))
    assert answer.status_code == 400
    text = " ".join(one["text"] for one in answer.json())
    assert "story.crate" in text
    assert "feature.state" in text
    assert ice.get(path).json() == []
    number = ice.post(path, json=hook()).json()["id"]
    changed = ice.put(f"{path}/{number}", json={"hook": {"events": ["user.create"]}})
    assert changed.status_code == 400
    assert "user.create" in changed.json()[0]["text"]
    assert ice.get(f"{path}/{number}").json()["events"] == ["story.create"]


@pytest.mark.parametrize("code", [info.code for info in EVENT_TYPES])
def test_each_code_of_icescrum_can_be_subscribed_to(ice: IceScrumClient, path: str, code: str) -> None:
    made = ice.post(path, json=hook(events=[f" {code} "]))  # spaces are stripped, as there
    assert (made.status_code, made.json()["events"]) == (201, [code])


def test_the_presets_stand_for_their_events(ice: IceScrumClient, path: str) -> None:
    story = ice.post(path, json=hook(events=["story"])).json()
    assert sorted(story["events"]) == sorted(PRESETS["story"])
    assert sorted(ice.post(path, json=hook(events=["all"])).json()["events"]) == sorted(
        info.code for info in EVENT_TYPES
    )


def test_only_the_five_fields_bind(ice: IceScrumClient, api: Client, path: str) -> None:
    sent = hook(
        source="webhook",
        id=77,
        countErrors=4,
        workspaceId=1,
        workspaceType="portfolio",
        eventMessageRendererClass="org.Evil",
        lastError="x",
        dateCreated="2001-01-01T00:00:00Z",
        format="github",
        manual_edit=True,
        headers={"Authorization": "x"},
    )
    made = ice.post(path, json=sent).json()
    assert (made["source"], made["countErrors"], made["eventMessageRendererClass"]) == ("resthook", 0, None)
    assert made["id"] != 77
    ours = api.get("/hooks").json()[0]
    assert (ours["format"], ours["manual_edit"], ours["headers"]) == ("icescrum", False, {})
    changed = ice.put(f"{path}/{made['id']}", json={"hook": {"source": "webhook", "countErrors": 9, "id": 5}})
    assert changed.status_code == 200
    assert {**changed.json(), "lastUpdated": ""} == {**made, "lastUpdated": ""}


@pytest.mark.parametrize("client", ["webclient", "anything", ""])
def test_the_source_comes_from_the_credential_and_not_from_a_header(
    ice: IceScrumClient, path: str, client: str
) -> None:
    made = ice.post(path, json=hook(), headers={"x-icescrum-client": client}).json()
    assert made["source"] == "resthook"


def test_a_secret_is_shown_once_when_it_is_made_and_never_again(
    ice: IceScrumClient, api: Client, path: str
) -> None:
    made = ice.post(path, json=hook(secret="s3cret"))
    assert made.json()["secret"] == "s3cret"
    one = f"{path}/{made.json()['id']}"
    answers = [
        ice.get(one),
        ice.get(path),
        ice.put(one, json={"hook": {"enabled": True}}),
        ice.put(one, json={"hook": {"secret": "n3w"}}),
    ]
    for answer in answers:
        assert "s3cret" not in answer.text
        assert "n3w" not in answer.text
    assert "s3cret" not in api.get("/hooks").text
    assert ice.post(path, json=hook()).json()["secret"] is None


def test_an_empty_secret_clears_it_and_a_null_one_does_not(
    ice: IceScrumClient, api: Client, path: str
) -> None:
    number = ice.post(path, json=hook(secret="s3cret")).json()["id"]
    ice.put(f"{path}/{number}", json={"hook": {"secret": None}})
    assert api.get("/hooks").json()[0]["has_secret"] is True
    ice.put(f"{path}/{number}", json={"hook": {"secret": ""}})
    assert api.get("/hooks").json()[0]["has_secret"] is False


@pytest.mark.parametrize(
    "fields",
    [
        {"events": ["*"], "secret": "s3cret"},
        {
            "events": ["story.*", "hook.disabled"],
            "secret": "s3cret",
            "headers": {"X-Key": "v"},
            "name": "Mine",
        },
        {"events": ["story.create"], "enabled": False, "verify_ssl": False},
        {"events": ["*"], "format": "standard", "secret": "s3cret"},
    ],
)
def test_a_hook_that_is_read_and_written_back_loses_nothing(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver, fields: Json
) -> None:
    before = api.post("/hooks", json={"target_url": receiver.url, **fields}).json()
    before.pop("secret")
    read = ice.get(path).json()[0]
    for method in ("PUT", "POST"):
        written = ice.request(method, f"{path}/{read['id']}", json={"hook": read})
        assert written.status_code == 200
        assert {**written.json(), "lastUpdated": ""} == {**read, "lastUpdated": ""}
    after = api.get(f"/hooks/{before['id']}").json()
    assert {**after, "updated_at": ""} == {**before, "updated_at": ""}
    if before["enabled"]:
        ping = api.post(f"/hooks/{before['id']}/ping").json()
        assert ping["success"] is True
        signed = receiver.wait_for(1)[0]
        assert ("webhook-signature" in signed.headers) is ("secret" in fields)


def test_a_hook_that_was_switched_off_for_its_failures_stays_so_when_written_back(
    ice: IceScrumClient, api: Client, live: LiveHub, path: str, receiver: Receiver
) -> None:
    """`enabled: false` in what was read must not become a person's switch: it would stop holding
    deliveries.
    """
    made = api.post("/hooks", json={"target_url": receiver.url, "events": ["*"]}).json()
    live.hub.database.write(
        lambda: Hook.update(state="auto_disabled", disabled_at=1.0).where(Hook.id == made["id"]).execute()
    ).result()
    read = ice.get(path).json()[0]
    assert read["enabled"] is False
    assert ice.put(f"{path}/{read['id']}", json={"hook": {**read, "ignoreSsl": True}}).status_code == 200
    assert api.get(f"/hooks/{made['id']}").json()["state"] == "auto_disabled"
    assert ice.put(f"{path}/{read['id']}", json={"hook": {"enabled": True}}).json()["enabled"] is True


def test_switching_on_again_clears_the_count(ice: IceScrumClient, live: LiveHub, path: str) -> None:
    number = ice.post(path, json=hook()).json()["id"]
    values = {
        "state": "auto_disabled",
        "disabled_at": 1.0,
        "consecutive_failures": 5,
        "last_error": "answered 500",
    }
    live.hub.database.write(lambda: Hook.update(values).where(Hook.number == number).execute()).result()
    read = ice.get(f"{path}/{number}").json()
    assert (read["enabled"], read["countErrors"], read["lastError"]) == (False, 5, "answered 500")
    on = ice.put(f"{path}/{number}", json={"hook": {"enabled": True}}).json()
    assert (on["enabled"], on["countErrors"], on["lastError"]) == (True, 0, None)


def test_its_delivery_is_icescrums_with_a_bare_event_and_the_right_signature(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver
) -> None:
    ice.post(path, json=hook(receiver.url, events=["story.create"], secret="s3cret"))
    assert api.get("/hooks").json()[0]["format"] == "icescrum"
    event = publish(api)
    sent = receiver.wait_for(1)[0]
    assert sent.body == STORY
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-icescrum-event"] == "story.create"
    assert sent.headers["x-icescrum-signature"] == STORY_SHA1
    assert sent.headers["x-icescrum-signature"] == hmac.new(b"s3cret", sent.body, hashlib.sha1).hexdigest()
    assert sent.headers["webhook-id"] == event["id"]
    assert "webhook-signature" in sent.headers


def test_a_hook_of_the_dialect_gets_its_format_in_an_open_project_too(
    live: LiveHub, receiver: Receiver
) -> None:
    key = live.project()
    token = live.token(*SCOPES, project=key)
    api = live.client_with(token)
    with IceScrumClient(live.url, token) as client:
        client.post(f"/ws/project/{key}/hook", json=hook(receiver.url, events=["order.paid"]))
    publish(api, "order.paid", b'{"n": 1.10}')
    sent = receiver.wait_for(1)[0]
    assert (sent.body, sent.headers["x-icescrum-event"]) == (b'{"n": 1.10}', "order.paid")
    assert "x-icescrum-signature" not in sent.headers


def test_a_change_is_one_delivery_whatever_events_a_hook_has(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver
) -> None:
    """iceScrum posts twice to a hook that has both `story.update` and `story.state`."""
    ice.post(
        path, json=hook(receiver.url, events=["story", "all", "story.update", "story.state", "story.state"])
    )
    assert publish(api, "story.state")["deliveries"] == 1
    publish(api, "task.create")
    codes = [sent.headers["x-icescrum-event"] for sent in receiver.wait_for(2)]
    assert sorted(codes) == ["story.state", "task.create"]
    assert [row["type"] for row in api.get("/deliveries").json()] == ["task.create", "story.state"]


def test_a_network_failure_is_counted_and_told(ice: IceScrumClient, api: Client, path: str) -> None:
    with Receiver() as closed:
        url = closed.url
    number = ice.post(path, json=hook(url, events=["all"])).json()["id"]
    publish(api)
    counted = until(lambda: ice.get(f"{path}/{number}").json(), lambda shown: shown["countErrors"] == 1)
    assert "refused" in counted["lastError"].lower()
    assert counted["enabled"] is True


def test_after_a_410_the_hook_is_gone_for_its_client(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver
) -> None:
    receiver.answer = 410
    number = ice.post(path, json=hook(receiver.url)).json()["id"]
    publish(api)
    until(lambda: ice.get(path).json(), lambda shown: shown == [])
    for method in ("GET", "PUT", "DELETE"):
        answer = ice.request(
            method, f"{path}/{number}", json={"hook": {"enabled": True}} if method == "PUT" else None
        )
        assert (answer.status_code, answer.content) == (404, b"")


def test_a_switched_off_hook_gets_nothing(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver
) -> None:
    ice.post(path, json=hook(receiver.url, enabled=False))
    assert publish(api)["deliveries"] == 0


def test_an_apps_token_of_the_dialect_sees_its_own_hooks_only(
    live: LiveHub, ice: IceScrumClient, api: Client, key: str, path: str
) -> None:
    api.patch("/connectors/icescrum", json={"enabled": True})
    with IceScrumClient(live.url, live.token("subscribe", project=key, app="icescrum")) as app:
        others = ice.post(path, json=hook()).json()["id"]
        mine = app.post(path, json=hook()).json()
        assert mine["source"] == "resthook"
        assert [one["id"] for one in app.get(path).json()] == [mine["id"]]
        hidden, unknown = app.get(f"{path}/{others}"), app.get(f"{path}/12345")
        assert (hidden.status_code, hidden.content) == (unknown.status_code, unknown.content) == (404, b"")
        assert app.delete(f"{path}/{others}").status_code == 404
    assert {one["id"] for one in ice.get(path).json()} == {others, mine["id"]}


def test_a_hook_of_another_origin_is_shown_and_kept_from_changes(
    live: LiveHub, ice: IceScrumClient, key: str, path: str
) -> None:
    """Whoever manages sees every hook; what its origin forbids is a 403 naming the owner, for iceScrum knows
    no 409.
    """
    zapier = live.client("subscribe", project=key, app="zapier")
    zapier.post("/hooks", json={"target_url": "http://127.0.0.1:4711/zap", "event": "story.create"})
    shown = ice.get(path).json()[0]
    assert shown["source"] == "resthook"
    one = f"{path}/{shown['id']}"
    refused = ice.put(one, json={"hook": {"url": "http://127.0.0.1:4711/mine"}})
    assert refused.status_code == 403
    assert "Zapier" in refused.json()["text"]
    assert ice.get(one).json()["url"] == "http://127.0.0.1:4711/zap"
    assert (
        ice.put(one, json={"hook": {**shown, "enabled": False}}).json()["enabled"] is False
    )  # the switch is a manager's
    assert ice.delete(one).status_code == 204


def test_a_verb_that_it_does_not_have_is_405(ice: IceScrumClient, path: str) -> None:
    assert ice.patch(path, json={}).status_code == 405
    assert ice.delete(path).status_code == 405


def test_it_answers_head_without_a_body(ice: IceScrumClient, path: str) -> None:
    answer = ice.head(path)
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_list_is_whole_however_many_there_are(ice: IceScrumClient, path: str) -> None:
    numbers = [ice.post(path, json=hook()).json()["id"] for _ in range(205)]
    assert [one["id"] for one in ice.get(path).json()] == numbers[::-1]
    assert len(set(numbers)) == 205


@pytest.mark.parametrize("verb", ["PATCH", "TRACE", "LOCK", "PUT", "DELETE"])
def test_a_verb_that_a_list_does_not_have_is_told_in_its_shape(
    ice: IceScrumClient, path: str, verb: str
) -> None:
    answer = ice.request(verb, path)
    assert (answer.status_code, list(answer.json())) == (405, ["text"])
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_a_verb_that_a_hook_does_not_have_is_told_in_its_shape(ice: IceScrumClient, path: str) -> None:
    answer = ice.request("PATCH", f"{path}/1")
    assert (answer.status_code, list(answer.json())) == (405, ["text"])
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, POST, PUT"


@pytest.mark.parametrize("verb", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "LOCK"])
@pytest.mark.parametrize("more", ["/1/2", "s", "/1/ping"])
def test_a_path_that_it_does_not_have_is_an_empty_404(
    ice: IceScrumClient, path: str, verb: str, more: str
) -> None:
    answer = ice.request(verb, path + more)
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    "path", ["/ws", "/ws/", "/ws/project", "/ws/project/TRAVEL", "/ws/hook", "/ws/user/1"]
)
def test_other_paths_of_icescrums_are_an_empty_404_with_or_without_a_token(
    ice: IceScrumClient, live: LiveHub, path: str
) -> None:
    for client in (ice, IceScrumClient(live.url, None)):
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (404, b"")


ORIGIN = "https://board.example"


@pytest.mark.parametrize("more", ["", "/1", "/1/2"])
def test_a_browser_is_told_before_it_asks_that_it_may(live: LiveHub, path: str, more: str) -> None:
    """As iceScrum answers a preflight: the origin as it came, its verbs, the token's header among those
    allowed.
    """
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-icescrum-token,content-type",
    }
    answer = IceScrumClient(live.url, None).options(path + more, headers=asked)
    assert (answer.status_code, answer.content) == (200, b"")
    prefix = "access-control-"
    told = {
        name.lower().removeprefix(prefix): value
        for name, value in answer.headers.items()
        if name.lower().startswith(prefix)
    }
    methods = set(told.pop("allow-methods").split(", "))
    assert methods >= {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}
    headers = set(told.pop("allow-headers").split(", "))
    assert headers >= {
        *("origin", "authorization", "accept", "content-type", "x-requested-with"),
        "x-icescrum-token",
    }
    assert told == {"allow-origin": ORIGIN, "allow-credentials": "true", "max-age": "3600"}
    assert "Origin" in answer.headers["Vary"]


def test_without_an_origin_there_is_nothing_to_allow(live: LiveHub, path: str) -> None:
    answer = IceScrumClient(live.url, None).options(path)
    assert (answer.status_code, answer.headers["Allow"]) == (200, "GET, HEAD, OPTIONS, POST")
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_a_browser_may_read_every_answer(ice: IceScrumClient, live: LiveHub, path: str) -> None:
    asked = {"Origin": ORIGIN}
    anonymous = IceScrumClient(live.url, None)
    answers = {
        200: ice.get(path, headers=asked),
        400: ice.post(path, json={}, headers=asked),
        401: anonymous.get(path, headers=asked),
        404: ice.get(f"{path}/4711", headers=asked),
        405: ice.patch(path, headers=asked),
    }
    for status, answer in answers.items():
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, ORIGIN)
    assert "Access-Control-Allow-Origin" not in ice.get(path).headers

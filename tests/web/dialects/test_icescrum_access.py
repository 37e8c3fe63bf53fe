"""Who may call iceScrum's dialect, with which token, and what is not there."""

import pytest

from hub.store import projects
from tests.rigs.api import SCOPES, Client, LiveHub
from tests.rigs.icescrum_client import IceScrumClient, hook


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

"""Whatever is sent, the answer is one of ours: problem+json that names the field, never a redirect, never a
fault.
"""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.web.api.calls import PREFIX, Call
from hub.web.api.queries import Paged
from hub.web.body import BODY_BYTES_MAX
from hub.web.docs.open_calls import DOCUMENT_PATHS, HEALTH_PATHS
from hub.web.routes import CALLS
from tests.rigs.api import Client, LiveHub

PUBLISH = ("POST", "/events")
WITH_BODY = [(call.method, call.path) for call in CALLS if call.body is not None] + [PUBLISH]
OPTIONAL_BODY = [(call.method, call.path) for call in CALLS if call.is_body_optional]
EVERY = [(call.method, call.path) for call in CALLS] + [PUBLISH]
IDS = {"id": "hook_00000000000000000000000000000000", "key": "NONE", "name": "nobody"}
JSON_TYPE = {"Content-Type": "application/json"}


def name_of(where: Any) -> str:
    return " ".join(where) if isinstance(where, tuple) else repr(where)[:40]


def filled(path: str, **ids: str) -> str:
    return path.format_map({**IDS, **ids})


@pytest.fixture(scope="module")
def admin(live: LiveHub) -> Client:
    """A server-wide token: it may call everything, and names the project ROOT."""
    live.project(key="ROOT")
    client = live.client("admin", project=None)
    client.params = {"project": "ROOT"}
    return client


def problem_of(answer: requests.Response, *statuses: int) -> dict[str, Any]:
    """The problem, after everything that is true of all of them."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found.keys() == {"type", "title", "status", "detail", "errors"}
    assert found["status"] == answer.status_code
    assert found["title"]
    assert found["detail"]
    assert all(
        error.keys() == {"field", "message"} and error["field"] and error["message"]
        for error in found["errors"]
    )
    return found


def fields_of(answer: requests.Response, *statuses: int) -> set[str]:
    return {error["field"] for error in problem_of(answer, *statuses)["errors"]}


@pytest.mark.parametrize("where", EVERY, ids=name_of)
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer hub_wrong"}, {"Authorization": "Basic eDp5"}, {"X-API-Key": ""}],
    ids=str,
)
def test_no_call_answers_without_a_token_that_is_known(
    live: LiveHub, where: tuple[str, str], headers: dict[str, str]
) -> None:
    answer = live.client_with(None).request(where[0], filled(where[1]), headers=headers)
    problem_of(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


SCOPED = [((call.method, call.path), call.scopes) for call in CALLS if call.scopes] + [
    (PUBLISH, ("publish",))
]


@pytest.mark.parametrize(("where", "scopes"), SCOPED, ids=name_of)
def test_a_token_without_the_scope_is_refused_and_told_which(
    live: LiveHub, project: str, where: tuple[str, str], scopes: tuple[str, ...]
) -> None:
    others = {"publish", "subscribe", "read", "manage"} - set(scopes)
    answer = live.client(*others, project=project).request(where[0], filled(where[1]))
    assert " or ".join(scopes) in problem_of(answer, 403)["detail"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{]", b"nope", b"{'a': 1}", b'{"a": NaN}', b"\xff\xfe{}", b'{"a":1}x', b"\xef\xbb\xbf{}"],
    ids=name_of,
)
@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_malformed_json_is_400_and_names_the_body(admin: Client, where: tuple[str, str], body: bytes) -> None:
    if not body and where in OPTIONAL_BODY:
        problem_of(admin.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE), 404)
        return
    answer = admin.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE)
    assert fields_of(answer, 400) == {"body"}


@pytest.mark.parametrize("body", [b"[]", b"[1]", b"1", b"null", b'"text"', b"true"], ids=name_of)
@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_json_of_another_kind_is_422(admin: Client, where: tuple[str, str], body: bytes) -> None:
    found = problem_of(admin.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE), 422)
    assert found["errors"]
    if where != PUBLISH:
        assert found["errors"][0]["field"] == "body"
        assert "object" in found["errors"][0]["message"]
        assert "data" not in found["errors"][0]["message"]


@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_an_unknown_field_is_named(admin: Client, where: tuple[str, str]) -> None:
    answer = admin.request(where[0], filled(where[1]), json={"no_such_field": 1})
    assert "no_such_field" in fields_of(answer, 422)


@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_a_key_that_stands_there_twice_is_named(admin: Client, where: tuple[str, str]) -> None:
    answer = admin.request(where[0], filled(where[1]), data=b'{"name": "a", "name": "b"}', headers=JSON_TYPE)
    assert "name" in fields_of(answer, 422)


@pytest.mark.parametrize(
    "body", [rb'{"name": "\ud800"}', rb'{"\udfff": 1}', rb'{"a": ["\udc00\ud800"]}'], ids=name_of
)
@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_half_a_surrogate_pair_is_refused(admin: Client, where: tuple[str, str], body: bytes) -> None:
    answer = admin.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE)
    assert "surrogate" in problem_of(answer, 400, 422)["detail"]


@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_deep_nesting_and_endless_numbers_are_refused(admin: Client, where: tuple[str, str]) -> None:
    for body in (
        b'{"data": ' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"a": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
        b'{"a": 1e999}',
    ):
        problem_of(admin.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE), 422)
    problem_of(
        admin.request(where[0], filled(where[1]), data=b'{"name": ' + b"9" * 5000 + b"}", headers=JSON_TYPE),
        422,
    )


CONTENT_TYPES = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jso",
    "",
    "é",
    "application/xml",
]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_another_content_type_is_415(admin: Client, where: tuple[str, str], content_type: str) -> None:
    headers = {"Content-Type": content_type.encode("latin-1")}
    problem_of(admin.request(where[0], filled(where[1]), data=b'{"name": "a"}', headers=headers), 415)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;"]
)
@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_json_by_another_spelling_is_read(admin: Client, where: tuple[str, str], content_type: str) -> None:
    answer = admin.request(
        where[0], filled(where[1]), data=b'{"no_such_field": 1}', headers={"Content-Type": content_type}
    )
    assert "no_such_field" in fields_of(answer, 422)


@pytest.mark.parametrize("where", [where for where in WITH_BODY if where != PUBLISH], ids=name_of)
def test_a_large_body_is_413(admin: Client, where: tuple[str, str]) -> None:
    body = b'{"name": "' + b"a" * BODY_BYTES_MAX + b'"}'
    assert fields_of(admin.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE), 413) == {"body"}


def test_the_answer_stays_small_whatever_was_sent(admin: Client) -> None:
    many = {f"field{n}": 1 for n in range(20_000)}
    assert len(admin.post("/hooks", json=many).content) < 100_000
    long = {"x" * 500_000: 1}
    assert len(admin.post("/hooks", json=long).content) < 10_000
    assert (
        len(admin.post("/hooks", json={"target_url": "http://" + "a" * 500_000, "event": "a"}).content)
        < 10_000
    )


QUERIES = [
    ("limit", "0"), ("limit", "201"), ("limit", "-1"), ("limit", ""), ("limit", "1.0"), ("limit", "٣"), ("limit", "²"), ("limit", "1_0"),
    ("limit", "9" * 5000), ("limit", "%00"), ("before", "\0"), ("nope", "1"), ("limit[]", "1"), ("Limit", "1"),
]  # fmt: skip
LISTS = [call.path for call in CALLS if call.method == "GET" and issubclass(call.query, Paged)]


@pytest.mark.parametrize(("name", "value"), QUERIES, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("path", LISTS)
def test_a_wrong_parameter_is_named(admin: Client, path: str, name: str, value: str) -> None:
    answer = admin.get(filled(path), params={name: value})
    assert name in fields_of(answer, 422)


@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.query.model_fields], ids=lambda call: f"{call.method} {call.path}"
)
def test_a_parameter_that_stands_there_twice_is_named(admin: Client, call: Call) -> None:
    name = next(iter(call.query.model_fields))
    value = "1"
    answer = admin.request(
        call.method, filled(call.path), params=[("project", "ROOT"), (name, value), (name, value)]
    )
    assert name in fields_of(answer, 422)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "before", ["junk", "💥", "'; DROP TABLE hook; --", "%", "evt_", "a" * 5000, "hook_zzzz"], ids=name_of
)
def test_a_page_before_nothing_known_is_a_page(admin: Client, path: str, before: str) -> None:
    answer = admin.get(filled(path), params={"before": before})
    if answer.status_code != 200:
        problem_of(answer, 404, 422)
    assert isinstance(answer.json(), list if answer.status_code == 200 else dict)


@pytest.mark.parametrize("key", ["ROOT'--", "💥", "root", "A" * 5000], ids=name_of)
@pytest.mark.parametrize(
    "where",
    [("GET", "/hooks"), ("GET", "/deliveries"), ("GET", "/audit"), ("GET", "/tokens"), PUBLISH],
    ids=name_of,
)
def test_a_project_that_is_not_there_is_refused(admin: Client, where: tuple[str, str], key: str) -> None:
    assert fields_of(admin.request(where[0], where[1], params={"project": key}), 404, 422) == {"project"}


def test_a_token_for_all_projects_must_name_one(live: LiveHub, admin: Client) -> None:
    everywhere = live.client("admin", project=None)
    for where in (("GET", "/hooks"), PUBLISH):
        assert fields_of(everywhere.request(*where), 422) == {"project"}
    assert everywhere.get("/hooks", params={"project": "ROOT"}).status_code == 200


def test_a_token_of_one_project_may_name_it_and_no_other(api: Client, project: str) -> None:
    assert api.get("/hooks", params={"project": project}).status_code == 200
    problem_of(api.get("/hooks", params={"project": "ROOT"}), 403)


@pytest.mark.parametrize(
    "call", [call for call in CALLS if "{" in call.path], ids=lambda call: f"{call.method} {call.path}"
)
@pytest.mark.parametrize(
    "odd",
    ["%00", "a%00b", "💥", "..%2f..", "%2e%2e", "'--", "a" * 4000, "%ff", "%", "hook_0%0a", "*"],
    ids=name_of,
)
def test_an_id_that_cannot_be_is_not_found(admin: Client, call: Call, odd: str) -> None:
    path = call.path.replace("{", "\0").replace("}", "\0").split("\0")
    path[1] = odd
    body = {"data": b"{}", "headers": JSON_TYPE} if call.body is not None else {}
    answer = admin.request(call.method, "".join(path), **body)
    problem_of(answer, 404, 405, *((422,) if call.body is not None else ()))


NOWHERE = [
    "/nope",
    "/",
    "/hooks/a/b/c",
    "/hooks//",
    "/events/x/y",
    "/%00",
    "/..",
    "/hooks;x=1",
    "/openapi.yaml",
]


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_what_is_not_there_is_404_or_405(admin: Client, method: str, path: str) -> None:
    answer = admin.request(method, path)
    if answer.status_code not in (200, 400, 422):  # `/hooks//` is `/hooks`
        problem_of(answer, 404, 405)
    else:
        assert path == "/hooks//"


@pytest.mark.parametrize(
    "path", sorted({PREFIX + call.path for call in CALLS} | set(DOCUMENT_PATHS) | set(HEALTH_PATHS))
)
def test_a_wrong_method_is_told_the_right_ones(admin: Client, live: LiveHub, path: str) -> None:
    right = {call.method for call in CALLS if PREFIX + call.path == path} or {"GET"}
    right |= {"POST"} if path == f"{PREFIX}/events" else set()
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - right:
        answer = admin.request(method, live.url + filled(path))
        if path.endswith("/events/preview") and method == "GET":
            continue  # that reads the event `preview`
        problem_of(answer, 405)
        assert {name.strip() for name in answer.headers["Allow"].split(",")} - {"HEAD"} == right


@pytest.mark.parametrize(
    "path", sorted({call.path for call in CALLS if call.method == "GET" and "{" not in call.path})
)
def test_head_is_get_without_a_body(admin: Client, path: str) -> None:
    got, headed = admin.get(path), admin.head(path)
    assert (headed.status_code, headed.content) == (got.status_code, b"")
    assert headed.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("where", EVERY, ids=name_of)
def test_a_trailing_slash_makes_no_difference_and_nothing_redirects(
    admin: Client, where: tuple[str, str]
) -> None:
    plain = admin.request(where[0], filled(where[1]))
    slashed = admin.request(where[0], filled(where[1]) + "/")
    assert (slashed.status_code, slashed.headers["content-type"]) == (
        plain.status_code,
        plain.headers["content-type"],
    )
    assert not 300 <= slashed.status_code < 400
    assert not 300 <= plain.status_code < 400


NAMES = [
    "<script>alert(1)</script>",
    "'; DROP TABLE hook; --",
    "{{7*7}}",
    "\u202eevil",
    "💥" * 50,
    "a\r\nX-Evil: 1",
    "\x1b[31m",
    "\ufffd",
    "",
    " " * 200,
]


@pytest.mark.parametrize("name", NAMES, ids=name_of)
def test_a_hostile_name_comes_back_as_it_was(api: Client, name: str) -> None:
    made = api.post("/hooks", json={"target_url": "http://127.0.0.1:9000/x", "event": "a", "name": name})
    assert made.status_code == 201
    assert api.get(f"/hooks/{made.json()['id']}").json()["name"] == name


WRONG_HOOKS: list[tuple[Any, str]] = [
    ({}, "target_url"),
    ({"target_url": ""}, "target_url"),
    ({"target_url": None}, "target_url"),
    ({"target_url": 5}, "target_url"),
    ({"target_url": "http://127.0.0.1:9000/\0"}, "target_url"),
    ({"target_url": "http://127.0.0.1:9000/\r\nX: 1"}, "target_url"),
    ({"target_url": "http://169.254.169.254/"}, "target_url"),
    ({"target_url": "http://user:pw@example.com/"}, "target_url"),
    ({"target_url": "file:///etc/passwd"}, "target_url"),
    ({"target_url": "javascript:alert(1)"}, "target_url"),
    ({"target_url": "https://example.com/" + "a" * 2048}, "target_url"),
    ({"target_url": "http://2130706433/"}, "target_url"),
    ({"target_url": "http://[::1"}, "target_url"),
    ({"target_url": "https://bücher.example/"}, "target_url"),
    ({"target_url": "http://127.0.0.1:9000/x", "url": "http://127.0.0.1:9000/other"}, "url"),
    ({"event": None}, "events"),
    ({"event": []}, "events"),
    ({"event": ""}, "events[0]"),
    ({"event": 5}, "events"),
    ({"event": {}}, "events"),
    ({"event": ["a", 5]}, "events[1]"),
    ({"event": "Story"}, "events[0]"),
    ({"event": "a\0"}, "events[0]"),
    ({"event": "a" * 131}, "events[0]"),
    ({"event": "٣"}, "events[0]"),
    ({"events": ["a", "b*"]}, "events[1]"),
    ({"events": {"a": 1}}, "events"),
    ({"events": [f"a{n}" for n in range(1001)]}, "events"),
    ({"event": ["a"], "events": ["b"]}, "event"),
    ({"name": 5}, "name"),
    ({"name": "\0"}, "name"),
    ({"name": "a" * 201}, "name"),
    ({"enabled": "true"}, "enabled"),
    ({"enabled": 1}, "enabled"),
    ({"secret": ""}, "secret"),
    ({"secret": "whsec_!!"}, "secret"),
    ({"secret": "a" * 257}, "secret"),
    ({"secret": "a\0"}, "secret"),
    ({"verify_ssl": "no"}, "verify_ssl"),
    ({"format": "xml"}, "format"),
    ({"format": 1}, "format"),
    ({"headers": ["X-A"]}, "headers"),
    ({"headers": {"X-A": 1}}, "headers.X-A"),
    ({"headers": {"X-A": "\N{SNOWMAN}"}}, "headers.X-A"),
    ({"headers": {"X-A": "a\r\nX-B: b"}}, "headers.X-A"),
    ({"headers": {"X-A": "a\0"}}, "headers.X-A"),
    ({"headers": {"X-A": "a" * 4097}}, "headers.X-A"),
    ({"headers": {"X A": "a"}}, "headers.X A"),
    ({"headers": {"": "a"}}, "headers"),
    ({"headers": {"Host": "a"}}, "headers.Host"),
    ({"headers": {"webhook-id": "a"}}, "headers.webhook-id"),
    ({"headers": {"X-A": "a", "x-a": "b"}}, "headers.x-a"),
    ({"headers": {f"X-{n}": "a" for n in range(21)}}, "headers"),
    ({"manual_edit": "yes"}, "manual_edit"),
    ({"handshake": "ping"}, "handshake"),
]


@pytest.mark.parametrize(("fields", "field"), WRONG_HOOKS, ids=lambda value: repr(value)[:60])
def test_a_wrong_field_of_a_hook_is_named(api: Client, fields: dict[str, Any], field: str) -> None:
    right: dict[str, Any] = {} if "event" in fields or "events" in fields else {"event": "a"}
    if field.partition(".")[0] not in ("target_url", "url", "target"):
        right["target_url"] = "http://127.0.0.1:9000/x"
    answer = api.post("/hooks", json=right | fields)
    assert fields_of(answer, 422) == {field}


def test_all_wrong_fields_are_named_at_once(api: Client) -> None:
    wrong = {
        "name": 5,
        "format": "xml",
        "headers": {"Host": "a", "X-A": "\N{SNOWMAN}"},
        "events": [1, 2],
        "nope": 1,
    }
    assert fields_of(api.post("/hooks", json=wrong), 422) == {
        "name", "format", "headers.Host", "headers.X-A", "events[0]", "events[1]", "nope",
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"url": "http://a.example/", "target": "http://b.example/"}, {"event": 5}, {"events": {}}]
)
def test_what_is_wrong_before_types_are_looked_at_is_named_too(api: Client, wrong: dict[str, Any]) -> None:
    answer = api.post("/hooks", json={"name": True, "secret": [], **wrong})
    assert fields_of(answer, 422) <= {"events", "target"}


@pytest.mark.parametrize("value", ["1", True, -1, 169, 1e300, [], {}], ids=name_of)
def test_an_overlap_that_cannot_be_is_named(api: Client, value: Any) -> None:
    hook = api.post("/hooks", json={"target_url": "http://127.0.0.1:9000/x", "event": "a"}).json()
    answer = api.post(f"/hooks/{hook['id']}/rotate-secret", json={"overlap_hours": value})
    assert fields_of(answer, 422) == {"overlap_hours"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
HOOK_NAMES = st.sampled_from(
    [
        "target_url",
        "url",
        "event",
        "events",
        "name",
        "enabled",
        "secret",
        "verify_ssl",
        "format",
        "headers",
        "handshake",
    ]
)


@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.dictionaries(HOOK_NAMES | st.text(), JSON_VALUES, max_size=5))
def test_whatever_a_hook_is_made_of_the_answer_is_one_of_ours(api: Client, body: dict[str, Any]) -> None:
    answer = api.post("/hooks", data=json.dumps(body).encode(), headers=JSON_TYPE)
    if answer.status_code != 201:
        assert fields_of(answer, 400, 422)


def test_a_body_that_ends_early_leaves_the_hub_well(live: LiveHub, api: Client) -> None:
    parts = urlsplit(live.url)
    head = f"POST {PREFIX}/hooks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as raw:
        raw.sendall(head.encode() + b'{"name"')
    assert api.get("/hooks").json() == []


def test_a_fault_of_ours_says_no_more_than_that(live: LiveHub, api: Client) -> None:
    made = api.post("/hooks", json={"target_url": "http://127.0.0.1:9009/", "event": "*"}).json()
    database = live.hub.database

    def set_events(text: str) -> None:
        database.write(
            lambda: database.execute("UPDATE hook SET events = ? WHERE id = ?", (text, made["id"]))
        ).result()

    set_events("a secret of the inside")  # no JSON: the row cannot be read
    answer = api.get("/hooks")
    assert "secret of" not in answer.text
    assert problem_of(answer, 500)["title"] == "Fault of the hub"
    set_events('["*"]')
    assert api.get("/hooks").status_code == 200


def test_a_store_that_is_away_asks_to_come_back(live: LiveHub, api: Client) -> None:
    database = live.hub.database

    def rename(table: str, name: str) -> None:
        database.write(lambda: database.execute(f"ALTER TABLE {table} RENAME TO {name}")).result()

    for table, ask in (
        ("hook", lambda: api.get("/hooks")),
        ("event", lambda: api.post("/events", json={"type": "a", "data": {}})),
    ):
        rename(table, "away")
        try:
            answer = ask()
        finally:
            rename("away", table)
        problem_of(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0

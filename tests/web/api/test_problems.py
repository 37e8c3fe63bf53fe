"""Whatever is sent, the answer is one of ours: problem+json that names the field, never a redirect, never a
fault.
"""

import socket
from urllib.parse import urlsplit

import pytest

from hub.web.api.calls import PREFIX, Call
from hub.web.body import BODY_BYTES_MAX
from hub.web.routes import CALLS
from tests.rigs.api import Client, LiveHub
from tests.rigs.problems import (
    EVERY,
    JSON_TYPE,
    OPTIONAL_BODY,
    PUBLISH,
    WITH_BODY,
    fields_of,
    filled,
    name_of,
    problem_of,
)


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
def test_malformed_json_is_400_and_names_the_body(root: Client, where: tuple[str, str], body: bytes) -> None:
    if not body and where in OPTIONAL_BODY:
        problem_of(root.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE), 404)
        return
    answer = root.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE)
    assert fields_of(answer, 400) == {"body"}


@pytest.mark.parametrize("body", [b"[]", b"[1]", b"1", b"null", b'"text"', b"true"], ids=name_of)
@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_json_of_another_kind_is_422(root: Client, where: tuple[str, str], body: bytes) -> None:
    found = problem_of(root.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE), 422)
    assert found["errors"]
    if where != PUBLISH:
        assert found["errors"][0]["field"] == "body"
        assert "object" in found["errors"][0]["message"]
        assert "data" not in found["errors"][0]["message"]


@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_an_unknown_field_is_named(root: Client, where: tuple[str, str]) -> None:
    answer = root.request(where[0], filled(where[1]), json={"no_such_field": 1})
    assert "no_such_field" in fields_of(answer, 422)


@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_a_key_that_stands_there_twice_is_named(root: Client, where: tuple[str, str]) -> None:
    answer = root.request(where[0], filled(where[1]), data=b'{"name": "a", "name": "b"}', headers=JSON_TYPE)
    assert "name" in fields_of(answer, 422)


@pytest.mark.parametrize(
    "body", [rb'{"name": "\ud800"}', rb'{"\udfff": 1}', rb'{"a": ["\udc00\ud800"]}'], ids=name_of
)
@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_half_a_surrogate_pair_is_refused(root: Client, where: tuple[str, str], body: bytes) -> None:
    answer = root.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE)
    assert "surrogate" in problem_of(answer, 400, 422)["detail"]


@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_deep_nesting_and_endless_numbers_are_refused(root: Client, where: tuple[str, str]) -> None:
    for body in (
        b'{"data": ' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"a": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
        b'{"a": 1e999}',
    ):
        problem_of(root.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE), 422)
    problem_of(
        root.request(where[0], filled(where[1]), data=b'{"name": ' + b"9" * 5000 + b"}", headers=JSON_TYPE),
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
def test_another_content_type_is_415(root: Client, where: tuple[str, str], content_type: str) -> None:
    headers = {"Content-Type": content_type.encode("latin-1")}
    problem_of(root.request(where[0], filled(where[1]), data=b'{"name": "a"}', headers=headers), 415)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;"]
)
@pytest.mark.parametrize("where", WITH_BODY, ids=name_of)
def test_json_by_another_spelling_is_read(root: Client, where: tuple[str, str], content_type: str) -> None:
    answer = root.request(
        where[0], filled(where[1]), data=b'{"no_such_field": 1}', headers={"Content-Type": content_type}
    )
    assert "no_such_field" in fields_of(answer, 422)


@pytest.mark.parametrize("where", [where for where in WITH_BODY if where != PUBLISH], ids=name_of)
def test_a_large_body_is_413(root: Client, where: tuple[str, str]) -> None:
    body = b'{"name": "' + b"a" * BODY_BYTES_MAX + b'"}'
    assert fields_of(root.request(where[0], filled(where[1]), data=body, headers=JSON_TYPE), 413) == {"body"}


def test_the_answer_stays_small_whatever_was_sent(root: Client) -> None:
    many = {f"field{n}": 1 for n in range(20_000)}
    assert len(root.post("/hooks", json=many).content) < 100_000
    long = {"x" * 500_000: 1}
    assert len(root.post("/hooks", json=long).content) < 10_000
    assert (
        len(root.post("/hooks", json={"target_url": "http://" + "a" * 500_000, "event": "a"}).content)
        < 10_000
    )


@pytest.mark.parametrize("key", ["ROOT'--", "💥", "root", "A" * 5000], ids=name_of)
@pytest.mark.parametrize(
    "where",
    [("GET", "/hooks"), ("GET", "/deliveries"), ("GET", "/audit"), ("GET", "/tokens"), PUBLISH],
    ids=name_of,
)
def test_a_project_that_is_not_there_is_refused(root: Client, where: tuple[str, str], key: str) -> None:
    assert fields_of(root.request(where[0], where[1], params={"project": key}), 404, 422) == {"project"}


def test_a_token_for_all_projects_must_name_one(live: LiveHub, root: Client) -> None:
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
def test_an_id_that_cannot_be_is_not_found(root: Client, call: Call, odd: str) -> None:
    path = call.path.replace("{", "\0").replace("}", "\0").split("\0")
    path[1] = odd
    body = {"data": b"{}", "headers": JSON_TYPE} if call.body is not None else {}
    answer = root.request(call.method, "".join(path), **body)
    problem_of(answer, 404, 405, *((422,) if call.body is not None else ()))


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

"""The fields of a hook: each that is wrong is named, whatever it is made of."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rigs.api import Client, LiveHub
from tests.rigs.problems import (
    JSON_TYPE,
    fields_of,
    name_of,
)

NAMES = [
    "<script>alert(1)</script>",
    "'; DROP TABLE hook; --",
    "{{7*7}}",
    "💥" * 50,
    "a\r\nX-Evil: 1",
    "\x1b[31m",
    "\ufffd",
    "",
    " " * 200,
]
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
    ({"name": "\u202eevil"}, "name"),
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


@pytest.mark.parametrize("name", NAMES, ids=name_of)
def test_a_hostile_name_comes_back_as_it_was(api: Client, name: str) -> None:
    made = api.post("/hooks", json={"target_url": "http://127.0.0.1:9000/x", "event": "a", "name": name})
    assert made.status_code == 201
    assert api.get(f"/hooks/{made.json()['id']}").json()["name"] == name


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


@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(HOOK_NAMES | st.text(), JSON_VALUES, max_size=5))
def test_whatever_a_hook_is_made_of_the_answer_is_one_of_ours(api: Client, body: dict[str, Any]) -> None:
    answer = api.post("/hooks", data=json.dumps(body).encode(), headers=JSON_TYPE)
    if answer.status_code != 201:
        assert fields_of(answer, 400, 422)


def test_a_hook_to_the_hub_itself_cannot_be_saved(live: LiveHub, api: Client) -> None:
    own = f"{live.hub.services.config.base_url}/api/v1/events"
    made = api.post("/hooks", json={"target_url": own, "event": "*"})
    assert made.status_code == 422
    [error] = made.json()["errors"]
    assert (error["field"], "leads to this hub itself" in error["message"]) == ("target_url", True)

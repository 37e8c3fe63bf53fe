"""iceScrum's JSON for hooks: what is read of a body, what an answer looks like, how faults are told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.icescrum.dialect import (
    DialectError,
    client_error,
    hook_answer,
    hook_fields,
    missing_fields,
    validation_errors,
)

HOOK = {
    "number": 42,
    "project_id": 7,
    "url": "https://receiver.example/in?a=1&b=%20",
    "events": ("story.create", "story.state"),
    "is_on": True,
    "verify_ssl": True,
    "is_by_hand": False,
    "failures": 2,
    "last_error": "500 Internal Server Error",
    "created_at": 1503187200.0,
    "updated_at": 1503187201.987,
    "last_success_at": None,
    "secret": None,
}


def answer(**changes: Any) -> dict[str, Any]:
    return hook_answer(**(HOOK | changes))


def test_it_unwraps_the_hook_and_turns_its_fields_into_ours() -> None:
    body = {
        "hook": {
            "url": "https://receiver.example/in",
            "events": ["story.create"],
            "enabled": False,
            "ignoreSsl": True,
            "secret": "s3cret",
        }
    }
    assert hook_fields(body) == {
        "target_url": "https://receiver.example/in",
        "events": ["story.create"],
        "enabled": False,
        "verify_ssl": False,
        "secret": "s3cret",
    }


def test_what_a_body_leaves_out_stays_absent() -> None:
    assert hook_fields({"hook": {}}) == {}
    assert hook_fields({"hook": {"enabled": True}}) == {"enabled": True}


def test_fields_that_icescrum_does_not_bind_are_ignored() -> None:
    sent = {
        "id": 9,
        "class": "Hook",
        "source": "webhook",
        "workspaceId": 3,
        "countErrors": 0,
        "lastError": "",
        "format": "github",
        "verify_ssl": 1,
    }
    assert hook_fields({"hook": sent, "project": {"id": 4}}) == {}


def test_an_empty_secret_clears_it_and_null_leaves_it() -> None:
    assert hook_fields({"hook": {"secret": ""}}) == {"secret": None}
    assert hook_fields({"hook": {"secret": "   "}}) == {"secret": None}
    assert hook_fields({"hook": {"secret": None}}) == {}
    assert hook_fields({"hook": {"secret": " kept as typed "}}) == {"secret": " kept as typed "}


def test_a_client_may_write_back_what_it_read() -> None:
    """Read, change, write: the null that an answer shows for a secret must not clear it."""
    assert hook_fields({"hook": json.loads(json.dumps(answer()))}) == {
        "target_url": HOOK["url"],
        "events": ["story.create", "story.state"],
        "enabled": True,
        "verify_ssl": True,
    }


def test_events_lose_their_spaces_and_repeats() -> None:
    given = [" story.create", "story. state ", "story.create", "", " "]
    assert hook_fields({"hook": {"events": given}}) == {"events": ["story.create", "story.state"]}


def test_events_are_not_judged_here_so_that_an_unknown_one_can_be_named() -> None:
    assert hook_fields({"hook": {"events": ["story.vanish"]}}) == {"events": ["story.vanish"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", None),
        ("url", ""),
        ("url", "  "),
        ("url", 5),
        ("url", ["https://a.example"]),
        ("events", None),
        ("events", []),
        ("events", ["", " "]),
        ("events", "story.create"),
        ("events", {"story.create": True}),
        ("events", ["story.create", 5]),
        ("events", [None]),
        ("enabled", None),
        ("enabled", "true"),
        ("enabled", 1),
        ("ignoreSsl", "no"),
        ("ignoreSsl", 0),
        ("secret", 5),
        ("secret", ["a"]),
    ],
)
def test_a_wrong_type_is_told_with_its_field_in_icescrums_shape(field: str, value: object) -> None:
    with pytest.raises(DialectError) as fault:
        hook_fields({"hook": {field: value}})
    assert fault.value.field == field
    assert fault.value.answer() == [{"text": f"{fault.value.text} - {field}"}]


@pytest.mark.parametrize(
    "body",
    [None, [], "hook", 5, {}, {"url": "https://a.example"}, {"hook": None}, {"hook": []}, {"hook": "x"}],
)
def test_a_body_without_a_hook_is_told_as_a_whole(body: object) -> None:
    with pytest.raises(DialectError) as fault:
        hook_fields(body)
    assert fault.value.field is None
    assert fault.value.answer() == {"text": 'The body must be an object {"hook": {…}}'}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["hook", "url", "events", "enabled", "ignoreSsl", "secret"]), inner
            )
        ),
        max_leaves=10,
    )
)
def test_any_json_is_either_read_or_refused(body: object) -> None:
    try:
        fields = hook_fields(body)
    except DialectError as fault:
        answered = json.dumps(fault.answer())
        assert "text" in answered
    else:
        assert set(fields) <= {"target_url", "events", "enabled", "verify_ssl", "secret"}
        assert all(isinstance(fields.get(name, True), bool) for name in ("enabled", "verify_ssl"))


def test_a_new_hook_must_have_a_url_and_events() -> None:
    assert validation_errors(missing_fields(hook_fields({"hook": {}}))) == [
        {"text": "must be given - url"},
        {"text": "must be given - events"},
    ]
    assert missing_fields({"target_url": "https://a.example", "events": ["story.create"]}) == []


def test_an_answer_has_icescrums_keys_in_their_order() -> None:
    keys = list(answer())
    assert " ".join(keys) == (
        "class id countErrors dateCreated dateLastRequest enabled eventMessageRendererClass events ignoreSsl lastError lastUpdated"
        " secret source url workspaceId workspaceType"
    )
    assert keys[2:] == sorted(keys[2:])


def test_an_answer_holds_the_hook_as_icescrum_says_it() -> None:
    assert json.loads(json.dumps(answer())) == {
        "class": "Hook",
        "id": 42,
        "countErrors": 2,
        "dateCreated": "2017-08-20T00:00:00Z",
        "dateLastRequest": None,
        "enabled": True,
        "eventMessageRendererClass": None,
        "events": ["story.create", "story.state"],
        "ignoreSsl": False,
        "lastError": "500 Internal Server Error",
        "lastUpdated": "2017-08-20T00:00:01Z",
        "secret": None,
        "source": "resthook",
        "url": "https://receiver.example/in?a=1&b=%20",
        "workspaceId": 7,
        "workspaceType": "project",
    }


@pytest.mark.parametrize(("is_by_hand", "source"), [(True, "webhook"), (False, "resthook")])
def test_only_a_hook_of_the_page_is_a_webhook(is_by_hand: bool, source: str) -> None:
    assert answer(is_by_hand=is_by_hand)["source"] == source


def test_the_secret_is_shown_when_it_is_given_and_only_then() -> None:
    assert answer(secret="s3cret")["secret"] == "s3cret"
    assert answer()["secret"] is None


def test_other_faults_have_their_own_shape() -> None:
    assert client_error("Unexpected end of file") == {"text": "Unexpected end of file"}
    assert validation_errors([("events", "story.vanish is not an event")]) == [
        {"text": "story.vanish is not an event - events"}
    ]

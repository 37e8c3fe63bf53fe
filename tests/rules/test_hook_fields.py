"""The fields of a hook: what is refused with which words, and which two URLs are one receiver."""

from typing import Any

import pytest

from connectors import registry
from hub.logs import MASK
from hub.rules import headers
from hub.rules.hook_fields import (
    ERRORS_MAX,
    EVENTS_MAX,
    NAME_MAX,
    Circumstances,
    HookChange,
    audited,
    errors_in,
    errors_of_new,
    is_same_receiver,
)
from hub.rules.signing_secret import LENGTH_MAX
from hub.rules.targets import MAX_URL_CHARS

AROUND = Circumstances("icescrum", registry.format_keys(), (), (), "api")
RIGHT = HookChange(target_url="https://example.com/x", events=("story.*",))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://x.example/a", "https://x.example:443/b?c"),
        ("http://x.example", "http://x.example:80/"),
        ("https://x.example/a", "https://x.example./a"),
        ("https://x.example/a", "https://X.Example.:443/a"),
        ("https://x.example/a", "HTTPS://x.example/a"),
        ("https://x.example:8443/a", "https://x.example.:8443/a"),
        ("https://[2001:4860::8888]/", "https://[2001:4860:0:0:0:0:0:8888]:443/"),
        ("https://[2001:4860::abcd]/", "https://[2001:4860::ABCD]/"),
        ("https://8.8.8.8/", "https://[::ffff:8.8.8.8]/"),
        ("https://8.8.8.8/", "https://[::ffff:808:808]/"),
        ("https://8.8.8.8/", "https://8.8.8.8./"),
    ],
)
def test_what_is_connected_to_is_compared_however_it_is_written(one: str, other: str) -> None:
    assert is_same_receiver(one, other)
    assert is_same_receiver(other, one)


@pytest.mark.parametrize(
    "other",
    [
        "http://x.example/a",
        "http://x.example:443/a",
        "https://x.example:8443/a",
        "https://y.example/a",
        "https://a.x.example/a",
        "https://x.example../a",
        "https://x.example%2e/a",
        "https://x.example@y.example/a",
        "https://[::1]/a",
        "x.example",
        "",
    ],
)
def test_another_scheme_host_or_port_is_another_receiver(other: str) -> None:
    assert not is_same_receiver("https://x.example/a", other)
    assert not is_same_receiver(other, "https://x.example/a")


def test_a_url_that_says_nothing_is_the_same_as_itself_only() -> None:
    assert is_same_receiver("mailto:a@x.example", "mailto:a@x.example")
    assert not is_same_receiver("mailto:a@x.example", "mailto:b@x.example")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target_url": ""}, "target_url"),
        ({"target_url": "ftp://example.com/"}, "target_url"),
        ({"target_url": "https://example.com/" + "a" * MAX_URL_CHARS}, "target_url"),
        ({"events": ()}, "events"),
        ({"events": ("story.*",) * (EVENTS_MAX + 1)}, "events"),
        ({"events": ("story.*", "nothing.*")}, "events[1]"),
        ({"events": ("hook.ping",)}, "events[0]"),
        ({"name": "x" * (NAME_MAX + 1)}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "gnitlib\u202e"}, "name"),
        ({"format": "fax"}, "format"),
        ({"handshake": "smile"}, "handshake"),
        ({"secret": ""}, "secret"),
        ({"secret": "x" * (LENGTH_MAX + 1)}, "secret"),
        ({"secret": "whsec_!"}, "secret"),
        ({"secret": MASK}, "secret"),
        ({"headers": {"Host": "x"}}, "headers.Host"),
        ({"headers": {"X-A": "\x01"}}, "headers.X-A"),
        ({"headers": {f"X-{n}": "" for n in range(headers.MAX_HEADERS + 1)}}, "headers"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_wrong_field_is_named_of_a_new_hook_and_of_a_change_alike(
    change: dict[str, Any], field: str
) -> None:
    found = errors_in(HookChange(**change), AROUND)
    assert [name for name, _ in found] == [field]
    new = HookChange(**{"target_url": RIGHT.target_url, "events": RIGHT.events, **change})
    assert errors_of_new(new, AROUND) == found


def test_a_new_hook_needs_a_target_and_an_event_and_a_change_needs_nothing() -> None:
    assert [field for field, _ in errors_of_new(HookChange(), AROUND)] == ["target_url", "events"]
    assert errors_in(HookChange(), AROUND) == []
    assert errors_of_new(RIGHT, AROUND) == []


def test_a_mask_stands_for_a_value_of_a_hook_that_there_is_only() -> None:
    masked = {"X-Key": MASK}
    assert errors_in(HookChange(headers=masked), AROUND) == []
    new = HookChange(target_url=RIGHT.target_url, events=RIGHT.events, headers=masked)
    assert [field for field, _ in errors_of_new(new, AROUND)] == ["headers.X-Key"]


def test_only_an_api_hook_can_be_edited_by_hand_by_its_own_wish() -> None:
    for kind, wrong in (("api", []), ("page", ["manual_edit"]), ("app", ["manual_edit"])):
        around = Circumstances("open", registry.format_keys(), (), (), kind)
        assert [field for field, _ in errors_in(HookChange(manual_edit=True), around)] == wrong
        assert errors_in(HookChange(manual_edit=False), around) == []


def test_a_thousand_wrong_patterns_are_not_all_answered() -> None:
    found = errors_in(HookChange(events=tuple(f"storry.n{n}" for n in range(EVENTS_MAX))), AROUND)
    assert len(found) == ERRORS_MAX


def test_no_message_and_no_audit_entry_repeats_a_secret() -> None:
    wrong = HookChange(secret="whsec_very private", headers={"X-A": "very private\n"})
    assert "very private" not in str(errors_in(wrong, AROUND))
    assert "very private" not in repr(wrong)
    assert audited(wrong.given()) == {"secret": None, "headers": None}

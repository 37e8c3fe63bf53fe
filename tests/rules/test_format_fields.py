"""What a hook's format asks for: templates and settings are checked, and a chat's URL is shown without its end."""

import pytest

from hub.logs import MASK
from hub.rules.format_fields import (
    header_errors,
    settings_errors,
    shown_settings,
    shown_url,
    template_errors,
)


def test_a_template_is_checked_when_it_is_saved() -> None:
    assert template_errors(None) == []
    assert template_errors("{{ name }}") == []
    assert template_errors(" \n") == [
        ("template", "is empty: write what is to be sent, or leave it out (null)")
    ]
    assert template_errors("\n{{ x() }}") == [
        ("template", "line 2: calling something with ( ) is not part of templates here")
    ]


@pytest.mark.parametrize(
    ("form", "settings", "stored", "fields"),
    [
        ("standard", None, (), []),
        ("standard", {}, (), []),
        ("standard", {"chat_id": "1"}, (), ["settings.chat_id"]),
        ("telegram", {"chat_id": "1"}, (), []),
        ("telegram", {}, (), ["settings.chat_id"]),
        ("telegram", {"chat_id": ""}, (), ["settings.chat_id"]),
        ("telegram", None, (), ["settings.chat_id"]),
        ("telegram", None, ("chat_id",), []),
        ("matrix", {"room_id": "!a"}, ("access_token",), ["settings.access_token"]),
        ("telegram", {"chat_id": "1\r\nX: y"}, (), ["settings.chat_id"]),
        ("telegram", {"chat_id": "1" * 501}, (), ["settings.chat_id"]),
        ("of a package that is gone", None, (), []),
    ],
)
def test_settings_are_those_of_the_format(
    form: str, settings: dict[str, str] | None, stored: tuple[str, ...], fields: list[str]
) -> None:
    assert [field for field, _ in settings_errors(form, settings, stored)] == fields


def test_secret_settings_are_masked_and_so_is_what_nobody_knows() -> None:
    assert shown_settings("matrix", {"room_id": "!a", "access_token": "s", "old": "s"}) == {
        "room_id": "!a",
        "access_token": MASK,
        "old": MASK,
    }


def test_a_header_that_carries_a_setting_is_the_formats() -> None:
    assert [field for field, _ in header_errors("gotify", {"X-GOTIFY-key": "x", "X-Other": "y"})] == [
        "headers.X-GOTIFY-key"
    ]
    assert header_errors("standard", {"Authorization": "x"}) == []


@pytest.mark.parametrize(
    ("form", "url", "shown"),
    [
        (
            "slack",
            "https://hooks.slack.com/services/T0/B0/abcdefgh",
            "https://hooks.slack.com/…efgh",
        ),
        (
            "telegram",
            "https://api.telegram.org/bot1:abcdefgh/sendMessage",
            "https://api.telegram.org/…sage",
        ),
        (
            "google_chat",
            "https://chat.googleapis.com/v1/s/m?key=k&token=abcdefgh",
            "https://chat.googleapis.com/…efgh",
        ),
        (
            "mattermost",
            "https://ann:pw@chat.example:8065/hooks/abcdefgh",
            "https://chat.example:8065/…efgh",
        ),
        ("standard", "https://example.com/a/b", "https://example.com/a/b"),
    ],
)
def test_a_chats_url_is_shown_without_what_makes_it_a_credential(form: str, url: str, shown: str) -> None:
    assert shown_url(form, url) == shown

"""The settings of the server, saved at once or not at all; and that the administrators' pages are theirs only."""

import re

import pytest

from hub.rules.settings import DEFINITIONS
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import plain

pytestmark = pytest.mark.usefixtures("restored")
PATHS = ("/settings", "/audit", "/health")


@pytest.mark.parametrize("path", PATHS)
def test_they_are_for_administrators_only(live: LiveHub, project: str, path: str) -> None:
    owner = live.browser("mia", project=project, role="product_owner")
    assert owner.get(path).status_code == 403
    assert live.stranger().get(path).headers["location"].startswith("/sign-in")


def test_every_setting_is_there_the_failure_limit_first(admin: Browser) -> None:
    text = admin.get("/settings").text
    names = re.findall(r'<(?:input|textarea)[^>]* name="(\w+)"', text)
    shown = [name for name in names if name in DEFINITIONS]
    assert shown[0] == "failure_limit"
    assert sorted(shown) == sorted(DEFINITIONS)
    assert "Default 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h, 1 day" in plain(text)
    assert "0 to 1,000,000" in plain(text)


def test_a_saved_value_counts_at_once_and_the_page_says_what_changed(live: LiveHub, admin: Browser) -> None:
    saved = admin.submit(
        "/settings", failure_limit="8", max_event_bytes="2 MiB", retry_schedule_s="5, 1m, 1h"
    )
    assert saved.status_code == 303
    assert "Failure limit: 5 → 8" in plain(admin.get("/settings").text)
    values = live.client("admin", project=None).get("/settings").json()
    assert (values["failure_limit"], values["max_event_bytes"]) == (8, 2_097_152)
    assert values["retry_schedule_s"] == [5, 60, 3600]


def test_a_value_out_of_range_saves_nothing_and_keeps_what_was_typed(live: LiveHub, admin: Browser) -> None:
    refused = admin.submit("/settings", failure_limit="8", connect_timeout_s="90", hold_days="a week")
    assert refused.status_code == 422
    text = plain(refused.text)
    assert "Not saved: 2 fields need a change" in text
    assert "Time-out of the connection must be a number of seconds from 0.1 to 60" in text
    assert 'value="90"' in refused.text
    assert "Was 5. Not saved." in text
    assert live.client("admin", project=None).get("/settings").json()["failure_limit"] == 5


def test_what_was_left_alone_does_not_undo_what_somebody_else_saved(live: LiveHub, admin: Browser) -> None:
    shown = dict(re.findall(r'name="(shown\.\w+)" value="([^"]*)"', admin.get("/settings").text))
    opened = {**shown, **{name.removeprefix("shown."): value for name, value in shown.items()}}
    live.client("admin", project=None).patch("/settings", json={"failure_limit": 8})
    saved = admin.submit("/settings", **{**opened, "hold_days": "3"})
    assert saved.status_code == 303
    assert "Saved 1 change, in force at once. Hold: 7 → 3." in plain(admin.get("/settings").text)
    assert live.client("admin", project=None).get("/settings").json()["failure_limit"] == 8


def test_saving_what_is_there_changes_nothing(live: LiveHub, admin: Browser) -> None:
    admin.submit("/settings", failure_limit="5")
    assert "Nothing was changed" in admin.get("/settings").text

"""The administrators' pages: settings, the audit log, health."""

import re
from html import unescape

import pytest

from hub.rules.settings import DEFINITIONS, Settings
from tests.rigs.api import Browser, LiveHub

PATHS = ("/settings", "/audit", "/health")


@pytest.fixture
def admin(live: LiveHub) -> Browser:
    return live.browser("root", is_admin=True)


@pytest.fixture(autouse=True)
def restored(live: LiveHub) -> object:
    yield  # type: ignore[misc]
    live.client("admin", project=None).patch("/settings", json=Settings().as_dict())


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


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


def test_saving_what_is_there_changes_nothing(live: LiveHub, admin: Browser) -> None:
    admin.submit("/settings", failure_limit="5")
    assert "Nothing was changed" in admin.get("/settings").text


def test_the_audit_log_says_who_changed_what_and_never_a_secret(
    live: LiveHub, project: str, admin: Browser
) -> None:
    api = live.client(project=project)
    hook = api.post(
        "/hooks",
        json={"target_url": "http://127.0.0.1:8009/", "event": "*", "secret": "a secret of ours, long"},
    ).json()
    api.patch(
        f"/hooks/{hook['id']}", json={"name": '"><script>alert(1)</script>', "headers": {"X-A": "hush"}}
    )
    text = admin.get(f"/audit?object={hook['id']}").text
    assert "<script>alert" not in text
    assert "Changed a hook" in text
    assert "headers: changed, not shown" in plain(text)
    assert "hush" not in text
    assert "a secret of ours" not in text
    assert plain(text).count("hook.created") == 1


def test_the_audit_log_is_filtered_and_paged(live: LiveHub, project: str, admin: Browser) -> None:
    for n in range(60):
        live.client("admin", project=None).patch("/settings", json={"failure_limit": n + 1})
    first = admin.get("/audit?object=settings").text
    assert first.count("settings.changed") == 50
    [older] = re.findall(r'href="\?([^"]*before=aud_\w+[^"]*)">Older', unescape(first))
    assert admin.get(f"/audit?{older}").text.count("settings.changed") >= 10
    assert "No entries with this filter" in admin.get("/audit?object=nothing").text
    assert admin.get("/audit?project=NOSUCH").status_code == 422


def test_health_says_what_waits_who_works_and_what_to_look_at(live: LiveHub, admin: Browser) -> None:
    live.hub.services.scheduler.beat()
    live.hub.services.scheduler.count_backlog()
    text = admin.get("/health").text
    words = plain(text)
    assert "1 worker delivers" in words
    assert "127.0.0.0/8 is allowed by HUB_OUTBOUND_ALLOW" in words
    assert "1 thing to look at" in words
    assert "Size of the database, 14 days" in text
    part = admin.get("/health", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert part.strip().startswith('<div class="stackup" id="health"')

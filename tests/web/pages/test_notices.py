"""The pages of notices: the list with its badge, and how a person is told."""

from hub.store import notices, projects
from tests.rigs.api import Browser, LiveHub


def test_the_list_has_what_needs_attention_and_the_badge_ends_with_looking(
    live: LiveHub, project: str, manager: Browser
) -> None:
    database = live.hub.database

    def tell() -> None:
        row = projects.by_key(project)
        assert row is not None
        now = database.clock.now()
        notices.tell(database, "auto_disabled", "hook:x", row.id, "hook_x", "answered <500>", now)

    assert "Nothing needs attention" in manager.get("/notices").text
    database.write(tell).result()
    assert 'class="count bad">1<' in manager.get("/projects").text
    shown = manager.get("/notices").text
    assert "Switched off" in shown
    assert "answered &lt;500&gt;" in shown
    assert f"/projects/{project}/hooks/hook_x" in shown
    assert 'class="count bad">1<' not in manager.get("/projects").text


def test_a_person_chooses_how_to_be_told(manager: Browser) -> None:
    wrong = manager.submit("/account/notices", email="nobody", choice="hourly")
    assert wrong.status_code == 422
    assert "is no e-mail address" in wrong.text
    assert 'value="nobody"' in wrong.text
    assert manager.submit("/account/notices", email="ann@x.org", choice="hourly").status_code == 303
    shown = manager.get("/account/notices").text
    assert 'value="ann@x.org"' in shown
    assert '<option value="hourly" selected>' in shown
    assert "HUB_SMTP_URL" in shown, "this hub has no relay"

"""Settings that cannot be changed by hand: of a hook that is gone, and of an archived project's."""

from html import unescape

from tests.rigs.api import Browser, LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def test_a_hook_that_is_gone_can_only_be_deleted(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    api = live.client(project=project)
    made = api.post("/hooks", json={"target_url": receiver.url, "event": "order.paid", "manual_edit": True})
    hook_id = made.json()["id"]
    path = f"/projects/{project}/hooks/{hook_id}"
    assert f'{path}/samples">Samples<' in manager.get(f"{path}/settings").text
    receiver.answer = 410
    api.post("/events", json={"type": "order.paid", "data": {}})
    until(lambda: api.get(f"/hooks/{hook_id}").json()["state"] == "gone")

    shown = unescape(manager.get(f"{path}/settings").text)
    assert "this subscription is over" in shown
    assert "Save settings" not in shown
    assert shown.count(": not allowed") == 4
    page = manager.get(path).text
    assert "Edit</a>" not in page
    assert "Rotate secret" not in page


def test_an_archived_projects_hooks_are_read_only(live: LiveHub, receiver: Receiver) -> None:
    project = live.project()
    manager = live.browser("mia", project=project, role="product_owner")
    made = live.client(project=project).post(
        "/hooks", json={"target_url": receiver.url, "event": "order.paid", "manual_edit": True}
    )
    live.browser("root", is_admin=True).submit(f"/projects/{project}/archive")
    assert "New webhook" not in manager.get(f"/projects/{project}/hooks").text
    for path in ("hooks/new", "events/new", "schedules/new", "sources/new?kind=generic_hmac"):
        refused = manager.get(f"/projects/{project}/{path}")
        assert refused.status_code == 403, path
        assert "is archived: it is read-only" in refused.text
    shown = manager.get(f"/projects/{project}/hooks/{made.json()['id']}/settings").text
    assert "The project is archived" in shown
    assert "Save settings" not in shown
    assert "Delete webhook" not in shown


def test_whoever_may_only_look_is_led_to_no_page_that_refuses_them(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    app = live.client("subscribe", project=project, app="zapier")
    hook_id = app.post("/hooks", json={"target_url": receiver.url, "event": "order.paid"}).json()["id"]
    path = f"/projects/{project}/hooks/{hook_id}/settings"
    assert 'apps#a-zapier">Zapier</a>' in manager.get(path).text
    page = path.removesuffix("/settings")
    assert "By hand you may switch, test, redeliver and delete it." in manager.get(page).text
    shown = live.browser("tom", project=project, role="team_member").get(path).text
    assert "<dd>Zapier</dd>" in shown
    assert "/apps" not in shown

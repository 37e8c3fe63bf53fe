"""The filter on the form of a hook: typed as rows, told what is wrong at the row, shown on every page of the hook."""

import re

from hub.store.models import Hook
from tests.rigs.api import Browser, LiveHub
from tests.rigs.log import publish, subscribe
from tests.rigs.receivers import Receiver
from tests.web.pages.test_hook_form import form, only_hook

ROWS = {"filter_group": ["0", "1"], "filter_field": ["state", "tags"], "filter_op": ["=", "contains"]}


def test_rows_are_saved_shown_again_and_removed(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    publish(live.client(project=project), "order.paid", {"state": 2, "buyer": {"city": "Lyon"}})
    offered = manager.get(f"/projects/{project}/hooks/new").text
    assert '<option value="buyer.city">buyer.city: &#34;Lyon&#34;</option>' in offered

    typed = form(receiver, **ROWS, filter_value=["3", "urgent"])
    assert manager.submit(f"/projects/{project}/hooks/new", **typed).status_code == 201
    hook = only_hook(live, project)
    path = f"/projects/{project}/hooks/{hook['id']}"
    assert [list(group["all"][0].values()) for group in hook["filter"]["any"]] == [  # type: ignore[index]
        ["state", "=", 3],
        ["tags", "contains", "urgent"],
    ]
    assert "state = 3\nor\ntags contains &#34;urgent&#34;" in manager.get(path).text
    settings = manager.get(f"{path}/settings").text
    assert re.findall(r'name="filter_field"[^>]* value="(\w*)"', settings) == ["state", "tags"]

    assert manager.submit(f"{path}/settings", **form(receiver)).status_code == 303
    assert only_hook(live, project)["filter"] is None


def test_what_is_wrong_stands_at_its_row_and_every_row_is_kept(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    typed = form(receiver, **{**ROWS, "filter_field": ["state", "a b"]}, filter_value=["3", "urgent"])
    answer = manager.submit(f"/projects/{project}/hooks/new", **typed)
    assert answer.status_code == 422
    assert 'id="filter-row-1-error"' in answer.text
    assert 'id="filter-row-0-error"' not in answer.text
    assert re.findall(r'name="filter_field"[^>]* value="([\w ]*)"', answer.text) == ["state", "a b"]
    assert live.client(project=project).get("/hooks").json() == []


def test_its_buttons_change_its_part_alone_and_save_nothing(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    typed = form(receiver, **ROWS, filter_value=["3", "urgent"])
    part = manager.submit(f"/projects/{project}/hooks/filter", **typed, filter_as="text").text
    assert "<html" not in part
    assert "state = 3\nor\ntags contains &#34;urgent&#34;</textarea>" in part
    whole = manager.submit(f"/projects/{project}/hooks/new", **typed, filter_or="1")
    assert (whole.status_code, whole.text.count('name="filter_field"')) == (200, 3)
    broken = {"filter_mode": "text", "filter_text": "state == 3", "filter_as": "rows"}
    assert "must be =" in manager.submit(f"/projects/{project}/hooks/filter", **form(receiver), **broken).text
    assert live.client(project=project).get("/hooks").json() == []


def test_read_only_shows_the_text_and_the_events_page_names_the_row_that_failed(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    app = live.client("subscribe", project=project, app="zapier")
    hook = subscribe(app, receiver.url, "*", filter="state = 3")
    event_id = publish(live.client(project=project), "order.paid", {"state": 2})
    settings = manager.get(f"/projects/{project}/hooks/{hook['id']}/settings").text
    assert "state = 3</textarea>" in settings
    path = f"/projects/{project}/events/{event_id}"
    assert "the filter&#39;s row state = 3 failed (found 2)" in manager.get(path).text
    member = live.browser("tom", project=project, role="team_member")
    assert "the filter&#39;s row state = 3 failed<" in member.get(path).text, "members see no data"


def test_a_filter_that_cannot_be_read_is_told_on_the_hooks_page_and_to_the_api(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    api = live.client(project=project)
    hook_id = subscribe(api, receiver.url, "*", manual_edit=True)["id"]
    live.hub.database.write(
        lambda: Hook.update(filter_rows="nonsense").where(Hook.id == hook_id).execute()
    ).result()
    said = "its filter cannot be read"
    assert said in manager.get(f"/projects/{project}/hooks/{hook_id}").text
    assert said in api.get(f"/hooks/{hook_id}").json()["last_error"]
    assert "nonsense</textarea>" in manager.get(f"/projects/{project}/hooks/{hook_id}/settings").text

"""The form of a hook: made, changed, refused, read-only where its origin forbids, taken over, deleted."""

import re
from html import unescape

import pytest

from hub.logs import MASK
from tests.rigs.api import Browser, LiveHub
from tests.rigs.receivers import Receiver

SCRIPT = '"><script>alert(1)</script>'
SECRET = "a secret of ours, 32 bytes long.."


def form(receiver: Receiver, **fields: object) -> dict[str, object]:
    return {
        "target_url": receiver.url,
        "verify_ssl": "on",
        "choice": "selected",
        "event": ["order.paid"],
        "format": "standard",
        "enabled": "on",
        **fields,
    }


def only_hook(live: LiveHub, project: str) -> dict[str, object]:
    [hook] = live.client(project=project).get("/hooks").json()
    return dict(hook)


def errors_of(text: str) -> list[str]:
    summary = re.search(r'role="alert".*?</div>', text, re.S)
    assert summary is not None
    return [unescape(found) for found in re.findall(r"<a href=\"#[^>]*>(.*?)</a>", summary[0])]


def test_a_saved_hook_is_the_pages_and_shows_its_secret_once(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    path = f"/projects/{project}/hooks/new"
    assert manager.get(path).status_code == 200
    saved = manager.submit(path, **form(receiver, name="Ledger", more_events="order.* invoice.sent"))
    assert saved.status_code == 201
    [secret] = re.findall(r"whsec_[\w+/=]+", saved.text)

    hook = only_hook(live, project)
    assert (hook["name"], hook["events"]) == ("Ledger", ["order.paid", "order.*", "invoice.sent"])
    assert hook["origin"]["kind"] == "page"  # type: ignore[index]
    settings = manager.get(f"/projects/{project}/hooks/{hook['id']}/settings")
    assert settings.status_code == 200
    assert secret not in settings.text
    assert "set; leave empty to keep it" in settings.text


def test_a_given_secret_is_never_written_into_a_page(
    project: str, manager: Browser, receiver: Receiver
) -> None:
    path = f"/projects/{project}/hooks/new"
    wrong = manager.submit(
        path, **form(receiver, secret=SECRET, target_url="", header_name="X-Key", header_value="hush hush")
    )
    assert wrong.status_code == 422
    assert SECRET not in wrong.text
    assert "hush" not in wrong.text
    assert 'value="X-Key"' in wrong.text
    saved = manager.submit(path, **form(receiver, secret=SECRET))
    assert saved.status_code == 303
    assert SECRET not in saved.text


def test_a_short_secret_is_saved_and_told(project: str, manager: Browser, receiver: Receiver) -> None:
    saved = manager.submit(f"/projects/{project}/hooks/new", **form(receiver, secret="swordfish"))
    assert "The secret is short (9 bytes)" in manager.get(saved.headers["Location"]).text


def test_errors_stand_in_a_summary_and_at_their_fields(
    project: str, manager: Browser, receiver: Receiver
) -> None:
    refused = manager.submit(
        f"/projects/{project}/hooks/new",
        **form(receiver, target_url="https://10.0.4.17/x", event=[], more_events="Wrong!", name="kept"),
    )
    assert refused.status_code == 422
    target, events = errors_of(refused.text)
    assert "10.0.4.17" in target
    assert "Wrong!" in events
    assert 'id="target_url-error"' in refused.text
    assert 'aria-describedby="target_url-error target_url-hint"' in refused.text
    assert 'value="kept"' in refused.text
    assert "<title>Error:" in refused.text


def test_switching_verification_off_asks_first(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    path = f"/projects/{project}/hooks/new"
    unsure = form(receiver)
    del unsure["verify_ssl"]
    refused = manager.submit(path, **{**unsure, "target_url": "ftp://x.example", "more_events": "Wrong!"})
    assert len(errors_of(refused.text)) == 3, "the question hides nothing else that is wrong"
    assert manager.submit(path, **unsure).status_code == 422
    assert manager.submit(path, **unsure, ssl_sure="on").status_code == 201
    hook = only_hook(live, project)
    assert hook["verify_ssl"] is False
    again = manager.submit(f"/projects/{project}/hooks/{hook['id']}/settings", **unsure, name="Later")
    assert again.status_code == 303, "it was off before: that is no new question"


def test_presets_of_the_catalogue_stand_beside_picking_one_by_one(live: LiveHub, receiver: Receiver) -> None:
    project = live.project("icescrum")
    manager = live.browser("ida", project=project, role="scrum_master")
    shown = manager.get(f"/projects/{project}/hooks/new").text
    assert all(words in shown for words in ("Story events", "All events", "Selected events", "story.*"))
    manager.submit(f"/projects/{project}/hooks/new", **form(receiver, choice="story", format="icescrum"))
    hook = only_hook(live, project)
    assert hook["events"] == ["story.create", "story.update", "story.delete", "story.state"]
    settings = manager.get(f"/projects/{project}/hooks/{hook['id']}/settings").text
    assert re.search(r'value="story" checked', settings)


def test_a_changed_form_keeps_secret_and_headers_that_were_left_empty(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    made = live.client(project=project).post(
        "/hooks",
        json={
            "target_url": receiver.url,
            "event": "order.paid",
            "headers": {"X-Key": "hush", "X-Old": "1"},
            "manual_edit": True,
        },
    )
    hook_id = made.json()["id"]
    changed = manager.submit(
        f"/projects/{project}/hooks/{hook_id}/settings",
        **form(receiver, name="New name", header_name=["X-Key", ""], header_value=["", ""], manual_edit="on"),
    )
    assert changed.status_code == 303
    live.client("publish", project=project).post("/events", json={"type": "order.paid", "data": {}})
    [got] = receiver.wait_for(1)
    assert got.headers["x-key"] == "hush"
    assert "x-old" not in got.headers
    assert "webhook-signature" in got.headers


def test_a_button_that_changes_the_form_saves_nothing(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    path = f"/projects/{project}/hooks/new"
    for button in ({"generate": "1"}, {"add_header": "1"}, {"remove_header": "0"}):
        asked = manager.submit(
            path, **form(receiver, name="kept", header_name="X-A", header_value="hush", **button)
        )
        assert asked.status_code == 200
        assert 'value="kept"' in asked.text
        assert "hush" not in asked.text
    assert live.client(project=project).get("/hooks").json() == []


@pytest.mark.parametrize(("format", "has_one"), [("standard", True), ("icescrum", False)])
def test_a_secret_is_made_where_the_form_says_so(
    project: str, manager: Browser, receiver: Receiver, format: str, has_one: bool
) -> None:
    path = f"/projects/{project}/hooks/new"
    assert "Left empty, one is made for the format <code>standard</code>" in manager.get(path).text
    saved = manager.submit(path, **form(receiver, format=format))
    assert ("Its secret, shown this once" in saved.text) == has_one
    asked = manager.submit(path, **form(receiver, format=format, makes_secret="1"))
    [secret] = set(re.findall(r'id="secret"[^>]*>([^<]+)', asked.text))
    assert secret.startswith("whsec_") == has_one, "receivers of the other formats know no prefix"


@pytest.mark.parametrize(("app", "may"), [("zapier", "Delete it"), ("power_automate", "Send a test")])
def test_an_apps_hook_is_shown_read_only_with_its_owner_and_what_is_allowed(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver, app: str, may: str
) -> None:
    apps = live.client("subscribe", project=project, app=app)
    hook_id = apps.post("/hooks", json={"target_url": receiver.url, "event": "order.paid"}).json()["id"]
    path = f"/projects/{project}/hooks/{hook_id}"
    shown = manager.get(f"{path}/settings").text
    assert "This hook belongs to" in shown
    assert "Read-only" in shown
    assert (
        f'class="mark yes"><svg class="icon" aria-hidden="true"><use href="/static/icons.svg#ok"/></svg> {may}<'
        in shown
    )
    assert manager.submit(f"{path}/settings", **form(receiver)).status_code == 409

    assert "Take “" in manager.get(f"{path}/take-over").text
    assert manager.submit(f"{path}/take-over").status_code == 303
    assert apps.get(f"/hooks/{hook_id}").status_code == 404
    assert manager.submit(f"{path}/settings", **form(receiver, name="Ours now")).status_code == 303


def test_a_hook_is_deleted_after_a_question(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    manager.submit(f"/projects/{project}/hooks/new", **form(receiver, name="Ledger"))
    hook = only_hook(live, project)
    path = f"/projects/{project}/hooks/{hook['id']}/delete"
    assert "Delete “Ledger”?" in manager.get(path).text
    assert manager.submit(path).headers["location"].endswith(f"/projects/{project}/hooks")
    assert live.client(project=project).get("/hooks").json() == []


def test_who_may_only_look_sees_the_fields_and_no_form(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    manager.submit(f"/projects/{project}/hooks/new", **form(receiver))
    hook_id = only_hook(live, project)["id"]
    member = live.browser("tom", project=project, role="team_member")
    shown = member.get(f"/projects/{project}/hooks/{hook_id}/settings")
    assert "Product owners and scrum masters of the project change them" in shown.text
    for path in ("new", f"{hook_id}/settings", f"{hook_id}/delete", f"{hook_id}/take-over"):
        assert member.submit(f"/projects/{project}/hooks/{path}", **form(receiver)).status_code == 403
    stakeholder = live.browser("sue", project=project, role="stakeholder")
    assert stakeholder.get(f"/projects/{project}/hooks/{hook_id}/settings").status_code == 403
    outsider = live.browser("otto")
    assert outsider.get(f"/projects/{project}/hooks/{hook_id}/settings").status_code == 404


def test_the_form_needs_the_app_webhooks(live: LiveHub, project: str, manager: Browser) -> None:
    live.client(project=project).patch("/connectors/webhooks", json={"enabled": False})
    refused = manager.get(f"/projects/{project}/hooks/new")
    assert refused.status_code == 409
    assert "switch it on under Apps" in refused.text


def test_hostile_text_stays_text(live: LiveHub, project: str, manager: Browser, receiver: Receiver) -> None:
    typed = form(
        receiver,
        name=SCRIPT,
        target_url=f"https://x.example/{SCRIPT}",
        more_events=SCRIPT,
        header_name=SCRIPT,
    )
    refused = manager.submit(f"/projects/{project}/hooks/new", **typed)
    assert refused.status_code == 422
    assert "<script>alert" not in refused.text
    manager.submit(f"/projects/{project}/hooks/new", **form(receiver, name=SCRIPT))
    hook_id = only_hook(live, project)["id"]
    for path in ("settings", "delete", "take-over"):
        assert "<script>alert" not in manager.get(f"/projects/{project}/hooks/{hook_id}/{path}").text


def test_a_field_is_checked_as_soon_as_it_was_typed(project: str, manager: Browser) -> None:
    part = manager.submit(f"/projects/{project}/hooks/check", target_url="ftp://x.example")
    assert part.status_code == 200
    assert part.text.strip().startswith('<div class="field">')
    assert 'id="target_url-error"' in part.text
    fine = manager.submit(f"/projects/{project}/hooks/check", target_url="https://x.example/in")
    assert "error" not in fine.text


@pytest.mark.parametrize(
    ("names", "values", "said"),
    [
        (["X-A", ""], ["", ""], "Header X-A has no value"),
        (["", ""], ["Bearer abc", ""], "a value but no name"),
    ],
)
def test_a_header_needs_both_its_name_and_its_value(
    project: str, manager: Browser, receiver: Receiver, names: list[str], values: list[str], said: str
) -> None:
    path = f"/projects/{project}/hooks/new"
    refused = manager.submit(path, **form(receiver, header_name=names, header_value=values))
    assert refused.status_code == 422
    assert said in unescape(refused.text)
    assert "Bearer abc" not in refused.text


def test_remove_takes_the_header_that_it_stands_beside_and_says_what_must_be_typed_anew(
    project: str, manager: Browser, receiver: Receiver
) -> None:
    names, values = ["", "X-B", "X-C", ""], ["", "1", "2", ""]
    typed = form(receiver, header_name=names, header_value=values, remove_header="1")
    shown = manager.submit(f"/projects/{project}/hooks/new", **typed).text
    assert 'value="X-C"' in shown
    assert 'value="X-B"' not in shown
    assert "type those anew" in shown


def test_a_chat_has_its_own_fields_and_keeps_its_token_when_it_is_left_empty(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    path = f"/projects/{project}/hooks/new"
    chat = {
        "format": "matrix",
        "setting.matrix.room_id": "!a:b.org",
        "setting.telegram.chat_id": "not this one",
    }
    missing = manager.submit(path, **form(receiver, **chat))
    assert missing.status_code == 422
    [error] = errors_of(missing.text)
    assert error.startswith("Setting access_token is missing")
    assert 'value="!a:b.org"' in missing.text

    saved = manager.submit(path, **form(receiver, **chat, **{"setting.matrix.access_token": "sesame"}))
    assert saved.status_code == 303
    hook = only_hook(live, project)
    settings = f"/projects/{project}/hooks/{hook['id']}/settings"
    assert "sesame" not in manager.get(settings).text
    chat |= {"setting.matrix.room_id": "!c:d.org", "setting.matrix.access_token": ""}
    assert manager.submit(settings, **form(receiver, **chat)).status_code == 303
    assert only_hook(live, project)["settings"] == {"room_id": "!c:d.org", "access_token": MASK}


def test_a_text_of_its_own_is_kept_as_typed_and_told_where_it_is_wrong(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    path = f"/projects/{project}/hooks/new"
    wrong = manager.submit(path, **form(receiver, template="</textarea>\r\n{{ x( }}"))
    assert wrong.status_code == 422
    [error] = errors_of(wrong.text)
    assert error.startswith("Its own text line 2: ")
    assert "&lt;/textarea&gt;\n{{ x( }}" in wrong.text

    assert manager.submit(path, **form(receiver, template="\r\n")).status_code in (201, 303)
    assert only_hook(live, project)["template"] is None


@pytest.mark.parametrize(
    ("asked", "chosen"), [("telegram", "telegram"), ("nope", "standard"), ("", "standard")]
)
def test_a_link_chooses_the_format(project: str, manager: Browser, asked: str, chosen: str) -> None:
    text = manager.get(f"/projects/{project}/hooks/new?format={asked}").text
    assert re.findall(r'<option value="(\w+)" selected>', text)[0] == chosen


def opened(manager: Browser, path: str) -> dict[str, str]:
    """The hidden fields by which a form knows what it was opened with."""
    return dict(re.findall(r'name="(of_version|was_enabled)" value="(\d+)"', manager.get(path).text))


def test_whoever_saves_later_is_told_what_they_would_undo(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    manager.submit(f"/projects/{project}/hooks/new", **form(receiver, name="Ledger"))
    path = f"/projects/{project}/hooks/{only_hook(live, project)['id']}/settings"
    first = second = opened(manager, path)
    assert manager.submit(path, **first, **form(receiver, name="Theirs")).status_code == 303

    mine = form(receiver, name="Mine", more_events="order.*")
    refused = manager.submit(path, **second, **mine)
    assert refused.status_code == 409
    assert "Saved now, it changes: Events, Name." in unescape(refused.text)
    assert 'value="Mine"' in refused.text
    assert only_hook(live, project)["name"] == "Theirs"

    again = dict(re.findall(r'name="(of_version|was_enabled)" value="(\d+)"', refused.text))
    assert manager.submit(path, **again, **mine).status_code == 303
    assert only_hook(live, project)["name"] == "Mine"


def test_a_switch_that_was_left_alone_does_not_undo_what_somebody_else_did(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    manager.submit(f"/projects/{project}/hooks/new", **form(receiver))
    hook_id = only_hook(live, project)["id"]
    path = f"/projects/{project}/hooks/{hook_id}"
    seen = opened(manager, f"{path}/settings")
    manager.submit(f"{path}/actions", do="switch_off")
    assert manager.submit(f"{path}/settings", **seen, **form(receiver, name="Mended")).status_code == 303
    assert (only_hook(live, project)["name"], only_hook(live, project)["enabled"]) == ("Mended", False)

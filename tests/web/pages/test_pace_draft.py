"""The pace on the form of a hook: typed with units, said in words, told what is wrong at its field."""

from tests.rigs.api import Browser, LiveHub
from tests.rigs.receivers import Receiver
from tests.web.pages.test_hook_form import form, only_hook

TYPED = {"rate_count": "20", "rate_per_s": "1m", "delay_s": "5m", "retry_schedule_s": "5, 30s, 2h"}
TYPED |= {"fifo": "on", "fifo_on_failure": "hold", "digest_window_s": "1m", "digest_max": "50"}


def test_a_pace_is_saved_shown_again_in_words_and_removed(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    assert manager.submit(f"/projects/{project}/hooks/new", **form(receiver, **TYPED)).status_code == 201
    hook = only_hook(live, project)
    assert (hook["ordering"], hook["fifo_on_failure"]) == ("fifo", "hold")
    assert hook["rate_limit"] == {"count": 20, "per_s": 60}
    assert hook["digest"] == {"window_s": 60, "max": 50}
    assert (hook["delay_s"], hook["retry_schedule_s"]) == (300, [5, 30, 7200])

    path = f"/projects/{project}/hooks/{hook['id']}"
    said = "up to 20 at once, then one every 3 s; events of 1 minute in one request, at once when there are 50; each event 5 minutes after it came in; in order: one"
    assert said in manager.get(path).text
    settings = manager.get(f"{path}/settings").text
    assert 'name="rate_count" inputmode="numeric" value="20"' in settings
    assert "This means up to 20 at once, then one every 3 s." in settings
    assert 'value="5, 30, 7200"' in settings
    assert 'name="digest_window_s" value="60"' in settings
    assert 'name="fifo" checked' in settings
    assert "one event can stop the others for up to 3 hours" in settings

    assert manager.submit(f"{path}/settings", **form(receiver)).status_code == 303
    plain = only_hook(live, project)
    assert plain["digest"] is None
    assert (plain["rate_limit"], plain["delay_s"], plain["retry_schedule_s"]) == (None, None, None)
    assert plain["ordering"] == "none"


def test_what_is_wrong_stands_at_its_field_and_everything_is_kept(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    wrong = {
        "rate_count": "20",
        "rate_per_s": "",
        "delay_s": "soon",
        "digest_max": "5",
        "retry_schedule_s": "5, never",
    }
    answer = manager.submit(f"/projects/{project}/hooks/new", **form(receiver, **wrong))
    assert answer.status_code == 422
    for name in ("rate_limit", "digest", "delay_s", "retry_schedule_s"):
        assert f'id="{name}-error"' in answer.text
    assert 'value="soon"' in answer.text
    out_of_range = {**TYPED, "rate_count": "0.5", "delay_s": "2 days"}
    answer = manager.submit(f"/projects/{project}/hooks/new", **form(receiver, **out_of_range))
    assert answer.status_code == 422
    assert "At most: count must be a whole number from 1 to 10000." in answer.text


def test_one_try_only_is_shown_as_it_is_typed(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    manager.submit(f"/projects/{project}/hooks/new", **form(receiver, retry_schedule_s="[]"))
    hook = only_hook(live, project)
    assert hook["retry_schedule_s"] == []
    path = f"/projects/{project}/hooks/{hook['id']}/settings"
    assert 'value="[]"' in manager.get(path).text

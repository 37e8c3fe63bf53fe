"""Events as they are read, and which hooks one would reach."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import Invalid, NotFound
from hub.operations.events import PREVIEW_PAGE
from hub.rules.access import Requester
from hub.rules.facts import Facts
from tests.rigs.engine import Engine

READER = Requester("reader", frozenset({"read"}))
APP = Requester("app", frozenset({"read", "subscribe"}), "zapier")
URL = "http://127.0.0.1:9/"


@pytest.fixture
def engine(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(sqlite_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


def test_events_are_found_by_type_and_page_and_an_app_is_not_told_of_others_hooks(engine: Engine) -> None:
    ids = [engine.publish(code=code)[0].id for code in ("a.b", "hook.disabled", "a.c")]
    found, goes_on = engine.services.events.find(READER, engine.project)
    assert ([one.id for one in found], goes_on) == (ids[::-1], False)
    found, goes_on = engine.services.events.find(READER, engine.project, types=["a.b", "a.c"], limit=1)
    assert ([one.id for one in found], goes_on) == ([ids[2]], True)
    found, _ = engine.services.events.find(APP, engine.project)
    assert [one.type for one in found] == ["a.c", "a.b"]
    assert engine.services.events.get(READER, engine.project, ids[1]).type == "hook.disabled"
    with pytest.raises(NotFound):
        engine.services.events.get(APP, engine.project, ids[1])


def test_what_is_asked_for_by_id_is_what_whoever_asks_may_see_into(engine: Engine) -> None:
    ids = [engine.publish(code=code)[0].id for code in ("a.b", "hook.ping", "hook.disabled")]
    viewer = Requester("tom", frozenset({"read"}), is_person=True)
    seen = {
        who.name: set(engine.services.events.named(who, engine.project, ids)) for who in (READER, APP, viewer)
    }
    assert seen == {"reader": set(ids), "app": {ids[0]}, "tom": set()}


@pytest.mark.parametrize("types", [[""], ["a.b", ""], ["a.*"], ["A"], ["a.b"] * 101])
def test_a_type_that_cannot_be_there_is_refused(engine: Engine, types: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        engine.services.events.find(READER, engine.project, types=types)
    assert refused.value.errors[0][0] == "type"


def test_a_preview_says_of_every_hook_whether_and_why_not(engine: Engine) -> None:
    wants = [engine.hook(URL, ["a.*"]) for _ in range(PREVIEW_PAGE + 1)]
    other, off = engine.hook(URL, ["b.*", "c.d"]), engine.hook(URL, ["*"])
    engine.switch(off, False)
    preview = engine.services.events.preview(READER, engine.project, Facts("a.b", 0.0, b"{}"))
    assert sorted(preview.matched) == sorted(wants)
    reasons = dict(preview.not_matched)
    assert reasons == {
        other: "it does not want a.b: it wants b.*, c.d",
        off: "it is switched off: by hand",
    }
    with pytest.raises(Invalid):
        engine.services.events.preview(READER, engine.project, Facts("a.*", 0.0, b"{}"))

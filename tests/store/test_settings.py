"""Stored settings."""

from hub.rules.settings import Settings
from hub.store import settings
from tests.rigs.stage import Stage


def test_without_any_the_defaults_hold(store: Stage) -> None:
    assert store.read(settings.load) == Settings()
    assert store.read(settings.stored) == {}


def test_what_is_changed_is_read_by_everybody_at_once(store: Stage) -> None:
    store.do(lambda: settings.change({"failure_limit": 3, "retry_schedule_s": [0.5, 2]}))
    store.do(lambda: settings.change({"failure_limit": 4}))
    assert store.read(settings.load) == Settings(failure_limit=4, retry_schedule_s=(0.5, 2))
    assert store.read(settings.stored) == {"failure_limit": 4, "retry_schedule_s": [0.5, 2]}


def test_the_hubs_own_notes_are_no_settings(store: Stage) -> None:
    store.do(lambda: settings.put("_setup", {"token": "x"}))
    assert store.read(lambda: settings.note("setup")) == {"token": "x"}
    assert store.read(lambda: settings.note("other")) is None
    assert store.read(settings.stored) == {}
    assert store.read(settings.load) == Settings()


def test_a_newer_releases_setting_is_passed_over(store: Stage) -> None:
    store.do(lambda: settings.put("of_tomorrow", 1))
    assert store.read(settings.load) == Settings()

"""Test calls of sources: real events by the real check; only what a person may try, and told why not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import registry
from hub.errors import Conflict, Forbidden
from hub.operations.sources import SourceChange
from tests.rigs.engine import Engine
from tests.rigs.requesters import ADMIN, NOBODY

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture
def engine(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(sqlite_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


def test_a_test_call_of_each_kind_becomes_an_event(engine: Engine) -> None:
    services, project = engine.services, engine.project
    for kind in registry.source_keys():
        if registry.source(kind).from_broker:  # nobody calls it
            continue
        settings = {"shop": "a.example"} if kind == "shopify" else {}
        secret = None if kind == "none" else SECRET
        source = services.sources.create(ADMIN, project, kind, secret=secret, settings=settings).source
        assert services.source_trials.trial(ADMIN, project, source) is not None
        tried = services.source_trials.send(ADMIN, project, source.id, 1_000_000)
        assert tried.reason is None, kind
        assert tried.receipt is not None, kind
        assert tried.receipt.type.rpartition(".")[2] in ("test", "create")


def test_what_is_refused_is_told_with_its_reason_and_not_listed(engine: Engine) -> None:
    services, project = engine.services, engine.project
    source = services.sources.create(ADMIN, project, "none").source
    tried = services.source_trials.send(ADMIN, project, source.id, 5)
    assert tried.receipt is None
    assert "an event may have 5" in str(tried.reason)
    services.scheduler.write_counts()
    assert services.sources.refusals(ADMIN, project, source.id) == ()


def test_one_that_is_off_or_has_no_secret_says_so_and_nobody_else_may_press(engine: Engine) -> None:
    services, project = engine.services, engine.project
    trials = services.source_trials
    source = services.sources.create(ADMIN, project, "stripe").source
    with pytest.raises(Conflict, match="no secret yet"):
        trials.send(ADMIN, project, source.id, 1_000_000)
    with pytest.raises(Forbidden):
        trials.send(NOBODY, project, source.id, 1_000_000)
    services.sources.update(ADMIN, project, source.id, SourceChange(is_on=False))
    with pytest.raises(Conflict, match="switched off"):
        trials.send(ADMIN, project, source.id, 1_000_000)

"""What arrives at a source, without a door: how fast, with which settings, and what is kept of a refusal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import Invalid, TooLarge
from hub.logs import MASK
from hub.operations.inbound import Inbound, Live, TooFast, Unproved
from hub.operations.sources import SourceChange
from hub.store import models
from tests.rigs.engine import Engine
from tests.rigs.requesters import ADMIN
from tests.rigs.waiting import DEADLINE_S


class Seconds:
    """A clock that tests set."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def engine(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(sqlite_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


def inbound_of(engine: Engine, seconds: Seconds) -> Inbound:
    services = engine.services
    counts = services.intake.source_counts
    return Inbound(engine.database, services.box, services.publishing, counts, "https://hub.example", seconds)


def source_of(engine: Engine, kind: str, **fields: object) -> str:
    made = engine.services.sources.create(ADMIN, engine.project, kind, **fields)  # type: ignore[arg-type]
    return made.source.id


def live(inbound: Inbound, source_id: str) -> Live:
    found = inbound.find(source_id)
    assert found is not None
    return found


def take(inbound: Inbound, source_id: str, body: bytes = b"{}", bytes_max: int = 100) -> object:
    found = live(inbound, source_id)
    taken = inbound.take(found, inbound.received(found, [("x-a", "b")], [], body), bytes_max)
    return None if taken.committed is None else taken.committed.result(DEADLINE_S)


def test_a_rate_fills_again_with_time(engine: Engine) -> None:
    seconds = Seconds()
    inbound = inbound_of(engine, seconds)
    source = source_of(engine, "none", settings={"type": "a.b"}, rate_per_s=2)
    for _ in range(2):
        assert take(inbound, source)
    with pytest.raises(TooFast):
        take(inbound, source)
    seconds.at = 0.5
    assert take(inbound, source)
    with pytest.raises(TooFast):
        take(inbound, source)
    seconds.at = 3600.0
    for _ in range(2):
        assert take(inbound, source)
    with pytest.raises(TooFast):
        take(inbound, source)


def test_what_a_kind_asks_for_since_a_newer_release_has_its_default(engine: Engine) -> None:
    inbound = inbound_of(engine, Seconds())
    source = source_of(engine, "generic_hmac", settings={"header": "X-S"})
    engine.do(lambda: models.Source.update(settings='{"header": "X-S"}').execute())
    assert live(inbound, source).settings["signed"] == "{body}"
    with pytest.raises(Unproved):
        take(inbound, source)


def test_an_unknown_id_is_none_and_a_change_counts_once_it_is_forgotten(engine: Engine) -> None:
    inbound = inbound_of(engine, Seconds())
    assert inbound.find("src_unknown") is None
    source = source_of(engine, "none", settings={"type": "a.b"})
    assert live(inbound, source).takes_events
    engine.services.sources.update(ADMIN, engine.project, source, SourceChange(is_on=False))
    inbound.forget()
    assert not live(inbound, source).takes_events
    assert take(inbound, source) is None


def test_what_cannot_be_kept_is_refused_by_its_reason(engine: Engine) -> None:
    inbound = inbound_of(engine, Seconds())
    source = source_of(engine, "none")
    with pytest.raises(Invalid, match="does not say which event"):
        take(inbound, source)
    with pytest.raises(TooLarge):
        take(inbound, source, b'{"type":"a","x":"%s"}' % (b"y" * 100))
    engine.services.sources.update(ADMIN, engine.project, source, SourceChange(prefix=""))
    inbound.forget()
    with pytest.raises(Invalid, match=r"hook\.gone is the hub's own"):
        take(inbound, source, b'{"type":"hook.gone"}')


def test_of_a_refused_request_no_credential_is_kept_and_not_much_of_the_rest(engine: Engine) -> None:
    inbound = inbound_of(engine, Seconds())
    source = source_of(engine, "token", secret="the-secret", settings={"header": "X-Mine"})
    found = live(inbound, source)
    headers = [
        ("x-mine", "wrong"),
        ("authorization", "Bearer wrong"),
        ("x-note", "it is the-secret"),
        ("x-hub-signature", "sha256=" + "a" * 64),
        ("webhook-id", "msg_1_with_more"),
        *(("x-many", "v" * 1000) for _ in range(100)),
    ]
    received = inbound.received(found, headers, [], b"the-secret" + b"z" * 10_000)
    assert inbound.refuse(found, received, 401, "r" * 1000, "192.0.2.7")
    assert not inbound.refuse(found, received, 401, "again", None)
    kept = engine.services.intake.source_counts._counts[source].last_refusal
    assert kept is not None
    shown = dict(kept.headers)
    assert (shown["x-mine"], shown["authorization"], shown["x-note"]) == (MASK, MASK, f"it is {MASK}")
    assert shown["x-hub-signature"] == "sha256=a… (71 characters)"
    assert shown["webhook-id"] == "msg_1_with_more"
    assert len(kept.headers) == 40
    assert len(shown["x-many"]) == 200
    assert kept.body.startswith(MASK.encode())
    assert len(kept.body) == 2048

"""The database falls silent: everybody is told soon and in plain words, nothing piles up, and all goes on by
itself.

Each answer is waited for while the database is still silent: that it comes at all is the proof. How soon, the
constants say, which are checked by themselves.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from hub.store import connections, patience
from hub.web import health
from tests.rigs.api import LiveHub, publish, serving
from tests.rigs.receivers import Receiver
from tests.rigs.silence import Silent, silenceable
from tests.rigs.waiting import DEADLINE_S, until

LIBRARY_WORDS = ("locked", "psycopg", "server closed", "timeout expired", "sqlite", "operational")
CALLERS = 40


@pytest.fixture
def silent(database_url: str) -> Iterator[Silent]:
    with silenceable(database_url) as made:
        yield made


@pytest.fixture
def live(silent: Silent, tmp_path: Path) -> Iterator[LiveHub]:
    with serving(tmp_path, patience_s=patience.PATIENCE_S, HUB_DATABASE_URL=silent.url) as running:
        yield running
        silent.speak()  # or the hub's end waits for it


def together(call: Callable[[int], requests.Response], count: int = CALLERS) -> list[requests.Response]:
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(call, range(count)))


def test_the_longest_waits_add_up_to_less_than_is_promised() -> None:
    assert health.ANSWER_S < 3
    assert patience.PATIENCE_S + patience.PROBE_S + 2 * patience.LOOK_EVERY_S < 10
    assert patience.SILENCE_S + patience.PROBE_S + connections.CONNECT_WAIT_S <= 10
    assert connections.LOCK_WAIT_S < patience.PATIENCE_S


def test_while_the_database_is_silent_everybody_is_told_and_afterwards_all_goes_on(
    live: LiveHub, silent: Silent
) -> None:
    project = live.project()
    api = live.client(project=project)
    with Receiver() as receiver:
        made = api.post("/hooks", json={"target_url": receiver.url, "event": "*"})
        assert made.status_code == 201
        assert publish(api).status_code == 202
        receiver.wait_for(1)
        before = threading.active_count()

        silent.fall_silent()
        ready = together(lambda n: requests.get(f"{live.url}/readyz", timeout=DEADLINE_S))
        assert {answer.status_code for answer in ready} == {503}
        assert ready[0].json()["checks"]["database"] == "unavailable"
        assert requests.get(f"{live.url}/healthz", timeout=DEADLINE_S).status_code == 200

        published = together(lambda n: publish(api))
        assert {answer.status_code for answer in published} == {503}
        for answer in published:
            assert int(answer.headers["Retry-After"]) > 0
            assert not [word for word in LIBRARY_WORDS if word in answer.text.lower()], answer.text

        changed = together(lambda n: api.patch(f"/hooks/{made.json()['id']}", json={"name": f"n{n}"}), 8)
        assert {answer.status_code for answer in changed} == {503}
        read = together(lambda n: api.get("/deliveries"))
        assert {answer.status_code for answer in read} <= {200, 503}, "SQLite can be read meanwhile"
        assert threading.active_count() < before + 60, "nothing has piled up"

        silent.speak()
        until(lambda: requests.get(f"{live.url}/readyz", timeout=DEADLINE_S).status_code == 200)
        until(lambda: publish(api).status_code == 202)
        until(lambda: len(receiver.requests) >= 2)
        assert api.get("/deliveries").status_code == 200

"""kill -9 under load: what was acknowledged is delivered, and what is repeated was under way or just answered
(docs/delivery.md, "What counts").
"""

import json
import random
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from hub.engine.runs import UNRECORDED_MAX
from tests.rigs.commands import run
from tests.rigs.hubs import Serving, serving
from tests.rigs.receivers import Received, Receiver
from tests.rigs.waiting import DEADLINE_S, until

IN_FLIGHT = 8
SEED = random.SystemRandom().randrange(10**6)
PATIENT = {"attempt_timeout_s": 5, "failure_limit": 0, "retry_schedule_s": [0.2] * 20}
"""An answer that a busy machine is late with is asked for again soon, and switches nothing off."""


class Publishers:
    """Four clients that publish as fast as they are answered, until the hub goes away."""

    def __init__(self, token: str) -> None:
        self.acknowledged: set[str] = set()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._lock = threading.Lock()
        self._numbers = iter(range(10**9))

    def run(self, hub: Serving) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._publish, args=(hub,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        return threads

    def _publish(self, hub: Serving) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while True:
                body = {"type": "story.create", "data": {"n": next(self._numbers)}}
                try:
                    answer = session.post(
                        f"{hub.url}/api/v1/events", json=body, headers=self._headers, timeout=DEADLINE_S
                    )
                except requests.RequestException:
                    return
                assert answer.status_code == 202, answer.text
                with self._lock:
                    self.acknowledged.add(answer.json()["id"])


def prepared(folder: Path, environ: dict[str, str], **tuned: Any) -> str:
    """A project; a token for it."""
    values = {**environ, "HUB_DATA_DIR": str(folder / "data")}
    assert run("project", "create", "DEMO", **values)[0] == 0
    scopes = ("--scope", "publish", "--scope", "manage")
    token = run("token", "create", "--project", "DEMO", *scopes, **values)[1].strip()
    for key, value in tuned.items():
        assert run("settings", "set", key, json.dumps(value), **values)[0] == 0
    return token


def subscribe(hub: Serving, token: str, receiver: Receiver) -> None:
    body = {"target_url": receiver.url, "events": ["*"]}
    answer = requests.post(
        f"{hub.url}/api/v1/hooks", json=body, headers={"X-API-Key": token}, timeout=DEADLINE_S
    )
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(("engine", "kills"), [("sqlite", 3), ("postgresql", 1)])
def test_nothing_that_was_acknowledged_is_lost_by_kill_9(
    engine: str, kills: int, tmp_path: Path, request: pytest.FixtureRequest, record_property: Any
) -> None:
    chance = random.Random(SEED)
    record_property("seed", SEED)
    environ = {
        "HUB_DATABASE_URL": request.getfixturevalue(f"{engine}_url"),
        "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    with Receiver() as receiver:
        token = prepared(tmp_path, environ, **PATIENT)
        publishers = Publishers(token)
        for kill in range(kills):
            with serving(tmp_path, **environ) as hub:
                if not kill:
                    subscribe(hub, token, receiver)
                seen = len(receiver.requests)
                threads = publishers.run(hub)
                receiver.wait_for(seen + chance.randrange(20, 300))
                hub.process.send_signal(signal.SIGKILL)
                hub.process.wait(DEADLINE_S)
                for thread in threads:
                    thread.join(DEADLINE_S)
        with serving(tmp_path, **environ) as hub:
            # SQLite's workers are of this machine and known to be dead; on PostgreSQL a lease must end first:
            # 5 s + its margin.
            until(lambda: publishers.acknowledged <= received(receiver))
            repeats = Counter(one.headers["webhook-id"] for one in receiver.requests)
            assert hub.stop() == 0
    assert len(publishers.acknowledged) >= 20
    assert sum(count - 1 for count in repeats.values()) <= UNRECORDED_MAX * IN_FLIGHT * kills, f"seed {SEED}"
    again = [one for one in receiver.requests if repeats[one.headers["webhook-id"]] > 1]
    assert all(same_delivery(again, one) for one in again)


def received(receiver: Receiver) -> set[str]:
    return {one.headers["webhook-id"] for one in list(receiver.requests)}


def same_delivery(requests_: list[Received], one: Received) -> bool:
    """A repeat has the delivery's id and body, and no lower attempt number: what had begun within the last tenth
    of a second may come again under the same (docs/delivery.md).
    """
    same = [other for other in requests_ if other.headers["webhook-id"] == one.headers["webhook-id"]]
    numbers = [int(other.headers["x-hub-attempt"]) for other in same]
    is_one = len({(other.headers["x-hub-delivery"], other.body) for other in same}) == 1
    return is_one and numbers == sorted(numbers)

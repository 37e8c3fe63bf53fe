"""kill -9 of a hub that sends in order, by a rate and in batches: nothing is lost, nothing overtakes, nothing is
too fast, and a batch that comes again is the same.
"""

import json
import random
import signal
import threading
from itertools import count, islice, pairwise
from pathlib import Path

import pytest
import requests

from tests.rigs.commands import run
from tests.rigs.hubs import Serving, serving
from tests.rigs.receivers import Received, Receiver
from tests.rigs.waiting import DEADLINE_S, until

SEED = random.SystemRandom().randrange(10**6)
RATE = {"count": 10, "per_s": 0.5}
GATHERED = {"digest": {"window_s": 0.3, "max": 7}, "retry_schedule_s": [0.05] * 20}
IN_ORDER = {"ordering": "fifo", "retry_schedule_s": [0.05] * 20}


def numbers(receiver: Receiver) -> list[int]:
    return [json.loads(one.body)["data"]["n"] for one in list(receiver.requests)]


def numbers_in(body: bytes) -> list[int]:
    return [event["data"]["n"] for event in json.loads(body)["events"]]


def gathered_numbers(receiver: Receiver) -> list[int]:
    return [n for one in list(receiver.requests) for n in numbers_in(one.body)]


class Publisher:
    """One client that publishes 0, 1, 2 … as fast as it is answered, a few in each life of the hub."""

    def __init__(self, token: str) -> None:
        self.acknowledged: set[int] = set()
        self.headers = {"Authorization": f"Bearer {token}"}
        self._numbers = count()

    def run(self, hub: Serving) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for n in islice(self._numbers, 60):
                body = {"type": "story.create", "data": {"n": n}}
                try:
                    answer = session.post(
                        f"{hub.url}/api/v1/events", json=body, headers=self.headers, timeout=DEADLINE_S
                    )
                except requests.RequestException:
                    return
                assert answer.status_code == 202, answer.text
                self.acknowledged.add(n)


@pytest.mark.parametrize(("engine", "kills"), [("sqlite", 2), ("postgresql", 1)])
def test_order_and_rate_are_kept_by_kill_9(
    engine: str, kills: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(SEED)
    environ = {
        "HUB_DATABASE_URL": request.getfixturevalue(f"{engine}_url"),
        "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
        "HUB_WORKERS": "2",
    }
    values = {**environ, "HUB_DATA_DIR": str(tmp_path / "data")}
    assert run("project", "create", "DEMO", **values)[0] == 0
    scopes = ("--scope", "publish", "--scope", "manage")
    token = run("token", "create", "--project", "DEMO", *scopes, **values)[1].strip()
    for key, value in {"attempt_timeout_s": 5, "failure_limit": 0}.items():
        assert run("settings", "set", key, json.dumps(value), **values)[0] == 0

    def sometimes(_: Received) -> int:
        return 503 if chance.random() < 0.1 else 200

    with Receiver(sometimes) as ordered, Receiver() as limited, Receiver(sometimes) as gathered:
        publisher = Publisher(token)
        for kill in range(kills):
            with serving(tmp_path, **environ) as hub:
                if not kill:
                    paces = ((ordered, IN_ORDER), (limited, {"rate_limit": RATE}), (gathered, GATHERED))
                    for receiver, pace in paces:
                        body = {"target_url": receiver.url, "events": ["*"], **pace}
                        made = requests.post(
                            f"{hub.url}/api/v1/hooks",
                            json=body,
                            headers=publisher.headers,
                            timeout=DEADLINE_S,
                        )
                        assert made.status_code == 201, made.text
                thread = threading.Thread(target=publisher.run, args=(hub,))
                thread.start()
                ordered.wait_for(len(ordered.requests) + chance.randrange(10, 40))
                hub.process.send_signal(signal.SIGKILL)
                hub.process.wait(DEADLINE_S)
                thread.join(DEADLINE_S)
        with serving(tmp_path, **environ) as hub:
            until(lambda: publisher.acknowledged <= set(numbers(ordered)))
            until(lambda: publisher.acknowledged <= set(gathered_numbers(gathered)))
            assert hub.stop() == 0
        came = numbers(ordered)
        assert all(n <= after for n, after in pairwise(came)), f"seed {SEED}: {came}"
        bodies = {one.headers["webhook-id"]: one.body for one in gathered.requests}
        assert all(bodies[one.headers["webhook-id"]] == one.body for one in gathered.requests), f"seed {SEED}"
        together = [n for body in bodies.values() for n in numbers_in(body)]
        assert len(together) == len(set(together)), f"seed {SEED}: an event is in one batch"
        times = sorted(one.at for one in limited.requests)
        for n, since in enumerate(times):
            # A request takes its token when it is claimed, and may be on its way for a moment.
            most = RATE["count"] + (times[-1] - since + 0.5) * RATE["count"] / RATE["per_s"]
            assert len(times) - n <= most, f"seed {SEED}"

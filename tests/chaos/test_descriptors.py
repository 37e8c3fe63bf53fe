"""A hub at its limit of descriptors: nobody is charged, nothing is lost, and it goes on by itself."""

import http.client
import json
import resource
from pathlib import Path
from typing import Any

from tests.rigs.commands import run
from tests.rigs.hubs import Serving, serving
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S, until

HOOKS = 6


class Caller:
    """One kept connection to the hub: it needs no further descriptor."""

    def __init__(self, hub: Serving, token: str) -> None:
        host, _, port = hub.url.removeprefix("http://").rpartition(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=DEADLINE_S)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        text = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", text, self._headers)
        answer = self._connection.getresponse()
        data = answer.read()
        assert answer.status < 300, data
        return json.loads(data)

    def close(self) -> None:
        self._connection.close()


def limit(pid: int, count: int) -> None:
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (count, hard))


def test_at_the_limit_nobody_is_charged_and_it_goes_on_when_descriptors_are_free_again(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, HUB_OUTBOUND_ALLOW="127.0.0.0/8") as hub, Receiver() as receiver:
        pid, data = hub.process.pid, str(tmp_path / "data")
        run("project", "create", "DEMO", HUB_DATA_DIR=data)
        scopes = ("--scope", "publish", "--scope", "manage", "--scope", "read")
        token = run("token", "create", "--project", "DEMO", *scopes, HUB_DATA_DIR=data)[1].strip()
        call = Caller(hub, token)
        for n in range(HOOKS):
            url = receiver.url_as("localhost") if n % 2 else receiver.url
            call("POST", "/hooks", {"target_url": f"{url}/{n}", "event": "*"})
        call("POST", "/events", {"type": "order.paid", "data": {}})
        until(lambda: {row["state"] for row in call("GET", "/deliveries")} == {"delivered"})

        before, _ = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        limit(pid, 3)  # what is open stays open, and nothing can be opened
        receiver.drop_connections()
        call("POST", "/events", {"type": "order.paid", "data": {}})
        until(lambda: "Too many open files" in hub.err.read_text())
        limit(pid, before)
        receiver.wait_for(2 * HOOKS)

        until(lambda: {row["state"] for row in call("GET", "/deliveries")} == {"delivered"})
        for hook in call("GET", "/hooks"):
            assert (hook["state"], hook["consecutive_failures"]) == ("active", 0)
        shown = [call("GET", f"/deliveries/{row['id']}") for row in call("GET", "/deliveries")]
        outcomes = {attempt["outcome"]: attempt["reason"] for one in shown for attempt in one["attempts"]}
        assert outcomes.keys() == {"success", "fault"}, outcomes
        call.close()
        assert hub.stop() == 0
        assert "traceback" not in hub.err.read_text().lower()

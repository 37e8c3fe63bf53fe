"""The demo: a real hub on a throw-away database, real events, a receiver that breaks and is mended.

Owns the story that it tells and its clean-up: whatever happens, the hub ends and its data are removed. It
must never touch the user's own hub: nothing of the environment's HUB_* reaches the one it starts. Every step
is checked; one that did not happen ends the demo.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import requests

from connectors.icescrum.catalogue import examples
from hub import config
from hub.demo.receiver import Arrival, Receiver, icescrum_fault, standard_fault
from hub.errors import HubError

PROJECT = "TRAVEL"
PERSON = "demo"
BOARD, CHAT = "/board", "/chat"
BOARD_SECRET = "summer-and-winter"
EVENTS = ("story.create", "task.create", "story.state", "task.state")
FAILURE_LIMIT = 5
SETTINGS = {"failure_limit": FAILURE_LIMIT, "retry_schedule_s": [0.4] * 12}
START_S, STEP_S, STOP_S = 30.0, 15.0, 20.0
PAUSE_S = 0.02

Say = Callable[[str], None]


class DemoFailed(HubError):
    """A step of the demo did not happen; the text says which."""


class Demo:
    """One run. Its steps in order: `prepare`, `deliver`, `break_and_mend`; then `stay` if people want to try
    things themselves.
    """

    def __init__(self, folder: Path, receiver: Receiver, say: Say, step_s: float = STEP_S) -> None:
        self._folder = folder
        self._receiver = receiver
        self._say = say
        self._step_s = step_s
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the user's must not see this machine's own calls
        self.base_url = ""
        self.token = ""
        self.password = token_urlsafe(12)
        """Whoever stays signs in with it as `PERSON`."""
        self.secrets: dict[str, str] = {}
        self._hooks: dict[str, str] = {}

    def prepare(self) -> None:
        """A project with iceScrum's catalogue, a token, and two apps that subscribe over HTTP."""
        self._cli("project", "create", PROJECT, "--name", "Travel agency", "--catalogue", "icescrum")
        for key, value in SETTINGS.items():
            self._cli("settings", "set", key, json.dumps(value))
        scopes = [part for scope in ("publish", "subscribe", "read", "manage") for part in ("--scope", scope)]
        self.token = self._cli("token", "create", "--project", PROJECT, "--name", "demo", *scopes).strip()
        self._session.headers["Authorization"] = f"Bearer {self.token}"
        self._ok(f"project {PROJECT} with iceScrum's events, and a token")
        board = {
            "target_url": self._receiver.url + BOARD,
            "event": "*",
            "name": "Board",
            "secret": BOARD_SECRET,
        }
        chat = {
            "target_url": self._receiver.url + CHAT,
            "events": ["story.*", "task.*", "hook.disabled"],
            "name": "Chat",
            "format": "standard",
        }
        for path, fields in ((BOARD, board), (CHAT, chat)):
            made = self._call("POST", "/hooks", json=fields, expect=201)
            self._hooks[path], self.secrets[path] = made["id"], made["secret"]
            self._ok(f"{fields['name']} subscribed with format {made['format']}: {fields['target_url']}")

    def deliver(self) -> None:
        """Publish whole objects and check what arrives: the signatures, and the bytes."""
        for event_type in EVENTS:
            data = examples(event_type)
            event_id = self._publish(event_type, data, deliveries=2)
            for path in (BOARD, CHAT):
                self._check(path, event_id, data)
            self._ok(f"{event_type}: {len(data)} bytes published, delivered to both, signatures right")
        story = examples("story.create")
        if b'"effort":1.10' not in story or "Hébergement".encode() not in story:
            raise DemoFailed("The example story no longer has its 1.10 and its é.")
        self._ok("'Hébergement 🚗' and the number 1.10 arrived byte for byte, not as 1.1")

    def break_and_mend(self) -> None:
        """The board answers 500 until its hook switches itself off; then it is mended and gets what was held
        for it.
        """
        self._receiver.broken.add(BOARD)
        lost = {"story.update": examples("story.update")}
        waiting = {self._publish("story.update", lost["story.update"], deliveries=2): lost["story.update"]}
        self._until(
            lambda: self._hook(BOARD)["state"] == "failing",
            "the broken board's hook was never shown as failing",
        )
        self._ok("the board breaks (it answers 500): its hook is failing, and retried")
        self._until(
            lambda: self._hook(BOARD)["state"] == "auto_disabled",
            f"the hook was not switched off after {FAILURE_LIMIT} failures",
        )
        hook, tries = self._hook(BOARD), len(self._receiver.refused(BOARD))
        if hook["consecutive_failures"] != FAILURE_LIMIT or tries != FAILURE_LIMIT:
            raise DemoFailed(
                f"The hook was switched off after {tries} requests and {hook['consecutive_failures']} "
                f"failures, not {FAILURE_LIMIT}."
            )
        self._ok(
            f"after {tries} failures in a row the hub switched it off by itself: {hook['disabled_reason']}"
        )
        told = self._receiver.wait(
            lambda: any(b'"hook.disabled"' in a.body for a in self._receiver.accepted(CHAT).values()),
            self._step_s,
        )
        self._require(told, "the other app was not told of it (hook.disabled)")
        self._ok("the other app was told of it: hook.disabled")
        data = examples("task.update")
        event_id = self._publish("task.update", data, deliveries=2)
        waiting[event_id] = data
        self._check(CHAT, event_id, data)
        held = self._call("GET", f"/events/{event_id}/deliveries")
        states = {one["hook_id"]: one["state"] for one in held}
        self._require(
            states.get(self._hooks[BOARD]) == "held",
            f"the board's delivery is {states.get(self._hooks[BOARD])}, not held",
        )
        self._ok("task.update, published meanwhile: the other app has it, the board's is held")
        self._require(len(self._receiver.refused(BOARD)) == FAILURE_LIMIT, "a switched-off hook was sent to")
        self._receiver.broken.clear()
        self._call("POST", f"/hooks/{self._hooks[BOARD]}/enable")
        for event_id, data in waiting.items():
            self._check(BOARD, event_id, data)
        self._until(lambda: self._hook(BOARD)["state"] == "active", "the mended hook is not active again")
        self._ok("the board is mended and its hook enabled: both held deliveries arrived, nothing is lost")

    def stay(self) -> None:
        """Leave the hub up for people to try, and tell what arrives, until they press Ctrl-C."""
        self._receiver.on_arrival = self._tell
        call = f"{self.base_url}/api/v1"
        self._say("")
        self._say(f"The hub stays up: {self.base_url}  (settings and data are thrown away at the end)")
        self._say(f"Sign in as {PERSON} with the password {self.password}")
        self._say(f"  TOKEN={self.token}")
        self._say("Subscribe:")
        self._say(
            f"  curl -sS {call}/hooks -H 'Authorization: Bearer {self.token}' -H 'Content-Type: "
            "application/json' \\"
        )
        self._say(f"""    -d '{{"target_url": "{self._receiver.url}/mine", "event": "story.*"}}'""")
        self._say("Publish:")
        self._say(
            f"  curl -sS {call}/events -H 'Authorization: Bearer {self.token}' -H 'Content-Type: "
            "application/json' \\"
        )
        self._say("""    -d '{"type": "story.create", "data": {"id": 24, "name": "Book a boat"}}'""")
        self._say("What arrives is shown here. Ctrl-C ends the demo.")
        threading.Event().wait()

    @contextlib.contextmanager
    def serve(self) -> Iterator[None]:
        command = [*_HOOKHUB, "serve", "--port", "0", "--until-stdin-ends"]
        with (self._folder / "hub.log").open("wb") as log:
            hub = subprocess.Popen(
                command, env=self._environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        assert hub.stdin is not None
        assert hub.stdout is not None
        timer = threading.Timer(START_S, hub.kill)
        try:
            timer.start()
            line = hub.stdout.readline().decode()
            timer.cancel()
            if " on http" not in line:
                raise DemoFailed(f"The hub did not start: {self._last_log_line()}")
            self.base_url = line.split()[-1]
            self._ok(f"a real hub is up: {self.base_url}")
            yield
        finally:
            timer.cancel()
            hub.stdin.close()
            try:
                hub.wait(STOP_S)
            except subprocess.TimeoutExpired:
                hub.kill()
                hub.wait()
            hub.stdout.close()
            self._session.close()

    def _environ(self) -> dict[str, str]:
        return config.environ_of(
            HUB_DATA_DIR=str(self._folder / "data"),
            HUB_OUTBOUND_ALLOW="127.0.0.0/8",
            HUB_HOST="127.0.0.1",
            HUB_LOG_LEVEL="warning",
            HUB_ADMIN_USERNAME=PERSON,
            HUB_ADMIN_PASSWORD=self.password,
        )

    def _last_log_line(self) -> str:
        lines = (self._folder / "hub.log").read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it says nothing")

    def _cli(self, *arguments: str) -> str:
        done = subprocess.run(
            [*_HOOKHUB, *arguments],
            env=self._environ(),
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
        self._require(
            done.returncode == 0, f"'hookhub {' '.join(arguments[:2])}' failed: {done.stderr.strip()}"
        )
        return done.stdout

    def _call(self, method: str, path: str, *, expect: int = 200, **options: Any) -> Any:
        try:
            answer = self._session.request(
                method, f"{self.base_url}/api/v1{path}", timeout=self._step_s, **options
            )
        except requests.RequestException as error:
            raise DemoFailed(f"{method} {path} got no answer: {type(error).__name__}") from error
        self._require(
            answer.status_code == expect, f"{method} {path} answered {answer.status_code} {answer.text[:300]}"
        )
        return answer.json()

    def _publish(self, event_type: str, data: bytes, deliveries: int) -> str:
        """Publish with the object's very bytes; the event's id."""
        body = b'{"type":"' + event_type.encode() + b'","data":' + data + b"}"
        receipt = self._call(
            "POST", "/events", expect=202, data=body, headers={"Content-Type": "application/json"}
        )
        self._require(
            receipt["deliveries"] == deliveries,
            f"{event_type} made {receipt['deliveries']} deliveries, not {deliveries}",
        )
        return str(receipt["id"])

    def _check(self, path: str, event_id: str, data: bytes) -> None:
        """The event arrives at that app, signed as its format says, with the bytes that were published."""
        self._require(
            self._receiver.wait(lambda: event_id in self._receiver.accepted(path), self._step_s),
            f"{event_id} did not arrive at {path}",
        )
        arrival = self._receiver.accepted(path)[event_id]
        faults = [standard_fault(arrival, self.secrets[path])]
        if path == BOARD:
            faults += [icescrum_fault(arrival, self.secrets[path])]
            faults += [None if arrival.body == data else "the body is not what was published, byte for byte"]
        else:
            faults += [
                None
                if b'"data":' + data + b"}" in arrival.body
                else "the data are not what was published, byte for byte"
            ]
        found = "; ".join(fault for fault in faults if fault)
        self._require(not found, f"{event_id} arrived at {path}, but {found}")

    def _hook(self, path: str) -> Any:
        return self._call("GET", f"/hooks/{self._hooks[path]}")

    def _until(self, is_so: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + self._step_s
        while not is_so():
            self._require(time.monotonic() < deadline, otherwise)
            time.sleep(PAUSE_S)

    def _tell(self, arrival: Arrival) -> None:
        self._say(
            f"  {arrival.path} got {arrival.headers.get('webhook-id', '')}: "
            f"{arrival.body[:200].decode(errors='replace')}"
        )

    def _require(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            raise DemoFailed(f"The demo failed: {otherwise}.")

    def _ok(self, text: str) -> None:
        self._say(f"  ok  {text}")


_HOOKHUB = (sys.executable, "-P", "-m", "hub.cli")
"""This program, whatever folder it is started in: `-P` looks for no `hub` there."""


def run(say: Say, *, stays: bool, receiver: Receiver | None = None, step_s: float = STEP_S) -> None:
    """The whole demo; returns when all of it happened, each step within `step_s`. Raises: DemoFailed."""
    began_at = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="hookhub-demo-"))
    receiver = receiver or Receiver()
    try:
        receiver.start()
        demo = Demo(folder, receiver, say, step_s)
        say("hookhub demo: real events through a real hub, on a throw-away database")
        with demo.serve():
            demo.prepare()
            demo.deliver()
            demo.break_and_mend()
            say(f"Everything happened as promised, in {time.monotonic() - began_at:.1f} s.")
            if stays:
                demo.stay()
    finally:
        receiver.stop()
        shutil.rmtree(folder, ignore_errors=True)

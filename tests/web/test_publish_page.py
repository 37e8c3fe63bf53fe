"""The commands of `docs/publish.md`, run as they stand there, one after the other, against a running hub."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.rules.payload import ENVELOPE_BYTES_MAX, EVENTS_MAX, KEY_MAX_LENGTH
from hub.rules.settings import Settings
from tests.rigs.api import LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S

PAGE = (Path(__file__).parents[2] / "docs" / "publish.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|json)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ONE_SEVERAL_AGAIN = [text for kind, text in BLOCKS if kind == "json"]
HUB = "http://127.0.0.1:8000"
MARK = "--- the next block of the page"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_commands_of_the_page_do_what_it_says(live: LiveHub, receiver: Receiver) -> None:
    live.project(key="TRAVEL")
    api = live.client(project="TRAVEL")
    for event in ("order.*", "order.paid"):
        assert api.post("/hooks", json={"target_url": receiver.url, "event": event}).status_code == 201

    printed = run([text for kind, text in BLOCKS if kind == "sh"], live)
    _, one, several, _lines, again, types, deliveries = printed
    for answered, told in zip((one, several, again), ONE_SEVERAL_AGAIN, strict=True):
        assert without_ids(answered) == without_ids(told)
    assert json.loads(again)["id"] == json.loads(one)["id"]
    assert {"order.paid", "order.sent"} < {listed["id"] for listed in json.loads(types)}
    assert {listed["type"] for listed in json.loads(deliveries)} == {"order.paid"}

    assert len(api.get("/events", params={"limit": 200}).json()) == 6
    data = '"data":{"id": 23, "total": 1.10, "customer": "Zoë"}'.encode()
    assert sum(data in request.body for request in receiver.wait_for(11)) == 2


def run(blocks: list[str], live: LiveHub) -> list[str]:
    """What each block prints, all of them in one shell."""
    script = f"\necho '{MARK}'\n".join(blocks).replace(HUB, live.url)
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HUB_DATA_DIR": str(live.hub.services.config.data_dir),
    }
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        env=environ,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [printed.strip() for printed in done.stdout.split(MARK)]


def without_ids(answer: str) -> str:
    """An answer without its ids and times, which are others each time."""
    return re.sub(r'"(evt_[^"]*|[0-9T:.Z-]+|…)"', '""', json.dumps(json.loads(answer), ensure_ascii=False))


def test_the_page_names_the_limits_that_hold() -> None:
    tuned = Settings()
    assert tuned.max_event_bytes == 1024**2
    assert tuned.max_request_bytes == 16 * 1024**2
    assert tuned.max_held_bytes == 64 * 1024**2
    for stated in (
        f"{EVENTS_MAX:,} events",
        f"1 to {KEY_MAX_LENGTH} characters",
        f"{ENVELOPE_BYTES_MAX // 1024} KiB",
    ):
        assert stated in PAGE

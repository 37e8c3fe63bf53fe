"""`hookhub demo`: it tells everything, ends as it should, and leaves nothing behind."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import requests

from tests.rigs.hubs import children, environ, hookhub, is_alive
from tests.rigs.waiting import DEADLINE_S, until


def until_line_with(text: str, lines: IO[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if text in line:
            return


def assert_signs_in(shown: str) -> None:
    """Whoever stays sees the hub's pages, with what the demo told."""
    [url] = re.findall(r"The hub stays up: (\S+)", shown)
    [(name, password)] = re.findall(r"Sign in as (\S+) with the password (\S+)", shown)
    with requests.Session() as browser:
        browser.trust_env = False
        form = browser.get(f"{url}/sign-in", timeout=DEADLINE_S).text
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
        answer = browser.post(
            f"{url}/sign-in", data={**hidden, "name": name, "password": password}, timeout=DEADLINE_S
        )
        assert answer.status_code == 200
        assert "Travel agency" in browser.get(f"{url}/projects/TRAVEL", timeout=DEADLINE_S).text


def test_the_demo_shows_everything_and_leaves_nothing(tmp_path: Path) -> None:
    # A hub of the user's own is named here: the demo must not touch it.
    done = hookhub(
        "demo", "--exit", cwd=tmp_path, TMPDIR=str(tmp_path), HUB_DATA_DIR=str(tmp_path / "own"), HUB_PORT="1"
    )
    assert (done.returncode, done.stderr) == (0, "")
    for shown in (
        "signatures right",
        "byte for byte",
        "failing",
        "after 5 failures in a row",
        "held",
        "mended",
    ):
        assert shown in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_interrupted_ends_its_hub_and_removes_its_data(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hub.cli", "demo"]
    with subprocess.Popen(
        command, env=environ(TMPDIR=str(tmp_path)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            shown = "".join(until_line_with("Ctrl-C", process.stdout))
            assert_signs_in(shown)
            [hub] = children(process.pid)
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()
    until(lambda: not is_alive(hub))
    assert list(tmp_path.iterdir()) == []

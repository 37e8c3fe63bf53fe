"""The README's own hub, receiver and calls, run as they are printed; only the ports are free ones."""

import contextlib
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs import hubs
from tests.rigs.ports import free_port
from tests.rigs.waiting import DEADLINE_S, until

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
[CALLS] = [block for block in BLOCKS if "token create" in block]
[TO_START] = [block for block in BLOCKS if "make run" in block]

[RECEIVER] = re.findall(r"python3 (\S+)", TO_START)


@contextlib.contextmanager
def receiver(folder: Path, port: int) -> Iterator[Path]:
    """The README's receiver; what it prints."""
    printed = folder / "receiver.out"
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, ROOT / RECEIVER, str(port)], stdout=out, env=hubs.environ()
        )
    try:
        until(lambda: process.poll() is not None or is_open(port))
        assert process.poll() is None
        yield printed
    finally:
        process.kill()
        process.wait()


def is_open(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the commands where the README has them, and the hub's data where `make run` puts them."""
    commands = tmp_path / ".venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "hookhub").write_text(f'#!/bin/sh\nexec {sys.executable} -m hub.cli "$@"\n')
    (commands / "hookhub").chmod(0o755)
    (tmp_path / "hub-data").symlink_to(tmp_path / "data", target_is_directory=True)
    return tmp_path


def test_what_the_readme_shows_happens(checkout: Path) -> None:
    [(name, value)] = re.findall(r"(HUB_\w+)=(\S+)", TO_START)
    port = free_port()
    with receiver(checkout, port) as printed, hubs.serving(checkout, **{name: value}) as hub:
        calls = CALLS.replace("http://127.0.0.1:8000", hub.url).replace("9000", str(port))
        *before, last = calls.strip().split("\n\n")
        shown = bash(checkout, "set -eu\n" + "\n".join(before) + '\nprintf "\\n%s" "$TOKEN"')
        answers, token = shown.strip().splitlines()[-2:]
        hook, end = json.JSONDecoder().raw_decode(answers)
        receipt = json.loads(answers[end:])
        assert hook["secret"].startswith("whsec_")
        assert receipt["deliveries"] == 1

        event_id, signature, body = until(printed.read_text).split(" ", 2)
        assert (event_id, signature[:3]) == (receipt["id"], "v1,")
        assert '"effort": 1.10' in body
        until(lambda: bash(checkout, f"TOKEN={token}\n{last}"), lambda found: '"state":"delivered"' in found)


def bash(folder: Path, script: str) -> str:
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=hubs.environ(),
        text=True,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

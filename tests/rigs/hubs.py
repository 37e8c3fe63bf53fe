"""Hubs for the tests of the command line, the demo and the pages: real processes on free ports, and real
clients.

Owns starting and ending them.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.waiting import DEADLINE_S, until

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-P", "-m", "hub.cli")
"""As the installed command starts it: whatever the working directory holds."""


def environ(**values: str) -> dict[str, str]:
    """This environment without the hub's own names, but with these; the source tree is importable from
    anywhere.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **values}


def hookhub(
    *arguments: str, stdin: str = "", cwd: Path | None = None, **values: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [*PROGRAM, *arguments]
    return subprocess.run(
        command,
        env=environ(**values),
        input=stdin,
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )


@dataclass
class Serving:
    """A serving hub; `lines` is what it printed up to now."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    url: str = ""

    @property
    def lines(self) -> list[str]:
        return self.out.read_text().splitlines()

    @property
    def set_up_link(self) -> str | None:
        found = re.search(r"https?://\S+/setup\?token=\S+", self.out.read_text())
        return found.group() if found else None

    def workers(self, count: int) -> list[int]:
        """The process ids of those beside it, once so many have been started since it was."""
        until(lambda: self.err.read_text().count("worker started") >= count)
        return children(self.process.pid)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)


@contextlib.contextmanager
def serving(folder: Path, *arguments: str, **values: str) -> Iterator[Serving]:
    """`hookhub serve` on a free port, ready; killed at the end if it still runs."""
    out, err = folder / "serve.out", folder / "serve.err"
    command = [*PROGRAM, "serve", "--port", "0", *arguments]
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            env=environ(HUB_DATA_DIR=str(folder / "data"), **values),
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
        )
    hub = Serving(process, out, err)
    try:
        until(lambda: process.poll() is not None or any("listening on" in line for line in hub.lines))
        assert process.poll() is None, f"hookhub serve ended with {process.returncode}: {err.read_text()}"
        hub.url = next(line.split()[-1] for line in hub.lines if "listening on" in line)
        yield hub
    finally:
        process.kill()
        process.wait()


def children(pid: int) -> list[int]:
    """Whichever thread started them."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            found += map(int, task.read_text().split())
    return found


def is_alive(pid: int) -> bool:
    """False also for a zombie: where nobody reaps orphans, one stays."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False

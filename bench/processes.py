"""Other processes: started, ended, and what they have used, from /proc.

CPU is that of a whole tree, its ended children included where their parent has waited for them. Linux only,
as the hub itself.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
START_S = 60.0


def tree(pid: int) -> list[int]:
    """The process and everything below it."""
    found = [pid]
    for one in found:
        for file in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in file.read_text().split())
            except OSError:
                continue
    return found


def cpu_s(pid: int) -> float:
    """What the tree has used up to now."""
    total = 0
    for one in tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def memory_mb(pid: int) -> float:
    """What the tree holds now: pages that several share are counted once."""
    total_kb = 0
    for one in tree(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total_kb / 1024


@contextmanager
def helper(module: str, settings: Any, **environ: str) -> Iterator[dict[str, Any]]:
    """A process of the bench that prints one line of JSON once it is ready; ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, json.dumps(settings)],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{module} ended before it was ready")
        yield {"pid": process.pid, **json.loads(line)}
    finally:
        process.kill()
        process.wait()


def run(module: str, settings: Any) -> dict[str, Any]:
    """A process of the bench that does its work, prints its figures and ends."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        input=json.dumps(settings),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def machine() -> dict[str, Any]:
    """What figures were taken on."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": model[0].partition(":")[2].strip() if model else "",
        "python": sys.version.split()[0],
        "kernel": os.uname().release,
        "commit": commit,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }

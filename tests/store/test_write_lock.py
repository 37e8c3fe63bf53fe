"""Turns at writing: between the threads of a process, and between processes that share a SQLite file."""

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hub.errors import StoreUnavailable
from hub.store.projects import add
from hub.store.write_lock import WriteLock
from tests.rigs.stage import Stage
from tests.rigs.waiting import DEADLINE_S, until

HOLD = """
import sys
from pathlib import Path
from hub.store.write_lock import WriteLock
with WriteLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def somebody_is_next(path: Path) -> bool:
    with Path(f"{path}.next").open("r+") as door:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def holder(path: Path) -> "subprocess.Popen[str]":
    """Another process in the middle of a transaction."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_whoever_waits_writes_before_the_one_that_has_just_written_does_again(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    one, other = WriteLock(path), WriteLock(path)
    wrote: list[str] = []

    def write() -> None:
        with other:
            wrote.append("other")

    with one:
        thread = threading.Thread(target=write)
        thread.start()
        until(lambda: somebody_is_next(path))
    with one:
        wrote.append("one again")
    thread.join()
    assert wrote == ["other", "one again"]
    one.close()
    other.close()
    assert (path.parent / "hub.db.next").stat().st_mode & 0o077 == 0


def test_a_process_that_is_killed_while_it_writes_keeps_nobody_out(sqlite: Stage) -> None:
    assert sqlite.database.path is not None
    process = holder(sqlite.database.path)
    writing = sqlite.database.write(lambda: add("AFTER", "After", "open", 0))
    assert not writing.done()
    process.kill()
    assert writing.result(DEADLINE_S).key == "AFTER"
    process.communicate()


def test_while_a_process_holds_the_turn_whoever_asks_is_told_and_nothing_is_written_later(
    sqlite_url: str,
) -> None:
    sqlite = Stage(sqlite_url, patience_s=2)
    assert sqlite.database.path is not None
    process = holder(sqlite.database.path)
    with pytest.raises(StoreUnavailable, match="nothing was changed"):
        sqlite.do(lambda: add("GIVENUP", "Given up", "open", 0))
    process.communicate("\n", timeout=DEADLINE_S)
    assert sqlite.do(lambda: add("AFTER", "After", "open", 0)).key == "AFTER"
    assert sqlite.read(lambda: sqlite.database.execute("SELECT count(*) FROM project").fetchone()[0]) == 2
    sqlite.close()

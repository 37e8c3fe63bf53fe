"""The processes beside `serve`: they live and die with it, and start whatever folder it is started in."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from hub.commands.worker_processes import Child
from tests.rigs.commands import run
from tests.rigs.hubs import is_alive, serving
from tests.rigs.waiting import DEADLINE_S, until


def test_they_end_with_a_serving_hub_that_is_killed(tmp_path: Path, postgresql_url: str) -> None:
    with serving(tmp_path, "--workers", "3", HUB_DATABASE_URL=postgresql_url) as hub:
        workers = hub.workers(2)
        assert len(workers) == 2
        hub.stop(signal.SIGKILL)
        until(lambda: not any(map(is_alive, workers)))


def test_one_that_dies_is_replaced_and_all_end_at_a_stop(tmp_path: Path, postgresql_url: str) -> None:
    with serving(tmp_path, "--workers", "2", HUB_DATABASE_URL=postgresql_url) as hub:
        [worker] = hub.workers(1)
        os.kill(worker, signal.SIGKILL)
        [another] = hub.workers(2)
        assert another != worker
        assert hub.stop() == 0
        assert not is_alive(another)


def test_on_sqlite_one_process_delivers_whatever_is_asked_for_and_the_log_says_why(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "3") as hub:
        assert hub.workers(0) == []
        assert hub.stop() == 0
        told = hub.err.read_text()
    assert "HUB_WORKERS is 3, and this hub delivers from 1 process" in told
    assert "HUB_DATABASE_URL" in told


def test_they_have_the_clock_of_their_parent(tmp_path: Path, postgresql_url: str) -> None:
    """Not the wall clock of the moment in which each is started: that may have stepped."""
    with serving(tmp_path, "--workers", "2", HUB_DATABASE_URL=postgresql_url) as hub:
        [worker] = hub.workers(1)
        given = next(part for part in arguments(worker) if part.startswith("--boot-epoch="))
        os.kill(worker, signal.SIGKILL)
        [another] = hub.workers(2)
        assert given in arguments(another)
        uptime_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        assert abs(float(given.partition("=")[2]) + uptime_s - time.time()) < 120


def test_they_know_where_their_parent_listens(tmp_path: Path, postgresql_url: str) -> None:
    """Nothing may be sent there, by them neither; the port was free, and stands in no variable."""
    with serving(tmp_path, "--workers", "2", "--host", "127.0.0.2", HUB_DATABASE_URL=postgresql_url) as hub:
        [worker] = hub.workers(1)
        assert {"--host=127.0.0.2", f"--port={hub.url.rpartition(':')[2]}"} <= set(arguments(worker))


def arguments(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_a_folder_named_as_the_program_in_the_working_directory_is_not_taken_for_it(
    tmp_path: Path, postgresql_url: str
) -> None:
    for name in ("hub", "connectors"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('this is not the program')")
    with serving(tmp_path, "--workers", "2", HUB_DATABASE_URL=postgresql_url) as hub:
        assert len(hub.workers(1)) == 1
        where = {"HUB_DATA_DIR": str(tmp_path / "data"), "HUB_DATABASE_URL": postgresql_url}
        until(lambda: "workers: 2 deliver now" in run("check", **where)[1])
        assert hub.stop() == 0
        assert "ended with" not in hub.err.read_text()


def test_one_is_woken_through_the_pipe_by_whose_end_it_stops() -> None:
    script = (
        "import threading; from hub.commands.worker_processes import when_parent_ends;"
        " when_parent_ends(lambda: print('stop', flush=True), lambda: print('woken', flush=True));"
        " print('there', flush=True); threading.Event().wait()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"woken\n"
        process.stdin.close()
        assert process.stdout.readline() == b"stop\n"
        process.kill()


def test_waking_one_that_does_not_listen_keeps_nobody_waiting(tmp_path: Path, postgresql_url: str) -> None:
    read = tmp_path / "read"
    script = "import os, sys; os.read(0, 1); open(sys.argv[1], 'w'); sys.stdin.read()"
    child = Child([sys.executable, "-c", script, str(read)])
    child.wake()
    until(read.exists)
    child.release()
    child.wake()
    child.end(DEADLINE_S)

    deaf = Child([sys.executable, "-c", "import time; time.sleep(600)"])
    for _ in range(100_000):  # more than a pipe holds
        deaf.wake()
    deaf.release()
    deaf.end(0.0)

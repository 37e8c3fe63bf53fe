"""`python -m bench.pages [--hooks N] [--deliveries N] [--database URL|postgresql]`: how long the hub
takes for each page of a large project.

Prints a table of milliseconds of server time, from the request to the whole answer, without a network: the
fastest and the middle one of some looks. What is in the database is written past the API.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from starlette.testclient import TestClient

from bench import drivers, fill
from hub import config
from hub.app import Hub, web
from hub.rules import histogram
from hub.store import figures, models, projects, schema, users
from hub.store.database import Database
from hub.store.history import SHOWN_STATES
from hub.store.models import Delivery
from hub.timestamps import iso

LOOKS = 7
WANTED_MS = 300
SQLITE_VARIABLES = 500
HOURS = 24
AT_ONCE = 100
"""Subjects whose figures are written together: no transaction may take long."""


@contextmanager
def large_hub(hooks: int, deliveries: int, database_url: str) -> Iterator[Hub]:
    """With one project, BENCH; hooks in each state, and figures of the last day for each."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        url = database_url or f"sqlite:///{folder}/hub.db"
        _write(Database(url))
        first = _filled(url, hooks)
        fill.log(url, deliveries, first)
        hub = Hub(config.load({"HUB_DATA_DIR": folder, "HUB_DATABASE_URL": url}), sends=False)
        yield hub


@contextmanager
def _server(database_url: str) -> Iterator[str]:
    """`postgresql` alone means a server of its own, thrown away afterwards."""
    if database_url != "postgresql":
        yield database_url
        return
    with drivers.postgresql() as url:
        if url is None:
            raise SystemExit("there is no PostgreSQL here")
        yield url


def _write(database: Database) -> None:
    """The tables, and the project."""
    schema.migrate(database)
    database.write(lambda: projects.add("BENCH", "Bench", "icescrum", time.time())).result()
    database.close()


def _filled(url: str, hooks: int) -> str:
    """Hooks and their figures; the id of the first one."""
    fill.hooks(url, hooks, "https://example.com/in", "story.*")
    database = Database(url)
    _figures(database)
    first = database.read(lambda: str(models.Hook.select(models.Hook.id).scalar()))
    database.close()
    return first


def _figures(database: Database) -> None:
    """One hook in ten fails, one in fifty is off after failures; each had requests in each hour."""
    ids = database.read(lambda: [row.id for row in models.Hook.select(models.Hook.id)])
    now = time.time()
    for every, state in ((10, "failing"), (50, "auto_disabled")):
        wanted = ids[::every]
        for start in range(0, len(wanted), SQLITE_VARIABLES):
            part = wanted[start : start + SQLITE_VARIABLES]
            worse = models.Hook.update(
                state=state, last_error="answered 500", consecutive_failures=3, disabled_at=now
            ).where(models.Hook.id.in_(part))
            database.write(worse.execute).result()

    hour = figures.hour_of(now)
    parts = [f"within_{part}" for part in range(histogram.PARTS)]
    marks = ", ".join("?" * (4 + len(parts)))
    subjects = [*ids, figures.project_subject(1)]
    insert = (
        f"INSERT INTO result_hour (subject, hour, delivered, failed, {', '.join(parts)}) VALUES ({marks})"
    )
    for start in range(0, len(subjects), AT_ONCE):
        rows = [
            (one, hour - ago, 20, 2, *[1] * len(parts))
            for one in subjects[start : start + AT_ONCE]
            for ago in range(HOURS)
        ]
        database.write(partial(database.executemany, insert, rows)).result()
    types = [(1, f"story.kind{n}", hour - ago) for n in range(60) for ago in range(HOURS)]
    database.write(lambda: figures.add_events(database, dict.fromkeys(types, (50, 90, now)))).result()


def main() -> None:
    given = arguments()
    with _server(given.database) as url, large_hub(given.hooks, given.deliveries, url) as hub:
        paths = _paths(hub)
        with TestClient(web(hub), base_url=hub.services.config.base_url) as client:
            client.cookies.set("hookhub", _signed_in(hub))
            print(f"{given.hooks:,} hooks, {given.deliveries:,} deliveries\n")
            print(f"{'page':58} {'fastest ms':>10} {'middle ms':>10} {'KiB':>6}")
            for path in paths:
                print(measured(client, path))


def measured(client: TestClient, path: str) -> str:
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
    mark = "  over" if min(took) > WANTED_MS else ""
    shown = path if len(path) <= 58 else f"{path[:55]}..."
    return (
        f"{shown:58} {min(took):10.0f} {statistics.median(took):10.0f} {len(answer.content) // 1024:6}{mark}"
    )


def _signed_in(hub: Hub) -> str:
    def write() -> users.User:
        return users.add("bench", None, True, time.time())

    return hub.services.sessions.begin(hub.database.write(write).result(), "127.0.0.1", "bench")


def _paths(hub: Hub) -> list[str]:
    hooks = list(models.Hook.select(models.Hook.id).order_by(models.Hook.id).limit(4))
    one = hub.database.read(lambda: Delivery.select().order_by(Delivery.id.desc()).first())
    since = iso(time.time() - 86_400)
    paths = [
        "/projects",
        "/projects/BENCH",
        "/projects/BENCH/hooks",
        "/projects/BENCH/hooks?page=150",
        "/projects/BENCH/hooks?q=example",
        "/projects/BENCH/hooks?state=attention",
        "/projects/BENCH/hooks?event=story.create",
        "/projects/BENCH/hooks/new",
        f"/projects/BENCH/hooks/{hooks[0].id}",
        f"/projects/BENCH/hooks/{hooks[0].id}/settings",
        f"/projects/BENCH/hooks/{hooks[1].id}/replay?since={since}",
        f"/projects/BENCH/hooks/{hooks[1].id}/samples",
        "/projects/BENCH/events",
        "/projects/BENCH/events/new",
        "/projects/BENCH/event-types",
        "/projects/BENCH/apps",
        "/projects/BENCH/tokens",
        "/projects/BENCH/members",
        "/health",
        "/settings",
        "/users",
        "/audit",
    ]
    if one is not None:
        paths += [f"/projects/BENCH/deliveries/{one.id}", f"/projects/BENCH/events/{one.event_id}"]
        busy = f"/projects/BENCH/hooks/{one.hook_id}"
        paths += [busy, *(f"{busy}?state={state}" for state in SHOWN_STATES), f"{busy}?type=story.create"]
        paths += ["/projects/BENCH/events?type=story.*", "/projects/BENCH/events?until=2026-01-01T00:00"]
    return paths


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench.pages", description=__doc__)
    parser.add_argument("--hooks", type=int, default=10_000)
    parser.add_argument("--deliveries", type=int, default=1_000_000)
    parser.add_argument("--database", default="", metavar="URL")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""The scenarios: what is published, what is counted, and what the figures should be.

Each takes a `Bench` (how long, the floors of this run, how to make the program under test) and returns its
figures; `wanted` says what the project asks of them. Nothing here passes or fails: figures are
compared between two versions on one machine, or with the floors of the same run.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.request import urlopen

from bench import fill, tls
from bench.drivers import Driver, Hookhub, postgresql
from bench.load import NUMBER, Figures, Load, numbered
from bench.processes import cpu_s, helper, memory_mb, run

TYPE = "story.update"
PUBLISHERS = 32
STALLED_S = 20.0
Json = dict[str, Any]


class Receiver:
    """The receiving process, seen from the bench."""

    def __init__(self, ports: Json, hosts: list[str], scheme: str) -> None:
        self.pid = int(ports["pid"])
        self._hosts = hosts
        self._scheme = scheme
        self._port = ports["port"]
        self._control = f"http://127.0.0.1:{ports['control']}"
        self._figures: dict[str, Json] = {}

    def url(self, group: str = "good", number: int = 0) -> str:
        """Where deliveries are counted under `group`, on one of its hosts."""
        host = self._hosts[number % len(self._hosts)]
        return f"{self._scheme}://{host}:{self._port}/{group}/{number}"

    def tally(self) -> dict[str, Json]:
        """What came since the last call, by group."""
        with urlopen(f"{self._control}/tally", timeout=60) as answer:
            found: dict[str, Json] = json.load(answer)
        return found

    def come_back(self) -> None:
        """From now on its group `away` is well."""
        urlopen(f"{self._control}/back", timeout=60).close()


@dataclass
class Bench:
    """One run: how long each measurement lasts, how large it gets, and the floors once they were taken."""

    make: Callable[..., Driver] = Hookhub
    seconds: float = 10.0
    scale: float = 1.0
    is_own: bool = True
    """The program under test is a hub of this tree, which can be filled and configured."""
    floors: Json = field(default_factory=dict)

    @contextmanager
    def receiver(
        self, hosts: list[str] | None = None, certificates: list[str] | None = None
    ) -> Iterator[Receiver]:
        settings: Json = {"hosts": hosts or ["127.0.0.1"], "certificates": certificates}
        with helper("bench.receiver", settings) as ports:
            yield Receiver(ports, settings["hosts"], "https" if certificates else "http")

    def load(
        self,
        driver: Driver,
        *,
        event_type: str = TYPE,
        many: int = 1,
        seconds: float | None = None,
        rate: float | None = None,
        connections: int = PUBLISHERS,
        requests: int | None = None,
        spread: int = 1,
    ) -> Figures:
        what = driver.publishing(event_type, many=many)
        lasts_s = seconds or self.seconds
        load = Load(what.url, what.headers, what.body, connections, lasts_s, rate, requests, spread)
        return Figures(**run("bench.load", asdict(load)))


@dataclass
class Use:
    """What the program under test used in a block."""

    pid: int | None
    _began: float = 0.0
    cpu_s: float = 0.0
    memory_mb: float = 0.0

    def __enter__(self) -> "Use":
        self._began = cpu_s(self.pid) if self.pid else 0.0
        return self

    def __exit__(self, *_: object) -> None:
        if self.pid:
            self.cpu_s = cpu_s(self.pid) - self._began
            self.memory_mb = memory_mb(self.pid)

    def per(self, count: float) -> Json:
        if not self.pid:
            return {}
        return {"cpu_us": self.cpu_s / max(1, count) * 1e6, "memory_mb": self.memory_mb}


@dataclass
class Arrivals:
    """What reached a receiver, waited for until all is there or nothing comes any more."""

    receiver: Receiver
    count: int = 0
    most_in_100_ms: int = 0
    seen: dict[str, Json] = field(default_factory=dict)

    def look(self) -> int:
        for group, figures in self.receiver.tally().items():
            self.seen[group] = figures
            self.count += int(figures["count"])
            self.most_in_100_ms = max(self.most_in_100_ms, int(figures["most_in_100_ms"]))
        return self.count

    def wait_for(self, wanted: int) -> float:
        """Seconds until all were there."""
        began = last = time.monotonic()
        while self.count < wanted and time.monotonic() - last < STALLED_S:
            before = self.count
            if self.look() > before:
                last = time.monotonic()
            time.sleep(0.02)
        return time.monotonic() - began


def warmed(bench: Bench, driver: Driver, receiver: Receiver, many: int = 1, deliveries: int = 1) -> Arrivals:
    """Connections open, caches filled; what the warm-up sent has arrived."""
    seconds = min(1.0, bench.seconds / 4)
    sent = bench.load(driver, many=many, seconds=seconds, connections=8)
    Arrivals(receiver).wait_for(sent.accepted * many * deliveries)
    return Arrivals(receiver)


# Ceiling and floors


def ceiling(bench: Bench) -> Json:
    """The load straight into the receiver: what no program between them could exceed."""
    with bench.receiver() as receiver:
        body = Hookhub.publishing(PLAIN, TYPE).body
        load = Load(receiver.url(), {"Content-Type": "application/json"}, body, PUBLISHERS, bench.seconds)
        cpu = cpu_s(receiver.pid)
        figures = Figures(**run("bench.load", asdict(load)))
        used = cpu_s(receiver.pid) - cpu
    return {"per_s": figures.requests / figures.seconds, "receiver_cpu_us": used / figures.requests * 1e6}


def accept_floor(bench: Bench, with_delivery: bool) -> Json:
    """A bare ASGI program that commits the hub's rows before it answers."""
    with helper("bench.floors", {"with_delivery": with_delivery}) as floor:
        body = Hookhub.publishing(PLAIN, TYPE).body
        url = f"http://127.0.0.1:{floor['port']}/"
        load = Load(url, {"Content-Type": "application/json"}, body, PUBLISHERS, bench.seconds)
        cpu = cpu_s(floor["pid"])
        figures = Figures(**run("bench.load", asdict(load)))
        used = cpu_s(floor["pid"]) - cpu
    return {
        "per_s": figures.requests / figures.seconds,
        "cpu_us": used / figures.requests * 1e6,
        "p50_ms": figures.p50_ms,
        "p99_ms": figures.p99_ms,
    }


def post_floor(bench: Bench) -> Json:
    """Posts of one body by the hub's door to the network, from one core."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "hookhub/bench",
        "webhook-id": "evt_" + "0" * 32,
        "webhook-timestamp": "1795464000",
        "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        "x-hub-attempt": "1",
        "x-hub-delivery": "dlv_" + "0" * 32,
    }
    with bench.receiver() as receiver:
        settings = {"url": receiver.url(), "headers": headers, "body": '{"a":"' + "x" * 1000 + '"}'}
        return run("bench.floors", {**settings, "seconds": bench.seconds})


def take_floors(bench: Bench) -> None:
    bench.floors = {
        "accept": accept_floor(bench, False),
        "accept_with_delivery": accept_floor(bench, True),
        "posts": post_floor(bench),
    }


# The way in


def accept(bench: Bench) -> Json:
    """Publishers only; nobody wants the events."""
    with bench.make("--workers", "0") as driver:
        bench.load(driver, seconds=min(1.0, bench.seconds / 4), connections=8)
        with Use(driver.pid) as use:
            figures = bench.load(driver)
    return _accepted(bench, figures, use, "accept")


def accept_with_delivery(bench: Bench) -> Json:
    """Each event is written with one delivery, and nobody delivers meanwhile."""
    with bench.receiver() as receiver, bench.make("--workers", "0") as driver:
        driver.hook(receiver.url(), TYPE)
        bench.load(driver, seconds=min(1.0, bench.seconds / 4), connections=8)
        with Use(driver.pid) as use:
            figures = bench.load(driver)
    return _accepted(bench, figures, use, "accept_with_delivery")


def _accepted(bench: Bench, figures: Figures, use: Use, floor: str) -> Json:
    per_s = figures.accepted / figures.seconds
    return {
        "accepted_per_s": per_s,
        "of_accept_floor": per_s / bench.floors[floor]["per_s"],
        **use.per(figures.accepted),
        "p50_ms": figures.p50_ms,
        "p99_ms": figures.p99_ms,
        "by_status": figures.by_status,
    }


# In and out


def flow(
    bench: Bench,
    many: int,
    hooks: int,
    connections: int = PUBLISHERS,
    deliveries_per_s: int | None = None,
    environ: dict[str, str] | None = None,
) -> Json:
    """Publish at full rate while delivering, then wait for the rest. `deliveries_per_s` bounds how many there
    are in all, for a program that accepts far more than it delivers.
    """
    requests = (
        None if deliveries_per_s is None else max(1, int(deliveries_per_s * bench.seconds) // (many * hooks))
    )
    with bench.receiver() as receiver, bench.make(**(environ or {})) as driver:
        for number in range(hooks):
            driver.hook(receiver.url(number=number), TYPE)
        arrivals = warmed(bench, driver, receiver, many, hooks)
        with Use(driver.pid) as use:
            began = time.monotonic()
            figures = bench.load(driver, many=many, connections=connections, requests=requests)
            lasted = time.monotonic() - began
            during = arrivals.look()
            wanted = figures.accepted * many * hooks
            drained_s = arrivals.wait_for(wanted)
        accepted = figures.accepted * many
    return {
        "accepted_per_s": accepted / figures.seconds,
        "delivered_per_s_meanwhile": during / lasted,
        "delivered_per_s": arrivals.count / (lasted + drained_s),
        "backlog_at_the_end": wanted - during,
        "drained_in_s": drained_s,
        "of_posts_floor": arrivals.count / (lasted + drained_s) / bench.floors["posts"]["per_s"],
        **use.per(wanted),
        "accept_p50_ms": figures.p50_ms,
        "accept_p99_ms": figures.p99_ms,
        "lost": wanted - arrivals.count,
        "by_status": figures.by_status,
    }


def singles(bench: Bench) -> Json:
    """One event a request, to one hook, at full rate."""
    found = flow(bench, many=1, hooks=1)
    floor: float = bench.floors["accept_with_delivery"]["per_s"]
    return {"of_accept_floor": found["accepted_per_s"] / floor, **found}


def arrays(bench: Bench) -> Json:
    """A hundred events a request, to one hook."""
    return flow(bench, many=100, hooks=1, connections=4, deliveries_per_s=5000)


def fan_out(bench: Bench) -> Json:
    """One event a request, to a hundred hooks."""
    return flow(bench, many=1, hooks=100, connections=4, deliveries_per_s=10_000)


def paced(bench: Bench, driver: Driver, receiver: Receiver, rate: float) -> Json:
    """Ages on arrival at a steady rate."""
    arrivals = warmed(bench, driver, receiver)
    with Use(driver.pid) as use:
        figures = bench.load(driver, rate=rate)
        # One look, so that the percentiles are those of all.
        time.sleep(1.0)
        arrivals.look()
    good = arrivals.seen.get("good", {})
    return {
        "p50_ms": good.get("p50_ms"),
        "p99_ms": good.get("p99_ms"),
        "arrived": good.get("count", 0),
        "published": figures.accepted,
        "accept_p50_ms": figures.p50_ms,
        "accept_p99_ms": figures.p99_ms,
        **use.per(figures.accepted),
    }


def latency(bench: Bench) -> Json:
    """Send to arrive at 200 events a second."""
    with bench.receiver() as receiver, bench.make() as driver:
        driver.hook(receiver.url(), TYPE)
        return paced(bench, driver, receiver, 200)


def hanging(bench: Bench) -> Json:
    """200 events a second, each for one of many hooks of which one in twenty never answers, against the same
    with all of them well.
    """
    hooks = max(20, int(1000 * bench.scale))
    found: Json = {"hooks": hooks}
    for label, sick in (("well", 0), ("hanging", hooks // 20)):
        with bench.receiver() as receiver, bench.make() as driver:
            for number in range(hooks):
                group = "hang" if number % 20 == 19 and sick else "good"
                driver.hook(receiver.url(group, number), f"story.{numbered(number)}")
            arrivals = Arrivals(receiver)
            bench.load(driver, event_type=f"story.{NUMBER}", rate=200, spread=hooks)
            time.sleep(2.0)
            arrivals.look()
            good = arrivals.seen.get("good", {})
        found[f"{label}_p50_ms"], found[f"{label}_p99_ms"] = good.get("p50_ms"), good.get("p99_ms")
        found[f"{label}_arrived"] = good.get("count", 0)
    found["p99_ratio"] = (found["hanging_p99_ms"] or float("inf")) / (found["well_p99_ms"] or 1)
    return found


def https(bench: Bench) -> Json:
    """One event to many HTTPS hosts, whose connections end with each answer."""
    count = max(20, int(1000 * bench.scale))
    hosts = [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(count)]
    with (
        tls.certificates(hosts) as (ca_file, files),
        bench.receiver(hosts, files) as receiver,
        bench.make(HUB_OUTBOUND_CA_FILE=ca_file) as driver,
    ):
        for number in range(count):
            driver.hook(receiver.url(number=number), TYPE)
        arrivals = Arrivals(receiver)
        began = time.monotonic()
        with Use(driver.pid) as use:
            figures = bench.load(driver, connections=1, rate=5 / bench.seconds)
            arrivals.wait_for(figures.accepted * count)
        lasted = time.monotonic() - began
    return {
        "hosts": count,
        "delivered_per_s": arrivals.count / lasted,
        "lost": figures.accepted * count - arrivals.count,
        **use.per(arrivals.count),
    }


# Large ones: only a hub of our own can be filled


def many_hooks(bench: Bench) -> Json:
    """Accepting in a project with very many hooks of which ten match, against one with these ten."""
    count = int(100_000 * bench.scale)
    found: Json = {"hooks": count}
    for label, others in (("few", 0), ("many", count)):
        with bench.receiver() as receiver:
            driver = bench.make()
            assert isinstance(driver, Hookhub)
            fill.hooks(driver.database_url, others, "http://127.0.0.1:9/", "other.type")
            with driver:
                for number in range(10):
                    driver.hook(receiver.url(number=number), TYPE)
                warmed(bench, driver, receiver, deliveries=10)
                figures = bench.load(driver, rate=50)
        found[f"{label}_p50_ms"], found[f"{label}_p99_ms"] = figures.p50_ms, figures.p99_ms
    found["p99_ratio"] = found["many_p99_ms"] / found["few_p99_ms"]
    return found


def long_log(bench: Bench) -> Json:
    """Arrays of events to one hook over a log of very many deliveries, against an empty log."""
    count = int(10_000_000 * bench.scale)
    found: Json = {"deliveries": count}
    for label, before in (("empty", 0), ("long", count)):
        with bench.receiver() as receiver:
            driver = bench.make()
            assert isinstance(driver, Hookhub)
            fill.log(driver.database_url, before)
            os.sync()  # else what is measured waits for the disk to take gigabytes
            with driver:
                driver.hook(receiver.url(), TYPE)
                arrivals = warmed(bench, driver, receiver, many=100)
                began = time.monotonic()
                figures = bench.load(driver, many=100, connections=4, requests=int(50 * bench.seconds))
                arrivals.wait_for(figures.accepted * 100)
        found[f"{label}_per_s"] = arrivals.count / (time.monotonic() - began)
    found["ratio"] = found["long_per_s"] / found["empty_per_s"]
    return found


def shared(bench: Bench) -> Json:
    """PostgreSQL, with one process and with two workers beside it, against SQLite: arrays to ten hooks."""
    found: Json = {"sqlite_per_s": flow(bench, many=10, hooks=10, deliveries_per_s=5000)["delivered_per_s"]}
    for workers in (1, 2):
        with postgresql() as url:
            if url is None:
                return {"skipped": "no PostgreSQL: set HUB_TEST_PG_URL or install the development packages"}
            where = {"HUB_DATABASE_URL": url, "HUB_WORKERS": str(workers)}
            figures = flow(bench, many=10, hooks=10, deliveries_per_s=5000, environ=where)
        found[f"workers_{workers}_per_s"] = figures["delivered_per_s"]
    found["ratio_to_sqlite"] = found["workers_2_per_s"] / found["sqlite_per_s"]
    found["gain_of_workers"] = found["workers_2_per_s"] / found["workers_1_per_s"]
    return found


def idle(bench: Bench) -> Json:
    """A hub that has nothing to do."""
    with bench.make() as driver:
        time.sleep(2.0)
        began = time.monotonic()
        with Use(driver.pid) as use:
            time.sleep(max(2.0, bench.seconds))
        share = use.cpu_s / (time.monotonic() - began)
    return {"cpu_percent": share * 100, "memory_mb": use.memory_mb}


# Fairness and back-pressure


def beside(
    bench: Bench,
    driver: Driver,
    receiver: Receiver,
    alone: Json,
    disturb: Callable[[], int],
) -> Json:
    """How much later single events of the group `good` arrive beside what `disturb` begins: it returns how
    many deliveries that are, and must not wait for them.
    """
    arrivals = Arrivals(receiver)
    others = disturb()
    figures = bench.load(driver, rate=50, connections=8)
    time.sleep(1.0)
    arrivals.look()
    good = arrivals.seen.get("good", {})
    arrivals.wait_for(others + figures.accepted)
    return {
        "others": others,
        "most_in_100_ms": arrivals.most_in_100_ms,
        "alone_p50_ms": alone["p50_ms"],
        "alone_p99_ms": alone["p99_ms"],
        "beside_p50_ms": good.get("p50_ms"),
        "beside_p99_ms": good.get("p99_ms"),
        "accept_p50_ms": figures.p50_ms,
        "accept_p99_ms": figures.p99_ms,
        "later_ms": (good.get("p99_ms") or float("inf")) - (alone["p99_ms"] or 0.0),
        "lost": others + figures.accepted - arrivals.count,
    }


def publish_once(driver: Driver, event_type: str, many: int) -> None:
    what = driver.publishing(event_type, many=many)
    run("bench.load", asdict(Load(what.url, what.headers, what.body, 1, 0.001)))


def beside_a_fan_out(bench: Bench) -> Json:
    """Single events of another hook while a large fan-out is under way."""
    hooks, bulk = 100, max(100, int(1000 * bench.scale))

    def fan_out() -> int:
        publish_once(driver, "bulk.load", bulk)
        return bulk * hooks

    with bench.receiver() as receiver, bench.make() as driver:
        driver.hook(receiver.url(), TYPE)
        for number in range(hooks):
            driver.hook(receiver.url("bulk", number), "bulk.load")
        return beside(bench, driver, receiver, paced(bench, driver, receiver, 50), fan_out)


def beside_a_noisy_project(bench: Bench) -> Json:
    """Single events of one project while what another has published at once, to many hooks, is delivered."""
    hooks, bulk = 100, max(10, int(100 * bench.scale))
    with bench.receiver() as receiver, bench.make() as driver:
        assert isinstance(driver, Hookhub)
        noisy = driver.neighbour()
        driver.hook(receiver.url(), TYPE)
        for number in range(hooks):
            noisy.hook(receiver.url("bulk", number), "bulk.load")
        alone = paced(bench, driver, receiver, 50)

        def noise() -> int:
            for _ in range(10):
                publish_once(noisy, "bulk.load", bulk)
            return 10 * bulk * hooks

        return beside(bench, driver, receiver, alone, noise)


def beside_a_replay(bench: Bench) -> Json:
    """Single events of one hook while all that another has had is sent to it again."""
    many = max(100, int(10_000 * bench.scale)) // 100 * 100
    with bench.receiver() as receiver, bench.make() as driver:
        assert isinstance(driver, Hookhub)
        driver.hook(receiver.url(), TYPE)
        replayed = driver.hook(receiver.url("bulk"), "bulk.load")
        before = Arrivals(receiver)
        for _ in range(many // 100):
            publish_once(driver, "bulk.load", 100)
        before.wait_for(many)
        alone = paced(bench, driver, receiver, 50)

        def replay() -> int:
            driver.call(f"/hooks/{replayed}/replay", {"since": "2020-01-01T00:00:00Z"})
            return many

        return beside(bench, driver, receiver, alone, replay)


def beside_hosts_that_come_back(bench: Bench) -> Json:
    """Single events of one hook while very many hosts, which all were away and have something waiting, are
    well again at once.
    """
    count, waiting = max(20, int(1000 * bench.scale)), 5
    hosts = [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(count)]
    with bench.receiver(hosts) as receiver, bench.make() as driver:
        assert isinstance(driver, Hookhub)
        driver.hookhub("settings", "set", "failure_limit", "0")
        driver.hook(receiver.url(), TYPE)
        for number in range(count):
            driver.hook(receiver.url("away", number), "bulk.load", retry_schedule_s=[3.0] * 50)
        alone = paced(bench, driver, receiver, 50)
        publish_once(driver, "bulk.load", waiting)
        time.sleep(5.0)
        began = time.monotonic()

        def come_back() -> int:
            receiver.come_back()
            return count * waiting

        found = beside(bench, driver, receiver, alone, come_back)
        return found | {"hosts": count, "all_delivered_in_s": time.monotonic() - began}


def flood(bench: Bench) -> Json:
    """Far more publishers than can be served: memory stays, some are told to come back, and what was
    acknowledged arrives.
    """
    with bench.receiver() as receiver, bench.make() as driver:
        driver.hook(receiver.url(), TYPE)
        arrivals = warmed(bench, driver, receiver)
        before_mb = memory_mb(driver.pid) if driver.pid else 0.0
        with Use(driver.pid) as use:
            figures = bench.load(driver, connections=1000)
        drained_s = arrivals.wait_for(figures.accepted)
    return {
        "accepted_per_s": figures.accepted / figures.seconds,
        "by_status": figures.by_status,
        "accept_p99_ms": figures.p99_ms,
        "memory_before_mb": before_mb,
        "memory_mb": use.memory_mb,
        "drained_in_s": drained_s,
        "lost": figures.accepted - arrivals.count,
    }


class _Plain(Hookhub):
    """For the shape of a request alone."""

    def __init__(self) -> None:
        self.url, self.token, self.pid = "http://127.0.0.1", "", None


PLAIN = _Plain()


@dataclass(frozen=True)
class Scenario:
    run: Callable[[Bench], Json]
    wanted: tuple[tuple[str, str, float], ...]
    """Figure, comparison, value."""
    is_short: bool = False
    """Part of the short form."""
    needs_own: bool = False
    """Only for a hub of this tree."""


SCENARIOS = {
    "accept": Scenario(accept, (("of_accept_floor", ">=", 0.7),)),
    "accept_with_delivery": Scenario(accept_with_delivery, (("of_accept_floor", ">=", 0.7),), True, True),
    "singles": Scenario(singles, (("of_accept_floor", ">=", 0.5), ("cpu_us", "<=", 450)), True),
    "arrays": Scenario(arrays, (("delivered_per_s", ">=", 5000), ("of_posts_floor", ">=", 0.4)), True),
    "fan_out": Scenario(
        fan_out, (("delivered_per_s", ">=", 8000), ("of_posts_floor", ">=", 0.4), ("cpu_us", "<=", 150)), True
    ),
    "latency": Scenario(latency, (("p50_ms", "<=", 6), ("p99_ms", "<=", 20)), True),
    "idle": Scenario(idle, (("memory_mb", "<=", 90), ("cpu_percent", "<", 1)), True),
    "hanging": Scenario(hanging, (("p99_ratio", "<=", 1.5),)),
    "https": Scenario(https, (("cpu_us", "<=", 2500),), False, True),
    "many_hooks": Scenario(many_hooks, (("p99_ratio", "<=", 2),), False, True),
    "long_log": Scenario(long_log, (("ratio", ">=", 0.9),), False, True),
    "postgresql": Scenario(
        shared, (("ratio_to_sqlite", ">=", 0.7), ("gain_of_workers", ">", 1)), False, True
    ),
    "beside_a_fan_out": Scenario(beside_a_fan_out, (("later_ms", "<=", 50),)),
    "beside_a_noisy_project": Scenario(beside_a_noisy_project, (("later_ms", "<=", 50),), False, True),
    "beside_a_replay": Scenario(beside_a_replay, (("later_ms", "<=", 50),), False, True),
    "beside_hosts_that_come_back": Scenario(
        beside_hosts_that_come_back, (("later_ms", "<=", 50),), False, True
    ),
    "flood": Scenario(flood, (("lost", "<=", 0),)),
}

"""The health of the server: what waits and for how long, requests, disk, workers, and checks with what to do.

Owns `/health`. Figures are read from counters and gauges by the hour; nothing here counts a log.
"""

import shutil
import time
from typing import Any

from hub.errors import StoreUnavailable
from hub.operations.overview import DISK_HOURS, HOURS, Server
from hub.store.workers import ALIVE_S, WorkerSeen
from hub.web import charts
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, View
from hub.web.rendering import milliseconds

GIB = 1024**3
OLD_S = 60.0
"""A delivery that could be sent and waits for longer is one to look at."""
DISK_LOW_BYTES = GIB


def show(request: PageRequest) -> View:
    began = time.monotonic()
    server = request.services.overview.server(request.requester)
    answered_ms = (time.monotonic() - began) * 1000
    checks = _checks(request, server, answered_ms)
    alive = [one for one in server.workers if abs(server.now - one.seen_at) <= ALIVE_S]
    waited_s = None if server.oldest_at is None else max(0.0, server.now - server.oldest_at)
    whole = server.hours.results[-1]
    values: dict[str, Any] = {
        "here": "health",
        "is_paused": request.query.get("live") == "off",
        "to_look_at": sum(not is_well for _, is_well, _ in checks),
        "alive": len(alive),
        "waiting": words.number(request.services.intake.backlog),
        "oldest": "none" if waited_s is None else milliseconds(waited_s * 1000),
        "this_hour": words.number(whole.delivered + whole.failed),
        "failed": words.number(whole.failed),
        "size": _bytes(server.database_bytes),
        "free": _free(request),
        "workers": [_worker(one, server.now) for one in server.workers],
        "checks": checks,
        **_plots(server),
    }
    return View(values, template="server/health_parts.html" if request.wants_part else "server/health.html")


def _checks(request: PageRequest, server: Server, answered_ms: float) -> list[tuple[str, bool, str]]:
    """(what, is it well, what to do or how it is)."""
    config, dispatcher = request.services.config, request.services.dispatcher
    alive = sum(abs(server.now - one.seen_at) <= ALIVE_S for one in server.workers)
    is_turning = dispatcher is not None and dispatcher.is_turning()
    used = f"{request.http.url.scheme}://{request.http.url.netloc}"
    is_base_url = config.base_url.startswith(used) or used.partition("://")[2] in config.base_url
    allowed = ", ".join(map(str, config.outbound_allow))
    suspected = dispatcher is not None and dispatcher.network.is_suspected()
    old = server.oldest_at is not None and server.now - server.oldest_at > OLD_S
    return [
        ("The database answers", True, f"in {milliseconds(answered_ms)}"),
        (
            "Deliveries are sent",
            bool(alive) or is_turning,
            f"by {words.counted(max(alive, int(is_turning)), 'worker', 'workers')}"
            if alive or is_turning
            else "nobody sends: start hookhub worker, or serve with HUB_WORKERS of 1 or more",
        ),
        (
            "Nothing waits for the hub itself",
            not old,
            "more workers, or fewer requests at once per hook, would help"
            if old
            else "what waits, waits for its target",
        ),
        (
            "The hub's own network works",
            not suspected,
            (
                "nothing can be reached: look at the name servers and the way out; failures are not counted "
                "meanwhile"
            )
            if suspected
            else "targets can be reached",
        ),
        (
            "The base URL is the address you use",
            is_base_url,
            config.base_url if is_base_url else f"it is {config.base_url}, you use {used}: set HUB_BASE_URL",
        ),
        (
            "Hooks reach public addresses only",
            not allowed,
            allowed and f"{allowed} is allowed by HUB_OUTBOUND_ALLOW",
        ),
        _disk_check(request),
    ]


def _disk_check(request: PageRequest) -> tuple[str, bool, str]:
    free = _free_bytes(request)
    if free is None:
        return "There is room on the disk", True, "the database's own machine has to say"
    is_well = free >= DISK_LOW_BYTES
    return (
        "There is room on the disk",
        is_well,
        f"{_bytes(free)} free" + ("" if is_well else ": make room, or keep events for fewer days"),
    )


def _plots(server: Server) -> dict[str, Any]:
    labels = words.hour_labels(server.hours)
    hours = range(server.hours.first, server.hours.first + HOURS)
    waiting = [server.gauges["waiting"].get(hour, 0.0) for hour in hours]
    oldest = [round(server.gauges["oldest_s"].get(hour, 0.0), 1) for hour in hours]
    last = server.hours.first + HOURS
    days = [
        max((size for hour, size in server.sizes.items() if day <= hour < day + 24), default=0.0) / GIB
        for day in range(last - DISK_HOURS, last, 24)
    ]
    places = [labels[0], labels[6], labels[12], labels[18], "now"]
    ago = [f"{14 - place} days ago" for place in range(len(days))]
    return {
        "requests_chart": charts.bars(
            labels,
            server.hours.delivered,
            server.hours.failed,
            f"Requests per hour. {words.hours_label(server.hours)}",
        ),
        "requests_table": list(zip(labels, server.hours.delivered, server.hours.failed, strict=True)),
        "waiting_chart": charts.area(
            waiting,
            f"Deliveries waiting, last 24 hours: highest {max(waiting):,.0f}, now {waiting[-1]:,.0f}",
            places,
        ),
        "waiting_table": [(label, f"{value:,.0f}") for label, value in zip(labels, waiting, strict=True)],
        "oldest_chart": charts.area(
            oldest,
            f"Age of the oldest waiting delivery: highest {max(oldest):g} s, now {oldest[-1]:g} s",
            places,
            " s",
        ),
        "oldest_table": list(zip(labels, oldest, strict=True)),
        "disk_chart": charts.area(
            days,
            f"Size of the database, 14 days: now {_bytes(server.database_bytes)}",
            ["14 days ago", "7 days ago", "now"],
            " GiB",
        ),
        "disk_table": [(place, f"{size:.2f}") for place, size in zip(ago, days, strict=True)],
    }


def _worker(one: WorkerSeen, now: float) -> dict[str, Any]:
    machine, _, rest = one.id.partition("/")
    return {
        "name": f"{machine}, process {rest.partition('/')[0]}",
        "is_alive": abs(now - one.seen_at) <= ALIVE_S,
        "seen_at": one.seen_at,
        "started_at": one.started_at,
    }


def _free_bytes(request: PageRequest) -> int | None:
    path = request.services.database.path
    try:
        return None if path is None else shutil.disk_usage(path.parent).free
    except (OSError, StoreUnavailable):
        return None


def _free(request: PageRequest) -> str:
    free = _free_bytes(request)
    return "on the database's own machine" if free is None else f"{_bytes(free)} free"


def _bytes(count: float) -> str:
    """`1.7 GiB`, `84 MiB`, `12 KiB`."""
    for size, unit in ((GIB, "GiB"), (1024**2, "MiB")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1024:.3g} KiB"


PAGES = (Page("GET", "/health", show, "server/health.html", ("admin",)),)

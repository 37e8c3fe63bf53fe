"""A hub that has something to show on every page: hooks in each state, tries and answers, held deliveries,
people of each role; and in every text that anybody may write, something that would do harm if it were not
text.

Owns the seed and the names by which a table of pages finds its parts. Everything came about as it does in
life: over the API, sent to real receivers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from hub.rules.access import Requester
from tests.rigs.administration import tune
from tests.rigs.api import Browser, LiveHub
from tests.rigs.ports import free_port
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S, until

HARM = "<script>console.error('harm')</script><img src=x onerror=console.error('harm')>\"'&amp;"
LONG = "a_name_without_a_single_break_" * 3
KEY = "SHOWN"
ADMIN = Requester("root", frozenset({"admin"}), is_person=True)


@dataclass(frozen=True)
class Shown:
    """What was seeded."""

    people: dict[str, Browser]
    """`admin`, `owner`, `member`, `stakeholder`, `stranger`."""
    names: dict[str, str]
    """Part of a path → what stands there."""


@contextmanager
def shown(live: LiveHub) -> Iterator[Shown]:
    with Receiver(500) as broken, Receiver(204) as well:
        broken.answer = (500, {"X-Harm": HARM, "Content-Type": "text/html"}, f"<p>{HARM}{LONG}".encode())
        names = {"project": live.project(key=KEY), "empty": live.project("icescrum", key="EMPTY")}
        names |= _hooks(live, broken, well)
        names |= _sources(live)
        names["connection"] = _connections(live)
        names["schedule"] = _schedule(live)
        names["user"] = _user_id(live)
        live.hub.services.scheduler.write_counts()
        yield Shown(_people(live), names)


def _people(live: LiveHub) -> dict[str, Browser]:
    return {
        "admin": live.browser(f"root {HARM}", is_admin=True, project=KEY, role="product_owner"),
        "owner": live.browser(f"Olga {LONG}", project=KEY, role="product_owner"),
        "member": live.browser("Tom", project=KEY, role="team_member"),
        "stakeholder": live.browser("Sue", project=KEY, role="stakeholder"),
        "stranger": live.stranger(),
    }


def _user_id(live: LiveHub) -> str:
    """Somebody to be looked at."""
    live.browser("Uma")
    return str(live.hub.services.users.get(ADMIN, "Uma").id)


def _hooks(live: LiveHub, broken: Receiver, well: Receiver) -> dict[str, str]:
    """One well, one that fails, one off after failures with deliveries held, one off, one of an app."""
    api, app = live.client(project=KEY), live.client("subscribe", project=KEY, app="zapier")
    admin = live.client("admin", project=None)
    tune(admin, retry_schedule_s=[0.01, 0.01, 3600], failure_limit=3)
    made = {
        "well": api.post("/hooks", json=_hook(well, "Ledger", "well.*", manual_edit=True)),
        "broken": api.post("/hooks", json=_hook(broken, HARM, "broken.*", manual_edit=True)),
        "failing": api.post("/hooks", json=_hook(broken, LONG, "failing.*")),
        "off": api.post("/hooks", json=_hook(well, "", "well.*", enabled=False)),
        "app": app.post("/hooks", json=_hook(well, "Zap", "well.*")),
    }
    refused = {name: answer.text for name, answer in made.items() if not answer.ok}
    assert not refused, refused
    names = {name: str(answer.json()["id"]) for name, answer in made.items()}

    def state(name: str) -> str:
        return str(api.get(f"/hooks/{names[name]}").json()["state"])

    data = {"id": 1, "name": HARM, "description": LONG}
    for type_ in ("broken.now", *["well.done"] * 3):
        api.post("/events", json={"type": type_, "data": data})
    until(lambda: state("broken") == "auto_disabled")
    api.post("/events", json=[{"type": "broken.again", "data": data}] * 3)
    tune(admin, retry_schedule_s=[3600], failure_limit=5)
    api.post("/events", json={"type": "failing.now", "data": data})
    until(lambda: state("failing") == "failing")
    well.wait_for(6)
    until(lambda: all(row["state"] == "delivered" for row in _deliveries(live, names["well"])))

    failed = _deliveries(live, names["broken"])
    names["tried"] = str(next(row["id"] for row in failed if row["attempt_count"] >= 3))
    names["held"] = str(next(row["id"] for row in failed if row["attempt_count"] == 0))
    names["delivered"] = str(_deliveries(live, names["well"])[0]["id"])
    names["token"] = str(live.client("admin", project=KEY).get("/tokens").json()[0]["id"])
    names["event"] = str(next(row["event_id"] for row in failed if row["attempt_count"] >= 3))
    return names


def _sources(live: LiveHub) -> dict[str, str]:
    """One that takes and refuses, one that waits for its secret, one that is off."""
    api = live.client(project=KEY)
    made = {
        "source": api.post("/sources", json={"kind": "token", "name": HARM, "secret": "s3cret"}),
        "waiting_source": api.post("/sources", json={"kind": "stripe", "name": LONG}),
        "off_source": api.post("/sources", json={"kind": "grafana", "enabled": False}),
    }
    url = made["source"].json()["url"]
    requests.post(url, data=b'{"type":"a.b"}', headers={"Authorization": "Bearer s3cret"}, timeout=DEADLINE_S)
    requests.post(url, data=f"<p>{HARM}{LONG}".encode(), headers={"X-Harm": HARM}, timeout=DEADLINE_S)
    return {name: str(answer.json()["id"]) for name, answer in made.items()}


def _connections(live: LiveHub) -> str:
    """One that works as far as anybody knows, and one that does not."""
    admin = live.client("admin", project=None)
    admin.post("/connections", json={"name": "bus", "kind": "nats", "url": f"nats://127.0.0.1:{free_port()}"})
    broken = {"name": "a" * 63, "kind": "amqp", "url": f"amqp://127.0.0.1:{free_port()}/{'v' * 100}"}
    login = {"username": HARM, "password": "s3cret", "projects": [KEY]}
    connection_id = str(admin.post("/connections", json={**broken, **login}).json()["id"])
    assert admin.post(f"/connections/{connection_id}/test").json()["ok"] is False
    return connection_id


def _schedule(live: LiveHub) -> str:
    """One that has fired, with harm in all its texts."""
    api = live.client(project=KEY)
    wanted = {"event_type": "a.b", "every_s": 3600, "name": f"{HARM}{LONG}"[:200], "data": {"text": HARM}}
    schedule_id = str(api.post("/schedules", json=wanted).json()["id"])
    api.post(f"/schedules/{schedule_id}/fire")
    return schedule_id


def _hook(receiver: Receiver, name: str, events: str, **more: object) -> dict[str, Any]:
    return {
        "target_url": f"{receiver.url}/{LONG}?q=<script>",
        "name": name,
        "events": [events],
        "headers": {"X-Key": "hush"},
        **more,
    }


def _deliveries(live: LiveHub, hook_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = live.client(project=KEY).get(f"/hooks/{hook_id}/deliveries").json()
    return rows

"""What tests of the log of deliveries do again and again: subscribe, publish, wait, look, replay."""

from typing import Any

from tests.rigs.api import Client
from tests.rigs.waiting import until

Json = dict[str, Any]


def subscribe(api: Client, url: str, event: str = "*", **fields: Any) -> Json:
    answer = api.post("/hooks", json={"target_url": url, "event": event, **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def publish(api: Client, code: str = "order.paid", data: Json | None = None) -> str:
    answer = api.post("/events", json={"type": code, "data": data or {"n": 1}})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def deliveries(api: Client, **query: Any) -> list[Json]:
    answer = api.get("/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()
    return found


def settled(api: Client, count: int = 1) -> list[Json]:
    """The project's deliveries, once there are so many and none of them is waiting."""
    found: list[Json] = until(
        lambda: deliveries(api, limit=200),
        lambda rows: len(rows) >= count and all(row["state"] not in ("waiting", "sending") for row in rows),
    )
    return found


def replay(api: Client, hook: Json, **body: Any) -> Json:
    answer = api.post(f"/hooks/{hook['id']}/replay", json={"since": "2020-01-01T00:00:00Z", **body})
    assert answer.status_code == 202, answer.text
    found: Json = answer.json()
    return found

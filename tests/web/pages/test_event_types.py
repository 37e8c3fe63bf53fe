"""Event types: what each means, who receives it, and a new one declared."""

from hub.rules.matching import OWN_EVENT_TYPES
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import plain
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def test_types_say_what_they_mean_and_who_receives_them(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    path = f"/projects/{project}/event-types"
    declared = manager.submit(path, id="order.paid", name="Paid", description="An order was <i>paid</i>")
    assert declared.status_code == 303
    live.client(project=project).post(
        "/hooks", json={"target_url": receiver.url, "event": "order.*", "name": "Ledger"}
    )
    for more in ({"filter": "total > 5"}, {"enabled": False}):
        live.client(project=project).post("/hooks", json={"target_url": receiver.url, "event": "*", **more})
    text = manager.get(f"{path}?type=order.paid").text
    assert "<i>paid" not in text
    assert "order.paid would reach 1 hook: Ledger . 2 others do not get it" in plain(text)
    assert "2 hooks receive order.paid" in plain(text)
    live.client(project=project).post("/events", json={"type": "order.paid", "data": {}})
    until(lambda: manager.get(path).text.count("<time") == 2)  # first and last seen, once they are counted
    assert f"and {len(OWN_EVENT_TYPES)} are the hub's own" in plain(text)
    assert (
        "is no" in plain(manager.get(f"{path}?type=%3Cb%3E").text)
        or manager.get(f"{path}?type=x y").status_code == 200
    )


def test_a_type_that_is_none_is_refused_at_its_field_and_what_was_typed_stays(
    project: str, manager: Browser
) -> None:
    path = f"/projects/{project}/event-types"
    refused = manager.submit(path, id="Wrong!", name="Paid", description="An order was paid")
    assert refused.status_code == 422
    text = plain(refused.text)
    assert text.count("Type must be words joined by dots") == 2  # in the summary, and at the field
    for typed in ("Wrong!", "Paid", "An order was paid"):
        assert f'value="{typed}"' in refused.text


def test_a_type_that_was_seen_and_never_declared_is_told_so(
    live: LiveHub, project: str, manager: Browser
) -> None:
    live.client(project=project).post("/events", json={"type": "order.paid", "data": {}})
    text = until(
        lambda: plain(manager.get(f"/projects/{project}/event-types").text), lambda t: "order.paid" in t
    )
    assert "order.paid not declared" in text

"""Circles: how often an event has been through a hub before, and when that is too often.

Owns the header that carries the count. Pure. Each delivery says in it how many hubs' deliveries led here; a
receiver that publishes in its turn hands it on, and so two hubs that publish to each other stop. Step before:
a publisher's request. Step after: `hub.engine.delivery` sends one more, or refuses.
"""

from hub.errors import Invalid

HEADER = "x-hub-hops"
HOPS_MAX = 8


def read(value: str | None) -> int:
    """The hops of what a publisher sends. Raises Invalid."""
    if value is None:
        return 0
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise Invalid(
            [(HEADER, "must be a whole number: hand on what the hub's delivery said, or leave it out")]
        )
    return int(value)

"""Arrivals: a new delivery to a hook that is well is leased in the transaction that accepts its event.

Owns that decision and what is handed over after the commit (docs/design/runs.md). No claim looks for such a
delivery, nothing is read again that is in memory already, and it waits for no turn of the dispatcher. Step
before: `store.events.deliver` is about to write deliveries. Step after: `runs` begins them, or gives them
back.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from connectors.base import Event as SentEvent
from hub.engine.delivery import Shipment
from hub.engine.destinations import Destinations
from hub.engine.runs import Item, Offer, Runs
from hub.rules.fairness import Filling
from hub.rules.settings import Settings
from hub.store import lanes, leases, settings
from hub.store.database import Database
from hub.store.destinations import Destination
from hub.store.events import NewEvent, as_sent
from hub.store.fan_outs import NewDelivery
from hub.store.leases import Claim


class Arrivals:
    """Of one process."""

    def __init__(self, database: Database, owner: str, destinations: Destinations, runs: Runs) -> None:
        self._database = database
        self._owner = owner
        self._destinations = destinations
        self._runs = runs

    def lease(self, events: Sequence[NewEvent], rows: Sequence[NewDelivery]) -> Sequence[NewDelivery]:
        """Write those of these deliveries that are leased as they come; returns the others, which nobody has
        written. In the transaction that accepts the events.
        """
        by_id = {event.id: event for event in events}
        return self._lease(
            rows,
            lambda: {event.id: len(event.data) for event in events},
            lambda projects: {one: as_sent(by_id[one], project) for one, project in projects.items()},
        )

    def lease_promised(self, rows: Sequence[NewDelivery]) -> Sequence[NewDelivery]:
        """The same for deliveries of events that were accepted before, in the transaction that writes
        them.
        """
        event_ids = {event_id for _, event_id, _, _, _ in rows}
        return self._lease(
            rows,
            lambda: leases.sizes(self._database, event_ids),
            lambda projects: leases.payloads(self._database, projects),
        )

    def _lease(
        self,
        rows: Sequence[NewDelivery],
        sizes: Callable[[], Mapping[str, int]],
        sent: Callable[[Mapping[str, str]], Mapping[str, SentEvent]],
    ) -> Sequence[NewDelivery]:
        """`sizes`: the bytes of the events; `sent`: events as formats see them, by the keys of their
        projects.
        """
        if not self._runs.is_offering():
            return rows
        versions = lanes.fresh(self._database, {hook_id for _, _, hook_id, _, _ in rows})
        offer = self._runs.offer(versions)
        if not offer.rows:
            return rows
        destinations = self._destinations.of(versions)
        taken, rest = _divided(rows, offer, sizes(), destinations)
        if not taken:
            return rows

        now, tuned = self._database.clock.now(), settings.load()
        leases.lease_new(self._database, self._owner, [row for row, _ in taken], leases.ends_at(tuned, now))
        events = sent({row[1]: destination.project_key for row, destination in taken})
        items = list(_items(taken, events, tuned, now))
        self._database.after_commit(partial(self._runs.add, items, offer.at))
        return rest


def _divided(
    rows: Sequence[NewDelivery],
    offer: Offer,
    sizes: Mapping[str, int],
    destinations: Mapping[str, Destination | Exception],
) -> tuple[list[tuple[NewDelivery, Destination]], list[NewDelivery]]:
    """What is taken and where it goes, and the rest. Of a hook of which one is left, none behind it is
    taken.
    """
    taken: list[tuple[NewDelivery, Destination]] = []
    rest: list[NewDelivery] = []
    rows_of: Counter[str] = Counter()
    filling = Filling(offer.rows_max, offer.bytes_max)
    left: set[str] = set()
    for row in rows:
        hook_id = row[2]
        destination = destinations.get(hook_id)
        if (
            hook_id not in left
            and rows_of[hook_id] < offer.rows.get(hook_id, 0)
            and isinstance(destination, Destination)
            and filling.take(hook_id, sizes[row[1]], offer.bytes[hook_id])
        ):
            taken.append((row, destination))
            rows_of[hook_id] += 1
        else:
            left.add(hook_id)
            rest.append(row)
    return taken, rest


def _items(
    taken: Sequence[tuple[NewDelivery, Destination]],
    events: Mapping[str, SentEvent],
    tuned: Settings,
    now: float,
) -> Iterator[Item]:
    begin_until = now + leases.BEGIN_WITHIN_S
    for (delivery_id, event_id, hook_id, _, _), destination in taken:
        event = events[event_id]
        claim = Claim(
            delivery_id,
            1,
            hook_id,
            destination.version,
            event_id,
            is_slow=False,
            body_bytes=len(event.data),
            is_in_run=True,
            is_ahead=True,
            begin_until=begin_until,
        )
        yield claim, Shipment(delivery_id, 1, event, destination), tuned

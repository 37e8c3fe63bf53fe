"""The way in: events are matched, written down with their deliveries, and only then answered.

Owns acceptance: idempotency, group commit, back-pressure; who gets an event, `routing` says. Nothing is sent
here. Step before: `operations.publishing` has checked the events. Step after: `arrivals` has leased what may
begin; the dispatcher, woken after the commit, claims the rest.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import msgspec

from hub.engine.routing import Routing
from hub.engine.source_counts import SourceCounts
from hub.engine.type_counts import TypeCounts
from hub.errors import Busy
from hub.ids import new_ids
from hub.rules.payload import Published
from hub.store import event_types, events
from hub.store.database import Database
from hub.store.events import Lease, NewEvent, Written
from hub.store.group_commit import GroupCommit, Tell

BACKLOG_MAX = 10_000_000
"""Deliveries that may wait before more events are refused: what a disk and a retention can still bear."""

PENDING_MAX = 10_000
"""Publications that may wait for their commit in this process."""

DISK_FREE_MIN_BYTES = 268_435_456
DISK_FREE_MIN_SHARE = 0.05
"""Keep this much of the disk free, the smaller of the two: deliveries must still be recorded when nothing
more is accepted.
"""

GROUP_MAX = 256
"""Events that one transaction takes in, beside the first request's: others wait for it."""

TYPES_KNOWN_MAX = 100_000
"""Types that are remembered to be listed; beyond it all are looked up anew."""


class Receipt(msgspec.Struct, frozen=True):
    """What a publisher is told about one event, once it is committed."""

    id: str
    type: str
    occurred_at: float
    deliveries: int
    is_duplicate: bool = False
    due_at: float | None = None
    """It waits for this time, and has no deliveries before."""


@dataclass(slots=True)
class Publication:
    """The events of one request: all or none of them are written."""

    events: list[NewEvent]
    digests: list[bytes | None]
    remembers_types: bool
    fresh: Sequence[NewEvent] = ()
    """Those that were written: the others repeat a key."""


class Intake:
    """Accepts events for one process."""

    def __init__(
        self,
        database: Database,
        wake: Callable[[], None],
        expand: Callable[[], None] = lambda: None,
        lease: Lease | None = None,
        type_counts: TypeCounts | None = None,
    ) -> None:
        """`wake` is called after each commit that leaves something for a claim, `expand` after one that has
        put deliveries off, from a writer thread. `lease` takes what need not wait for a claim (`arrivals`).
        `type_counts`: those of this process, where others count there too.
        """
        self._database = database
        self._routing = Routing()
        self._seen_types: set[tuple[int, str]] = set()
        self._commits = GroupCommit(
            database, self._write, self._committed, GROUP_MAX, lambda one: len(one.events)
        )
        self._wake = wake
        self._expand = expand
        self._lease = lease
        self.type_counts = type_counts or TypeCounts(database)
        self.source_counts = SourceCounts(database)
        self._disk_checked_at = 0.0
        self._has_disk = True
        self.backlog = 0
        """Deliveries waiting when the scheduler last counted them."""

    def accept(
        self,
        project_id: int,
        published: Sequence[Published],
        *,
        remembers_types: bool,
        hops: int = 0,
        source_id: str | None = None,
    ) -> "Future[list[Receipt]]":
        """Write events durably; the future is done after the commit, with one receipt each, in order.

        `remembers_types`: list types that were never seen, as an open project does. `hops`: how many
        deliveries of a hub led to this publication. `source_id`: the source that it came through. Cheap
        enough for the event loop, but where `takes_time` says otherwise.

        Raises:
            Busy: there is no room for more.
        """
        return self._commits.add(
            self.prepare(
                project_id, published, remembers_types=remembers_types, hops=hops, source_id=source_id
            )
        )

    def accept_for(self, publication: Publication, key: Any, tell: Tell) -> None:
        """Write what was prepared; an event loop is told by `tell`, once a commit (`store.group_commit`)."""
        self._commits.add_for(publication, key, tell)

    def prepare(
        self,
        project_id: int,
        published: Sequence[Published],
        *,
        remembers_types: bool,
        hops: int = 0,
        source_id: str | None = None,
    ) -> Publication:
        """What `accept` writes. Raises: Busy."""
        self._check_room()
        now = time.time()
        ids = new_ids("evt", len(published))
        publication = Publication(
            [
                NewEvent(
                    event_id,
                    project_id,
                    p.type,
                    now if p.occurred_at is None else p.occurred_at,
                    p.data,
                    hops=hops,
                    source_id=source_id,
                    due_at=p.deliver_at if p.deliver_at is not None and p.deliver_at > now else None,
                )
                for event_id, p in zip(ids, published, strict=True)
            ],
            [None if p.key is None else events.key_digest(p.key, source_id) for p in published],
            remembers_types,
        )
        self._routing.route_ahead([event for event in publication.events if event.due_at is None])
        return publication

    def takes_time(self, project_id: int) -> bool:
        """Whether `accept` asks filters first: some microseconds for each hook that has one, more for a large
        event.
        """
        return self._routing.has_filters(project_id)

    def enter(self, event: NewEvent, now: float, *, remembers_type: bool) -> None:
        """Write an event that the clock publishes, with its deliveries, in the caller's transaction, which
        changes no hook.
        """
        self._routing.route([event])
        self._written(events.add(self._database, [event], now, self._lease))
        if remembers_type:
            event_types.remember(event.project_id, {event.type}, now)
        self._database.after_commit(lambda: self.type_counts.add([event], now))

    def route_ahead(self, event: NewEvent) -> None:
        """Ask the filters about an event before the transaction that releases it."""
        self._routing.route_ahead([event])

    def release(self, due: Sequence[NewEvent], now: float) -> None:
        """Give events whose time has come to the hooks that want them now, in the caller's transaction, which
        changes no hook.
        """
        if due:
            self._routing.route(due)
            self._written(events.deliver(self._database, due, now, self._lease))

    def match(self, project_id: int, event_types: Iterable[str]) -> dict[str, list[str]]:
        """Type → the hooks that would get an event of it now, if their filters let it through."""
        return self._routing.match(project_id, event_types)

    def _write(self, publications: list[Publication]) -> list[list[Receipt]]:
        """One transaction for a group of publications."""
        now = self._database.clock.now()
        fresh: list[NewEvent] = []
        receipts = []
        for publication in publications:
            firsts = self._take_keys(publication, now)
            receipts.append((publication, firsts))
            publication.fresh = [
                event for event, first in zip(publication.events, firsts, strict=True) if first is None
            ]
            fresh += publication.fresh
        self._routing.route(event for event in fresh if event.due_at is None)
        self._written(events.add(self._database, fresh, now, self._lease))
        self._remember_types(publications, now)
        return [self._receipts(publication, firsts) for publication, firsts in receipts]

    def _committed(self, publications: list[Publication]) -> None:
        """Only now are their types known to be listed."""
        if len(self._seen_types) > TYPES_KNOWN_MAX:
            self._seen_types.clear()
        self._seen_types |= _types_to_remember(publications)
        now = self._database.clock.now()
        for publication in publications:
            self.type_counts.add(publication.fresh, now)
            self.source_counts.add(publication.events, publication.fresh, now)

    def _written(self, written: Written) -> None:
        """Have those told, once it is committed, who go on with it."""
        if written.are_waiting:
            self._database.after_commit(self._wake)
        if written.are_put_off:
            self._database.after_commit(self._expand)

    def _take_keys(self, publication: Publication, now: float) -> list[str | None]:
        """For each event the id of the one that already has its key; None where it is new."""
        return [
            None
            if digest is None
            else events.claim_key(self._database, event.project_id, digest, event.id, now)
            for event, digest in zip(publication.events, publication.digests, strict=True)
        ]

    def _remember_types(self, publications: list[Publication], now: float) -> None:
        fresh: dict[int, set[str]] = {}
        for project_id, code in _types_to_remember(publications) - self._seen_types:
            fresh.setdefault(project_id, set()).add(code)
        for project_id, codes in fresh.items():
            event_types.remember(project_id, codes, now)

    def _receipts(self, publication: Publication, firsts: list[str | None]) -> list[Receipt]:
        return [
            Receipt(event.id, event.type, event.occurred_at, len(event.hook_ids), due_at=event.due_at)
            if first is None
            else self._repeated(event, first)
            for event, first in zip(publication.events, firsts, strict=True)
        ]

    def _repeated(self, event: NewEvent, first_id: str) -> Receipt:
        first = events.head(event.project_id, first_id)
        if first is None:  # retention is shorter than a key's life
            return Receipt(first_id, event.type, event.occurred_at, 0, is_duplicate=True)
        count, due_at = events.count_deliveries(first_id), events.due_at([first_id]).get(first_id)
        return Receipt(first_id, first.type, first.occurred_at, count, is_duplicate=True, due_at=due_at)

    def _check_room(self) -> None:
        if self._commits.waiting > PENDING_MAX:
            raise Busy("the hub is writing as fast as it can; send this again later", retry_after_s=1)
        if self.backlog > BACKLOG_MAX:
            raise Busy(
                f"{self.backlog} deliveries are waiting; send this again later",
                title="Backlog full",
                retry_after_s=60,
            )
        if not self._disk_has_room():
            raise Busy(
                "the hub's disk is nearly full; nothing was stored, send this again later",
                title="Disk full",
                retry_after_s=30,
            )

    def _disk_has_room(self) -> bool:
        if self._database.path is None:
            return True
        if time.monotonic() - self._disk_checked_at > 1:
            usage = shutil.disk_usage(self._database.path.parent)
            log = self._database.path.with_name(self._database.path.name + "-wal")
            log_bytes = (
                log.stat().st_size if log.exists() else 0
            )  # what is in the log takes as much again when it is copied
            self._has_disk = (
                usage.free >= min(DISK_FREE_MIN_BYTES, usage.total * DISK_FREE_MIN_SHARE) + log_bytes
            )
            self._disk_checked_at = time.monotonic()
        return self._has_disk


def _types_to_remember(publications: list[Publication]) -> set[tuple[int, str]]:
    return {
        (event.project_id, event.type) for one in publications if one.remembers_types for event in one.events
    }

"""Replays by hand: counted first, then done in the background, and looked at while they last.

Owns the replays that this process has begun, the last one of each hook, and how far each is. It must never
hold a request for long: a count stops at a bound, and a replay goes on by itself, batch by batch, beside
publishing. What a stop of the hub cuts short is over; what had been made to wait is sent all the same. Step
before: a page has asked. Step after: `replay` makes deliveries wait, and the dispatcher sends them.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from hub.errors import Conflict, Invalid, StoreUnavailable
from hub.operations import replay
from hub.operations.replay import Span
from hub.operations.subscriptions import Subscriptions
from hub.rules.access import Requester
from hub.store import history
from hub.store.database import Database
from hub.store.history import OpenOfSpan
from hub.store.hooks import Hook
from hub.store.projects import Project

log = logging.getLogger("hub.operations.replays")

AT_ONCE = 2
COUNTED_MAX = 10_000
EVENTS_COUNTED_MAX = 20_000
"""A count looks at no more events: that takes about a second."""
REMEMBERED_MAX = 1_000
LEFT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Count:
    """What a replay would send."""

    found: int
    is_whole: bool
    """False when the count stopped at its bound, and there may be more."""


@dataclass(slots=True)
class _Running:
    """One replay as its thread writes it; read without a lock, each field by itself."""

    hook_id: str
    span: Span
    planned: Count
    made: int = 0
    is_over: bool = False
    ended_early: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is at this moment."""

    span: Span
    planned: Count
    made: int
    """Deliveries that it has made to wait so far."""
    is_over: bool
    """Nothing more will be made to wait."""
    ended_early: str
    """Why it is over before its end, for people; empty for one that is not."""
    left: OpenOfSpan

    @property
    def total(self) -> int:
        """As far as it is known."""
        return self.made if self.is_over else max(self.made, self.planned.found)

    @property
    def sent(self) -> int:
        return max(0, self.made - self.left.whole)

    @property
    def is_done(self) -> bool:
        return self.is_over and not self.left.whole


class Replays:
    """The replays of one process. Every method may be called from any thread but the event loop's."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        wake: Callable[[], None],
        counted_max: int = COUNTED_MAX,
    ) -> None:
        """`wake`: there may be something to send."""
        self._database = database
        self._subscriptions = subscriptions
        self._wake = wake
        self._counted_max = counted_max
        self._threads = ThreadPoolExecutor(AT_ONCE, "replay")
        self._lock = threading.Lock()
        self._last: OrderedDict[str, _Running] = OrderedDict()
        self.is_open = True

    def close(self) -> None:
        """Let the batches under way end."""
        self.is_open = False
        self._threads.shutdown(cancel_futures=True)

    def is_under_way(self, hook_id: str) -> bool:
        running = self._last.get(hook_id)
        return running is not None and not running.is_over

    def count(self, requester: Requester, project: Project, hook_id: str, span: Span) -> Count:
        """Raises: NotFound; Conflict, its origin forbids it or it is off; Invalid, the span ends first."""
        return self._count(self._hook(requester, project, hook_id, span), span)

    def start(self, requester: Requester, project: Project, hook_id: str, span: Span) -> None:
        """Begin, and return. Raises: as `count`; Conflict also while one to this hook is under way."""
        hook = self._hook(requester, project, hook_id, span)
        running = _Running(hook.id, span, self._count(hook, span))
        with self._lock:
            if self.is_under_way(hook.id):
                raise Conflict("a replay to this hook is under way: wait for its end", title="Under way")
            self._last.pop(hook.id, None)
            self._last[hook.id] = running
            self._forget_some()
        self._threads.submit(self._run, requester, hook, running)

    def last(self, requester: Requester, project: Project, hook_id: str) -> Progress | None:
        """The hook's last replay; None when this process has begun none. Raises: NotFound."""
        hook = self._subscriptions.get(requester, project, hook_id)
        running = self._last.get(hook.id)
        if running is None:
            return None
        # In this order: what is made to wait in between only makes less look sent.
        made, is_over, ended_early = running.made, running.is_over, running.ended_early
        span = running.span
        left = self._database.read(
            lambda: history.open_of_span(self._database, hook.id, span.since, span.until, LEFT_MAX)
        )
        return Progress(span, running.planned, made, is_over, ended_early, left)

    def _hook(self, requester: Requester, project: Project, hook_id: str, span: Span) -> Hook:
        hook = self._subscriptions.check(requester, project, hook_id, "redeliver")
        if span.until < span.since:
            raise Invalid([("until", "must not be before since")])
        replay.check_on(hook)
        return hook

    def _count(self, hook: Hook, span: Span) -> Count:
        looked_at = found = 0
        for batch in replay.batches(self._database, hook, span, is_dry_run=True):
            looked_at += batch.events
            found += batch.deliveries
            if not batch.is_last and (found >= self._counted_max or looked_at >= EVENTS_COUNTED_MAX):
                return Count(found, is_whole=False)
        return Count(found, is_whole=True)

    def _run(self, requester: Requester, hook: Hook, running: _Running) -> None:
        """On a thread of its own."""
        try:
            for batch in replay.batches(self._database, hook, running.span, is_dry_run=False):
                running.made += batch.deliveries
                self._wake()
                if not self.is_open and not batch.is_last:
                    running.ended_early = "the hub was stopped"
                    break
            replay.note(self._database, requester, hook, running.span, running.made)
        except Conflict as refused:
            running.ended_early = refused.detail
        except StoreUnavailable:
            running.ended_early = "the database could not be reached"
        except Exception:  # somebody waits for its end: it must have one
            log.exception("fault in a replay to %s", hook.id)
            running.ended_early = "a fault of the hub; its log says more"
        finally:
            running.is_over = True

    def _forget_some(self) -> None:
        over = [hook_id for hook_id, one in self._last.items() if one.is_over]
        for hook_id in over[: max(0, len(self._last) - REMEMBERED_MAX)]:
            del self._last[hook_id]

"""Replays by hand: counted first, then done in the background, and looked at while they last.

Owns the threads of one process that go on with replays, whoever began them. Each takes one that nobody owns
(`store.replays`) and does a page of events at a time, beside publishing. When the hub stops, it leaves it
where it is. It must never hold a request for long: a count stops at a bound. Step before: a page has asked,
or the clock. Step after: `replay_pages` makes deliveries wait, and the dispatcher sends them.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from hub.errors import Conflict, Invalid, StoreUnavailable
from hub.ids import new_id
from hub.operations import replay_pages
from hub.operations.replay_pages import Page, Span
from hub.operations.subscriptions import Subscriptions
from hub.rules.access import Requester
from hub.store import history, hooks, replays
from hub.store.database import Database
from hub.store.history import OpenOfSpan
from hub.store.hooks import Hook
from hub.store.projects import Project
from hub.store.replays import Replay

log = logging.getLogger("hub.operations.replays")

AT_ONCE = 2
COUNTED_MAX = 10_000
EVENTS_COUNTED_MAX = 20_000
"""A count looks at no more events: that takes about a second."""
GO_ON_EVERY_S = 2
"""How often one is looked for that another process has left."""
LEFT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Count:
    """What a replay would send."""

    found: int
    is_whole: bool
    """False when the count stopped at its bound, and there may be more."""


class _Lost(Exception):
    """Another process goes on with it by now."""


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
    """The replays that one process goes on with. Every method may be called from any thread but the event
    loop's.
    """

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
        self._free = AT_ONCE
        self.is_open = True

    def close(self) -> None:
        """Let the pages under way end; the rest waits for the next start, or for another process."""
        self.is_open = False
        self._threads.shutdown()

    def is_under_way(self, hook_id: str) -> bool:
        found = self._database.read(lambda: replays.get(hook_id))
        return found is not None and not found.is_over

    def count(self, requester: Requester, project: Project, hook_id: str, span: Span) -> Count:
        """Raises: NotFound; Conflict, its origin forbids it or it is off; Invalid, the span ends first."""
        return self._count(self._hook(requester, project, hook_id, span), span)

    def start(self, requester: Requester, project: Project, hook_id: str, span: Span) -> None:
        """Begin, and return. Raises: as `count`; Conflict also while one to this hook is under way."""
        hook = self._hook(requester, project, hook_id, span)
        planned = self._count(hook, span)
        new = Replay(
            hook_id=hook.id,
            project_id=project.id,
            since=span.since,
            until=span.until,
            state=span.state,
            by=requester,
            planned=planned.found,
            is_planned_whole=planned.is_whole,
            made=0,
            after_id=None,
            ended_early=None,
            is_over=False,
        )
        if not self._database.write(lambda: replays.begin(self._database, new)).result():
            raise Conflict("a replay to this hook is under way: wait for its end", title="Under way")
        self.go_on()

    def last(self, requester: Requester, project: Project, hook_id: str) -> Progress | None:
        """The hook's last replay; None when there was none. Raises: NotFound."""
        hook = self._subscriptions.get(requester, project, hook_id)
        # In this order: what is made to wait in between only makes less look sent.
        found = self._database.read(lambda: replays.get(hook.id))
        if found is None:
            return None
        left = self._database.read(
            lambda: history.open_of_span(self._database, hook.id, found.since, found.until, LEFT_MAX)
        )
        planned = Count(found.planned, found.is_planned_whole)
        return Progress(_span(found), planned, found.made, found.is_over, found.ended_early or "", left)

    def go_on(self) -> None:
        """Take replays that nobody goes on with, as many as there are threads for."""
        while self._take_thread():
            is_taken = False
            try:
                is_taken = self._take()
            finally:
                if not is_taken:
                    self._give_thread()
            if not is_taken:
                return

    def _take(self) -> bool:
        """Let a thread go on with one; False: there is none to go on with."""
        now, owner = self._database.clock.now(), new_id("rpl")
        if not self._database.read(lambda: replays.is_left(now)):
            return False
        taken = self._database.write(lambda: replays.take(self._database, owner, now)).result()
        if taken is None:
            return False
        self._threads.submit(self._run, taken, owner)
        return True

    def _hook(self, requester: Requester, project: Project, hook_id: str, span: Span) -> Hook:
        hook = self._subscriptions.check(requester, project, hook_id, "redeliver")
        if span.until < span.since:
            raise Invalid([("until", "must not be before since")])
        replay_pages.check_on(hook)
        return hook

    def _count(self, hook: Hook, span: Span) -> Count:
        looked_at = found = 0
        for page in replay_pages.pages(self._database, hook, span, is_dry_run=True):
            looked_at += page.events
            found += page.deliveries
            if not page.is_last and (found >= self._counted_max or looked_at >= EVENTS_COUNTED_MAX):
                return Count(found, is_whole=False)
        return Count(found, is_whole=True)

    def _run(self, taken: Replay, owner: str) -> None:
        """On a thread of its own."""
        try:
            self._replay(taken, owner)
        except Conflict as refused:
            self._end(taken, owner, refused.detail)
        except _Lost:
            log.info("another process goes on with a replay to %s", taken.hook_id)
        except StoreUnavailable as error:
            log.warning("a replay to %s goes on later: %s", taken.hook_id, error)
        except Exception:  # somebody waits for its end: it must have one
            log.exception("fault in a replay to %s", taken.hook_id)
            self._end(taken, owner, "a fault of the hub; its log says more")
        finally:
            self._give_thread()
        with contextlib.suppress(StoreUnavailable):
            self.go_on()

    def _replay(self, taken: Replay, owner: str) -> None:
        """Page after page, from where it is. Raises: Conflict: the hook is off, or is no more; _Lost."""
        hook = self._database.read(lambda: hooks.get(taken.hook_id))
        replay_pages.check_on(hook)
        assert hook is not None, "check_on has seen it"

        def keep(page: Page) -> None:
            now = self._database.clock.now()
            if not replays.move(hook.id, owner, page.last_id, page.deliveries, now):
                raise _Lost
            if page.is_last:
                self._note(taken, owner, None)

        pages = replay_pages.pages(
            self._database, hook, _span(taken), is_dry_run=False, after=taken.after_id, keep=keep
        )
        for _ in pages:
            self._wake()
            if not self.is_open:
                self._database.write(lambda: replays.leave(hook.id, owner)).result()
                return

    def _end(self, taken: Replay, owner: str, why: str) -> None:
        with contextlib.suppress(StoreUnavailable):
            self._database.write(lambda: self._note(taken, owner, why)).result()

    def _note(self, taken: Replay, owner: str, why: str | None) -> None:
        """It is over: inside a transaction, once."""
        found = replays.get(taken.hook_id)
        if found is not None and replays.end(taken.hook_id, owner, why):
            now = self._database.clock.now()
            replay_pages.note_in(taken.by, taken.hook_id, taken.project_id, _span(taken), found.made, now)

    def _take_thread(self) -> bool:
        with self._lock:
            is_free = self.is_open and self._free > 0
            self._free -= is_free
            return is_free

    def _give_thread(self) -> None:
        with self._lock:
            self._free += 1


def _span(found: Replay) -> Span:
    return Span(found.since, found.until, state=found.state)

"""Group commit: many callers, one transaction.

Owns who waits for which commit, and how much goes into one; what is written, its user says
(`engine.intake`). Step before: a caller's thread or the event loop adds. Step after: whoever waits is told on
the writer's thread, once a commit.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hub.errors import StoreUnavailable
from hub.store.database import Database

log = logging.getLogger("hub.store.group_commit")

GROUP_MAX_S = 0.02
"""The time of a processor that writing a group may take: who writes next waits for it, the dispatcher too. A
group whose items are dear (each event for a hundred hooks) is smaller for it. What it waits for, a disk, a
lock, other threads, would be waited for by a smaller one too, and does not count.
"""


class Ended(msgspec.Struct, frozen=True):
    """How it ended with one item: what `run` gave for it, or why not."""

    key: Any
    """What its caller knows it by."""
    result: Any
    error: BaseException | None


Tell = Callable[[list[Ended]], None]


class _Waiting(msgspec.Struct, frozen=True):
    item: Any
    key: Any
    tell: Tell


@dataclass(slots=True)
class _Group:
    """What one transaction writes."""

    members: list[_Waiting] = field(default_factory=list)
    is_settled: bool = False
    """It was told how it ended, and takes nobody in any more."""


class GroupCommit:
    """Group commit: what many callers add while a commit is under way goes into the next one together.

    A commit at synchronous=FULL costs a sync of the disk; 32 publishers that each wait for their own reached
    5,200 a second, sharing 16,600. If one item spoils the group, each is tried alone, so that nobody pays for
    a neighbour.
    """

    def __init__(
        self,
        database: Database,
        run: Callable[[list[Any]], list[Any]],
        committed: Callable[[list[Any]], None],
        size_max: int,
        size_of: Callable[[Any], int] = lambda item: 1,
        time_s: Callable[[], float] = time.thread_time,
    ) -> None:
        """`run` writes a list of items in one transaction and returns one result for each; `committed` is
        told after it which. A group has at most `size_max` by the sizes of its items, and less where that
        would take longer than GROUP_MAX_S as the groups before did; or it is one item.
        """
        self._database = database
        self._run = run
        self._committed = committed
        self._size_max = size_max
        self._size_of = size_of
        self._time_s = time_s
        self._cost_s = 0.0
        """What one unit of size has lately taken."""
        self._lock = threading.Lock()
        self._pending: list[_Waiting] = []
        self._is_flushing = False

    def add(self, item: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        # Whoever stops waiting for it must not be able to cancel it: it is in a group with others.
        future.set_running_or_notify_cancel()
        self.add_for(item, future, _settle_futures)
        return future

    def add_for(self, item: Any, key: Any, tell: Tell) -> None:
        """Have `tell` called when the item's commit is over: once, with all items of that commit that were
        added with the same `tell`, on a writer's thread. An event loop is so woken once a commit. `tell` must
        return at once; what it raises is logged.
        """
        with self._lock:
            self._pending.append(_Waiting(item, key, tell))
            if self._is_flushing:
                return
            self._is_flushing = True
        self._flush()

    @property
    def waiting(self) -> int:
        return len(self._pending)

    def _next_size(self) -> tuple[int, int]:
        """How many of those that wait go into the next group, and their size."""
        limit = self._size_max
        if self._cost_s:
            limit = min(limit, int(GROUP_MAX_S / self._cost_s))
        total = 0
        for n, waiting in enumerate(self._pending):
            size = self._size_of(waiting.item)
            if n and total + size > limit:
                return n, total
            total += size
        return len(self._pending), total

    def _flush(self) -> None:
        group = _Group()

        def run() -> list[Any]:
            size = 0
            with self._lock:
                if not group.members and not group.is_settled:  # kept if the transaction is run again
                    # Taken when the turn has come, so that the latest comers are in.
                    n, size = self._next_size()
                    group.members = self._pending[:n]
                    del self._pending[:n]
            began_at = self._time_s()
            results = self._run([member.item for member in group.members])
            if size:
                self._cost_s = (self._cost_s + (self._time_s() - began_at) / size) / 2
            return results

        self._database.write(run).add_done_callback(lambda done: self._settle(group, done))

    def _settle(self, group: "_Group", done: "Future[list[Any]]") -> None:
        error = done.exception()
        with self._lock:
            group.is_settled = True
            members = group.members
            if isinstance(error, StoreUnavailable):  # who waits behind them would wait as long for the same
                members, self._pending = [*members, *self._pending], []
            self._is_flushing = has_more = bool(self._pending)
        if has_more:
            self._flush()
        if error is None:
            self._ended(members, done.result())
        elif len(members) == 1 or isinstance(error, StoreUnavailable):
            _tell([(member, Ended(member.key, None, error)) for member in members])
        else:
            for member in members:
                self._alone(member)

    def _alone(self, member: _Waiting) -> None:
        def settle(done: "Future[list[Any]]") -> None:
            error = done.exception()
            if error is not None:
                _tell([(member, Ended(member.key, None, error))])
            else:
                self._ended([member], done.result())

        self._database.write(lambda: self._run([member.item])).add_done_callback(settle)

    def _ended(self, members: list[_Waiting], results: Sequence[Any]) -> None:
        self._committed([member.item for member in members])
        _tell(
            [
                (member, Ended(member.key, result, None))
                for member, result in zip(members, results, strict=True)
            ]
        )


def _tell(ended: list[tuple[_Waiting, Ended]]) -> None:
    """Each who waits once."""
    told: dict[Tell, list[Ended]] = {}
    for member, end in ended:
        told.setdefault(member.tell, []).append(end)
    for tell, ends in told.items():
        try:
            tell(ends)
        except Exception:  # an event loop that has ended; the others wait still
            log.exception("fault in telling that a commit is over")


def _settle_futures(ended: list[Ended]) -> None:
    for end in ended:
        if end.error is not None:
            end.key.set_exception(end.error)
        else:
            end.key.set_result(end.result)

"""Many HTTP requests at once in one thread, each under its own deadlines.

Owns that thread and the order of an exchange in it: judge the URL, have the name looked up by others, judge
its addresses, send. It must never wait for one receiver or one name: only for whichever comes first. Step
before: `hub.engine.senders` submits a job. Step after: `hub.targets.http.multi` drives the transfers, and the
job is told what came of it.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

import pycurl

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.http.exchange import Handle
from hub.targets.http.failure import not_begun
from hub.targets.http.helper import Helper
from hub.targets.http.multi import Multi
from hub.targets.http.selector import Selector
from hub.targets.http.sending import Sending, checked
from hub.targets.http.sites import IDLE_S, Site, place_of
from hub.targets.machine import descriptor_limit, shortage
from hub.targets.resolver import too_late
from hub.targets.transport import LOST, Job

log = logging.getLogger(__name__)

CONNECTIONS_SHARE = 0.25
"""The part of the process's descriptors up to which connections that rest are kept."""
CONNECTIONS_MAX = 1024
HANDLES_KEPT = 256
"""Idle libcurl handles, without connections of their own."""
YOUNG_S = 0.002
"""So long handshakes may go on before whoever waits for less is asked again."""
FAULT_PAUSE_S = 0.1


@dataclass(slots=True)
class _Lookup:
    """A request that waits for the addresses of a name."""

    job: Job
    sending: Sending
    future: Future[list[str]]
    is_over: bool = False


@dataclass(order=True, slots=True)
class _Deadline:
    at: float
    number: int
    lookup: _Lookup = field(compare=False)


class Loop:
    """A thread that sends. It starts with the first job."""

    def __init__(
        self,
        name: str,
        addresses: Addresses,
        make: Callable[[], Handle],
        prepare_thread: Callable[[], None],
        give_back: Callable[[], None],
        helper: Callable[[Selector], Helper] | None = None,
    ) -> None:
        """`give_back` is called when our machine is out of descriptors or their kind: to close what rests
        anywhere. `helper`: how to make the loop's own, if it is to have one.
        """
        self._addresses = addresses
        self._make = make
        self._prepare_thread = prepare_thread
        self._give_back_all = give_back
        self._connections_max = max(1, min(CONNECTIONS_MAX, int(descriptor_limit() * CONNECTIONS_SHARE)))
        self._multi: Multi | None = None
        self._multis: list[Multi] = []
        """The one that takes requests, and one that only lets its last ones end."""
        self._handles: list[Handle] = []
        self._lookups: list[_Deadline] = []
        self._numbers = itertools.count()
        self._used_at = 0.0
        self.selector: Selector
        """There is one from the first job on."""
        self._is_closing = False
        self._starting = threading.Lock()
        self._make_helper = helper
        self._helper: Helper | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    # From any thread

    def submit(self, job: Job) -> None:
        """Send it; the job is told what came of it. Raises RuntimeError or OSError when the system gives no
        thread.
        """
        self.call(partial(self._begin, job))

    def has_begun(self) -> threading.Event:
        """Set once each job that was submitted before has begun."""
        begun = threading.Event()
        if self._thread.ident is None:
            begun.set()
        else:
            self.call(begun.set if self._helper is None else partial(self._helper.tell_begun, begun))
        return begun

    def give_back(self) -> None:
        """Close the connections that rest."""
        if self._thread.is_alive():
            self.call(self._renew)
            if self._helper is not None:
                self.call(self._helper.give_back)

    def close(self) -> None:
        """Close the connections that rest, and end when nothing is under way any more."""
        self._is_closing = True
        if self._thread.is_alive():
            self.call(self._renew)

    def call(self, what: Callable[[], None]) -> None:
        """Have it done by the loop. Raises RuntimeError or OSError when the system gives no thread."""
        if self._thread.ident is None:
            self._start()
        self.selector.call(what)

    def _start(self) -> None:
        with self._starting:
            if self._thread.ident is None:
                self.selector = Selector()
                self._helper = self._make_helper(self.selector) if self._make_helper else None
                try:
                    self._thread.start()
                except RuntimeError:
                    self.selector.close()
                    raise

    # On the loop's thread

    def _run(self) -> None:
        try:
            self._prepare_thread()
        except Exception:
            log.exception("a sending loop goes on as it is")
        while not (self._is_closing and not self.selector.has_calls and self._is_idle()):
            try:
                self._turn()
            except Exception:
                log.exception("fault in a sending loop: what it had under way is broken off")
                self._break_off()
                time.sleep(FAULT_PAUSE_S)
        self._break_off()
        if self._helper is not None:
            self._helper.close()
        self.selector.close()

    def _is_idle(self) -> bool:
        is_looking_up = any(not one.lookup.is_over for one in self._lookups)
        is_helped = self._helper is not None and not self._helper.is_idle
        return not is_looking_up and not is_helped and all(multi.is_idle for multi in self._multis)

    def _turn(self) -> None:
        """Take in what was submitted, wait for what comes first, go on with it."""
        self.selector.act()
        for multi in self._multis:
            multi.act_when_due()
        self._collect()
        self._act(self.selector.wait(self._wait_s))
        self._look_at_clock()

    def _wait_s(self) -> float | None:
        """How long there is nothing to do, unless something comes; None for ever."""
        if self._is_closing and self._is_idle():
            return 0
        now = time.monotonic()
        dues = [due_in_s for multi in self._multis if (due_in_s := multi.due_in_s) is not None]
        if self._lookups:
            dues.append(self._lookups[0].at - now)
        if self._multi is not None and self._multi.is_idle:
            dues.append(self._used_at + IDLE_S - now)
        if self._helper is not None and self._helper.due_at is not None:
            dues.append(self._helper.due_at - now)
        return max(0.0, min(dues)) if dues else None

    def _act(self, ready: list[tuple[int, int]]) -> None:
        """Go on where a socket is ready, last with handshakes, and with those only for a moment: they would
        hold up a hundred answers each. What is left is ready still.
        """
        young = []
        for descriptor, events in ready:
            for multi in self._multis:
                if multi.watches(descriptor):
                    if multi.is_young(descriptor):
                        young.append((multi, descriptor, events))
                    else:
                        multi.act(descriptor, events)
                    break
        until = time.monotonic() + YOUNG_S
        for multi, descriptor, events in young:
            if multi.watches(descriptor):
                multi.act(descriptor, events)
            if time.monotonic() >= until:
                break

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        while self._lookups and (self._lookups[0].at <= now or self._lookups[0].lookup.is_over):
            lookup = heapq.heappop(self._lookups).lookup
            if not lookup.is_over:
                lookup.is_over = True
                sending = lookup.sending
                waited_s = min(sending.connect_s, sending.total_s)
                self._fail(lookup.job, too_late(lookup.future, sending.target.host, waited_s))
        if self._multi is not None and self._multi.is_idle and now >= self._used_at + IDLE_S:
            self._renew()
        if self._helper is not None and self._helper.due_at is not None and now >= self._helper.due_at:
            self._helper.look(now)

    def _begin(self, job: Job) -> None:
        began = time.monotonic()
        try:
            request = job.request()
            if self._helper is not None:
                others = sum(multi.under_way for multi in self._multis)
                if self._helper.takes(job, request, others):
                    return
            parcel, timeouts = request.parcel, (request.connect_timeout_s, request.total_timeout_s)
            sending = checked(
                self._addresses,
                parcel.method,
                request.url,
                parcel.headers,
                parcel.body,
                timeouts,
                request.verify_ssl,
                began,
            )
            site = self._fresh(sending, began)
            if site is None and sending.target.address is None:
                self._look_up(job, sending)
            else:
                self._send(job, sending, site or self._pinned(sending, self._addresses.of(sending.target, 0)))
        except Exception as error:
            self._fail(job, error)

    def _fresh(self, sending: Sending, now: float) -> Site | None:
        return self._current().sites.fresh((sending.target.host, sending.target.port), now)

    def _pinned(self, sending: Sending, addresses: Sequence[str]) -> Site:
        return self._current().sites.pin(place_of(sending.target), addresses, time.monotonic())

    def _look_up(self, job: Job, sending: Sending) -> None:
        lookup = _Lookup(job, sending, self._addresses.ask(sending.target))
        until = sending.began + min(sending.connect_s, sending.total_s)
        heapq.heappush(self._lookups, _Deadline(until, next(self._numbers), lookup))
        lookup.future.add_done_callback(lambda _: self.call(partial(self._looked_up, lookup)))

    def _looked_up(self, lookup: _Lookup) -> None:
        if lookup.is_over:
            return
        lookup.is_over = True
        try:
            found, sending = lookup.future.result(), lookup.sending
            site = self._fresh(sending, time.monotonic()) or self._pinned(
                sending, self._addresses.judged(sending.target, found)
            )
            self._send(lookup.job, sending, site)
        except Exception as error:
            self._fail(lookup.job, error)

    def _send(self, job: Job, sending: Sending, site: Site) -> None:
        handle = self._handles.pop() if self._handles else self._make()
        self._used_at = sending.began
        self._current().begin(handle, sending, site, job)

    def _collect(self) -> None:
        """Tell each job whose transfer has ended."""
        for multi in list(self._multis):
            for handle, job, code, text in multi.ended():
                self._end(handle, job, code, text)
            if multi.is_at_fault:
                raise OSError("a socket could not be watched")
            if multi is not self._multi and multi.is_idle:
                self._multis.remove(multi)
                multi.close()

    def _end(self, handle: Handle, job: Job, code: int, text: str) -> None:
        try:
            receipt = handle.end(code, text)
        except Exception as error:
            self._fail(job, error)
        else:
            try:
                job.answered(receipt)
            except Exception:
                log.exception(LOST)
        if len(self._handles) < HANDLES_KEPT:
            self._handles.append(handle)
        else:
            handle.close()

    def _fail(self, job: Job, error: Exception) -> None:
        if isinstance(error, pycurl.error):
            error = not_begun(error)
        if isinstance(error, DeliveryError) and error.fault == "hub" and shortage() is not None:
            self._give_back_all()
        try:
            job.failed(error)
        except Exception:
            log.exception(LOST)

    def _current(self) -> Multi:
        """What takes requests. Raises pycurl.error when libcurl gives none."""
        if self._multi is None:
            self._multi = Multi(self.selector.epoll, self._connections_max)
            self._multis.append(self._multi)
        return self._multi

    def _renew(self) -> None:
        """Close the connections that rest: at once, or, where some are in use, as those end."""
        multi = self._multi
        if multi is None:
            return
        if multi.is_idle:
            self._multis.remove(multi)
            multi.close()
        elif len(self._multis) == 1:
            multi.keep_few()
        else:  # one is leaving already
            return
        self._multi = None

    def _break_off(self) -> None:
        self._multi = None
        while self._multis:
            for job in self._multis.pop().close():
                self._fail(
                    job,
                    DeliveryError("the hub broke it off by a fault of its own", "sent", "hub", was_sent=True),
                )

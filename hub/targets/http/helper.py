"""A sending loop's helper, seen from the loop: a process of its own while there is much to send.

Owns when it is there, what it was asked, and what becomes of that when it ends. An interpreter runs one
thread at a time: under load those that accept and record leave the one that sends too little. A helper is
started by load and ends after a rest, so an idle hub is one small process. It has no database and no say:
requests come signed, answers are judged elsewhere. Used by the loop's thread alone. Step before:
`hub.targets.http.loop` begins a job. Step after: the job is told what came back.
"""

import itertools
import logging
import socket
import subprocess
import sys
import threading
import time
from typing import NamedTuple

import msgspec
from msgspec import json

from connectors.base import Answer
from hub.errors import DeliveryError
from hub.targets.cores import on_any_core
from hub.targets.http.channel import (
    Answered,
    Asked,
    Begun,
    Channel,
    Failed,
    GiveBack,
    Logged,
    Message,
)
from hub.targets.http.selector import Selector
from hub.targets.own_places import OwnPlaces
from hub.targets.transport import LOST, Job, Receipt, Request

log = logging.getLogger(__name__)

PROGRAM = "hub.targets.http.helper_process"
BUSY_S = 2.0
"""So long after a busy second it is handed all that begins; then the loop sends again."""
REST_S = 30.0
"""It ends after so long without a busy second."""
AGAIN_AFTER_S = 30.0
"""So long after it could not start, or ended by itself, another one is tried."""
SILENT_S = 5.0
"""It is ended when a request is overdue by so much and it has said nothing for so long: it is stopped, or
stuck. A lease lasts longer.
"""
ENDED = "the hub's sending process ended before the answer"
LARGE_BODY_BYTES = 65_536
"""To hand over a larger one costs as much as to send it."""


class SetUp(msgspec.Struct):
    """What a helper is started with: what it may reach, and how it knows who answers."""

    allow: list[str]
    ports: list[int]
    ca_file: str
    own_places: OwnPlaces | None


class Load(NamedTuple):
    """What makes a second a busy one."""

    per_s: int = 500
    """So many requests are worth a helper's start (0.1 s of a core) and its memory (25 MB)."""
    others: int = 24
    """Only those count that begin beside so many others. Of fewer few go together, and to hand them over
    costs as much as to send them.
    """


BUSY = Load()


class Helper:
    """The helper of one loop."""

    def __init__(self, set_up: SetUp, selector: Selector, program: str = PROGRAM, load: Load = BUSY) -> None:
        self.is_ready = False
        """It takes requests."""
        self._set_up = set_up
        self._selector = selector
        self._program = program
        self._load = load
        self._channel: Channel | None = None
        self._process: subprocess.Popen[bytes]
        """There is one when there is a channel."""
        self._numbers = itertools.count(1)
        self._jobs: dict[int, tuple[Job, float]] = {}
        """Each with its deadline."""
        self._heard_at = 0.0
        self._barriers: dict[int, threading.Event] = {}
        self._second, self._begun = 0.0, 0
        self._busy_at = self._failed_at = -AGAIN_AFTER_S

    @property
    def is_idle(self) -> bool:
        """Nothing is under way by it."""
        return not self._jobs

    @property
    def due_at(self) -> float | None:
        """When `look` is to be called, by the monotonic clock."""
        if self._channel is None:
            return None
        if self.is_idle:
            return self._busy_at + REST_S
        _, deadline = next(iter(self._jobs.values()))
        return max(deadline, self._heard_at) + SILENT_S

    def takes(self, job: Job, request: Request, others: int) -> bool:
        """Whether it sends this; then the job is told what came of it. False leaves it to the loop, which has
        so many `others` under way.
        """
        now = time.monotonic()
        if others + len(self._jobs) >= self._load.others:
            self._count(now)
        channel, parcel = self._channel, request.parcel
        if channel is None or not self.is_ready or now >= self._busy_at + BUSY_S:
            return False
        if len(parcel.body) > LARGE_BODY_BYTES:
            return False
        number = next(self._numbers)
        asked = Asked(
            number,
            parcel.method,
            request.url,
            dict(parcel.headers),
            parcel.body,
            request.verify_ssl,
            request.connect_timeout_s,
            request.total_timeout_s,
        )
        try:
            channel.put(asked)
        except (TypeError, UnicodeError):  # it cannot be said; the loop says why it cannot be sent
            return False
        self._jobs[number] = job, now + request.total_timeout_s
        return True

    def tell_begun(self, begun: threading.Event) -> None:
        """Set it once each request that the helper took before has begun."""
        if self._channel is None or not self._jobs:
            begun.set()
            return
        number = next(self._numbers)
        self._barriers[number] = begun
        self._channel.put(Begun(number))

    def give_back(self) -> None:
        """Have it close the connections that rest."""
        if self._channel is not None:
            self._channel.put(GiveBack())

    def look(self, now: float) -> None:
        """End it when there has been little to do for long, or when it does nothing for what there is."""
        if self.due_at is None or now < self.due_at:
            return
        if not self.is_idle:
            log.error("the helper of a sending loop says nothing more: what it has under way is tried again")
            self._failed_at = now
        self.close()

    def close(self) -> None:
        """End it at once; what it had under way is broken off."""
        if self._channel is not None:
            self._channel.close()
            self._forget()

    def _count(self, now: float) -> None:
        """One more is to be sent: start a helper where that makes too many."""
        if now >= self._second + 1.0:
            self._second, self._begun = now, 0
        self._begun += 1
        if self._begun >= self._load.per_s:
            self._busy_at = now
            if self._channel is None and now >= self._failed_at + AGAIN_AFTER_S:
                try:
                    self._start()
                except Exception as error:
                    log.warning("a sending loop goes on without a helper: %s", error)
                    self._failed_at = now

    def _start(self) -> None:
        """Raises: whatever keeps it from starting."""
        ours, theirs = socket.socketpair()
        try:
            with theirs, on_any_core():
                # -P: a folder `hub` in the working directory is not this program.
                self._process = subprocess.Popen(
                    [
                        sys.executable,
                        "-P",
                        "-m",
                        self._program,
                        str(theirs.fileno()),
                        json.encode(self._set_up),
                    ],
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    process_group=0,  # signals at a terminal go to this process, not to what it starts
                )
            threading.Thread(target=self._process.wait, name="helper-end", daemon=True).start()
            self._channel = Channel(ours, self._selector, self._came, self._gone)
        except Exception:
            ours.close()
            raise

    def _came(self, message: Message) -> None:
        self._heard_at = time.monotonic()
        match message:
            case Answered() as one:
                answer = Answer(one.status, headers=one.headers, body=one.body)
                job, _ = self._jobs.pop(one.number)
                job.answered(Receipt(answer, one.phase, one.peer, one.duration_s, one.note, one.phases_ms))
            case Failed() as one:
                job, _ = self._jobs.pop(one.number)
                job.failed(
                    DeliveryError(one.reason, one.phase, one.fault, one.peer, one.was_sent, one.phases_ms)
                )
            case Begun(0):
                self.is_ready = True
            case Begun(number):
                self._barriers.pop(number).set()
            case Logged(level, logger, text):
                logging.getLogger(logger).log(level, "helper: %s", text)
            case _:
                raise AssertionError(message)

    def _gone(self) -> None:
        log.error("the helper of a sending loop has ended: what it had under way is tried again")
        self._failed_at = time.monotonic()
        self._forget()

    def _forget(self) -> None:
        self._channel, self.is_ready = None, False
        self._process.kill()  # one that is stopped would not hear that the channel has ended
        jobs, self._jobs = self._jobs, {}
        barriers, self._barriers = self._barriers, {}
        for job, _ in jobs.values():
            try:
                job.failed(DeliveryError(ENDED, "sent", "hub", was_sent=True))
            except Exception:
                log.exception(LOST)
        for barrier in barriers.values():
            barrier.set()

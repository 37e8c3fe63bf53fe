"""Worker processes: the ones that `serve` starts beside itself.

Owns their life: started when the hub listens, started again when one dies, dismissed when it stops. None
outlives its parent: each child holds the reading end of a pipe whose writing end only the parent has, and
stops when that ends, also when the parent was killed. (A death signal, PR_SET_PDEATHSIG, would come when the
thread that started the child ends, not the process.) What comes through the pipe wakes the child's
dispatcher.
"""

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

from hub.store.clock import Clock

log = logging.getLogger("hub.commands.worker_processes")

WATCH_EVERY_S = 0.2
PAUSE_S = 1.0
PAUSE_MAX_S = 30.0
HEALTHY_S = 60.0
STOP_S = 18.0
"""Longer than `app.STOP_S`: a child ends by itself before."""


class WorkerProcesses:
    """`count` of them, with the same data, environment and clock as this process: one that is started after
    the wall clock has stepped must not think that the others' leases have ended. They are told where this
    process listens, because nothing may be sent there.
    """

    def __init__(self, count: int, data_dir: str | None, clock: Clock, host: str, port: int) -> None:
        self._count = count
        self._command = [
            sys.executable,
            "-P",  # not from the working directory: a folder `hub` there would be taken for the program
            "-m",
            "hub.cli",
            "worker",
            "--until-stdin-ends",
            f"--boot-epoch={clock.boot_epoch_s!r}",
            f"--host={host}",
            f"--port={port}",
            *(["--data", data_dir] if data_dir else []),
        ]
        self._children: list[Child] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="worker-processes", daemon=True)

    def __enter__(self) -> "WorkerProcesses":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dismiss()
        self._wait()

    def start(self) -> None:
        # This process stays on the core of its own id.
        self._children = [
            Child([*self._command, f"--core={os.getpid() + 1 + n}"]) for n in range(self._count)
        ]
        if self._children:
            self._thread.start()

    def wake(self) -> None:
        """There may be something to send: what this process took in they would see only when they look by
        themselves.
        """
        for child in self._children:
            child.wake()

    def dismiss(self) -> None:
        """Ask all of them to stop; returns at once."""
        self._is_over.set()
        for child in self._children:
            child.release()

    def _wait(self) -> None:
        if self._thread.is_alive():
            self._thread.join()
        self.dismiss()  # again: one may have been started anew meanwhile
        deadline = time.monotonic() + STOP_S
        for child in self._children:
            child.end(max(0.1, deadline - time.monotonic()))

    def _watch(self) -> None:
        while not self._is_over.wait(WATCH_EVERY_S):
            for child in self._children:
                child.look_after()


class Child:
    """One worker process, and when it may be started again."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._pause_s = PAUSE_S
        self._start_at = 0.0
        self._piping = threading.Lock()
        """Around the pipe: a descriptor that is closed may be somebody else's at once."""
        self._start()

    def look_after(self) -> None:
        """Start it again when it has died; one that keeps dying is given longer and longer pauses."""
        if self._process.poll() is None:
            return
        now = time.monotonic()
        if self._start_at == 0.0:
            self.release()
            if now - self._started_at > HEALTHY_S:
                self._pause_s = PAUSE_S
            log.warning(
                "worker %s ended with %s; starting another in %.0f s",
                self._process.pid,
                self._process.returncode,
                self._pause_s,
            )
            self._start_at = now + self._pause_s
            self._pause_s = min(self._pause_s * 2, PAUSE_MAX_S)
        elif now >= self._start_at:
            self._start_at = 0.0
            self._start()

    def wake(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with self._piping:
            if not pipe.closed:
                with contextlib.suppress(OSError):  # it is full, so it will wake; or the child has just ended
                    os.write(pipe.fileno(), b"\n")

    def release(self) -> None:
        assert self._process.stdin is not None
        with self._piping, contextlib.suppress(OSError):
            self._process.stdin.close()

    def end(self, timeout_s: float) -> None:
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            log.warning(
                "worker %s did not stop in time and was killed; its leases bring its deliveries back",
                self._process.pid,
            )
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)
        self._process = process


def when_parent_ends(stop: Callable[[], None], woken: Callable[[], None] = lambda: None) -> None:
    """Call `stop` once standard input ends, and end this process for good if that is not enough; call `woken`
    each time the parent says that there may be something to send.
    """

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                woken()
        stop()
        time.sleep(STOP_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()

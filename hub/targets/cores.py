"""Cores: which one the threads of a process that delivers stay on, and what they start does not.

Owns the choice. Step before: a process starts its dispatcher and its sending threads; `serve` gives each of
the workers that it starts the next core.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def stay_on_one_core(core: int | None = None) -> None:
    """Keep this thread on the process's core, the `core`th of those that it may use, counted around.

    Threads that send hold the interpreter's lock in turns; on two cores they fight for it. Measured with a
    publisher and six hooks on two cores: pinned 3,300 deliveries and 1,200 publications a second, free 1,900
    and 650. The event loop stays free to move.
    """
    if hasattr(os, "sched_setaffinity"):  # Linux
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[(os.getpid() if core is None else core) % len(cores)]})


@contextmanager
def on_any_core() -> Iterator[None]:
    """Let this thread, and so what it starts meanwhile, run wherever the process's first thread may."""
    if not hasattr(os, "sched_setaffinity"):  # no Linux
        yield
        return
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, os.sched_getaffinity(os.getpid()))
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)

"""The expander: writes the deliveries of large fan-outs, part by part (docs/design/fan-outs.md).

Owns one thread and its pace: a turn of a few milliseconds at the writer, then a rest twice as long. Projects
have their turns one after the other. So a fan-out of any size keeps neither single events nor other projects
waiting.
Step before: `store.events.deliver` has put deliveries off. Step after: the dispatcher, woken after each turn.
"""

import logging
import threading
import time
from collections.abc import Callable

from hub.engine.alarm import Alarm
from hub.errors import StoreUnavailable
from hub.store import fan_outs
from hub.store.database import Database

log = logging.getLogger("hub.engine.expander")

ROWS_MAX = 100
"""Deliveries of one turn, which publishers and the dispatcher wait for."""
REST = 2.0
"""So many times as long as a turn took it rests: waiting for the writer counts, so that it gives way under
load.
"""
POLL_S = 1.0
"""What a process that has died has left is seen at the latest then."""
TROUBLE_S = 1.0


class Expander:
    """That of one process."""

    def __init__(
        self, database: Database, wake: Callable[[], None], lease: fan_outs.Lease | None = None
    ) -> None:
        """`wake` is called after each turn that wrote something. `lease` takes what need not wait for a claim
        (`arrivals`).
        """
        self._database = database
        self._wake = wake
        self._lease = lease
        self._alarm = Alarm()
        self._last_project = 0
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="expander", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What is not written yet is written after the next start."""
        self._is_stopping = True
        self._alarm.set()
        if self._thread.is_alive():
            self._thread.join()

    def go(self) -> None:
        """There may be something to write."""
        self._alarm.set()

    def turn(self) -> int:
        """Write some deliveries of the project whose turn it is; 0 when there are none to write."""
        project_id = self._database.read(lambda: fan_outs.next_project(self._last_project))
        if project_id is None:
            return 0
        self._last_project = project_id
        # Not synced: a part that is lost with its machine's power is there again with its deliveries gone.
        written = self._database.write(
            lambda: fan_outs.write_some(self._database, project_id, ROWS_MAX, self._lease),
            waits=True,
            is_synced=False,
        ).result()
        self._wake()
        return written

    def _run(self) -> None:
        while not self._is_stopping:
            began_at = time.monotonic()
            try:
                written = self.turn()
                rest_s = REST * (time.monotonic() - began_at)
            except StoreUnavailable as error:
                log.warning("%s (%s); trying again", error, error.detail)
                written, rest_s = 1, TROUBLE_S
            except Exception:  # a bug of one turn: the parts are there still
                log.exception("fault in writing the deliveries of a fan-out")
                written, rest_s = 1, TROUBLE_S
            if written and not self._is_stopping:
                time.sleep(rest_s)
            else:
                self._alarm.wait(POLL_S)

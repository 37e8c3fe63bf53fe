"""Test calls: a source is called as its sender would call it, through the real check.

Owns what such a call says and what is told of it. It is signed with the source's own secret, goes the way of
every request to it (`operations.inbound`), and publishes a real event that says `"test": true`. What is
refused is told to whoever pressed, and not listed among the refused requests.
"""

from dataclasses import dataclass

from connectors import trial
from connectors.inbound import Received
from connectors.trial import Trial
from hub.engine.intake import Receipt
from hub.errors import Conflict, Invalid
from hub.ids import new_id
from hub.operations.inbound import Inbound, Live, TooFast, Unproved, reason_of
from hub.operations.projects import check_open
from hub.operations.sources import Sources
from hub.rules.access import Requester
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.sources import Source

NO_SECRET = "this source has no secret yet: give it one, then test it"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a test call."""

    receipt: Receipt | None
    """None: it was refused, or the source made no event of it."""
    reason: str | None = None
    """Why it was refused, in one sentence."""


class SourceTrials:
    """The test calls of all sources, for one process. Any thread but the event loop's may call this."""

    def __init__(self, database: Database, sources: Sources, inbound: Inbound) -> None:
        self._database = database
        self._sources = sources
        self._inbound = inbound

    def trial(self, requester: Requester, project: Project, source: Source) -> Trial | None:
        """What a test call of this source says; None where none can be made up.

        Raises: Forbidden, NotFound.
        """
        self._sources.get(requester, project, source.id)
        live = self._inbound.fresh(source.id)
        return None if live is None else _trial(live)

    def send(self, requester: Requester, project: Project, source_id: str, bytes_max: int) -> Tried:
        """Raises: Forbidden, NotFound; Conflict: it cannot be tried as it is; Busy."""
        source = self._sources.get(requester, project, source_id)
        check_open(project)
        live = self._inbound.fresh(source.id)
        said = None if live is None else _trial(live)
        if live is None or said is None:
            raise Conflict("nobody here knows how a sender of this kind calls", title="No test")
        if not source.is_on:
            raise Conflict(
                "this source is switched off and drops what comes: switch it on first", title="Off"
            )
        if live.kind is not None and live.kind.secret_from != "nowhere" and not live.secrets:
            raise Conflict(NO_SECRET, title="No secret")

        call = trial.made(
            said,
            url=self._sources.url(source),
            secret=live.secrets[0] if live.secrets else "",
            call_id=new_id("test").replace("_", "-"),
            now=self._database.clock.now(),
        )
        return self._taken(live, self._inbound.received(live, call.headers, call.query, call.body), bytes_max)

    def _taken(self, live: Live, received: Received, bytes_max: int) -> Tried:
        try:
            taken = self._inbound.take(live, received, bytes_max)
        except (Unproved, TooFast, Invalid) as refused:
            return Tried(None, reason_of(refused))
        if taken.committed is None:
            return Tried(None)
        [receipt] = taken.committed.result()
        return Tried(receipt)


def _trial(live: Live) -> Trial | None:
    if live.kind is None:
        return None
    return live.kind.trial(live.settings, live.secrets[0] if live.secrets else "")

"""What arrives at a source: proved, read, published, and counted where it is refused.

Owns the way of one request from its raw bytes to the intake, for any kind. The sender is checked first, and
nothing is read before. Then a handshake is answered, or the payload read strictly and published with the
sender's id as the key. Cheap enough for the event loop but for large bodies. Step before: a door has read the
body. Step after: `operations.publishing`.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors import inbound, registry
from connectors.inbound import Arrived, Document, Received, Reply, Unreadable
from hub.engine.intake import Receipt
from hub.engine.source_counts import SourceCounts
from hub.errors import Invalid, Refusal, TooLarge
from hub.operations.publishing import Publishing
from hub.operations.recent import Recent
from hub.operations.sources import address_of
from hub.rules import hops
from hub.rules.access import Requester
from hub.rules.bucket import Bucket, filled
from hub.rules.pace import RateLimit
from hub.rules.payload import Published
from hub.rules.refused_request import shown_body, shown_headers
from hub.rules.strict_json import decode, read_object
from hub.store import projects, sources
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.secrets import SecretBox
from hub.store.sources import GONE_DAYS, Source

REASON_CHARS = 300


class Unproved(Refusal):
    """Nothing proves that the request comes from the source's sender."""

    title = "Not accepted"


class TooFast(Refusal):
    """The source has taken as many requests as it may in a second."""

    title = "Too many requests"


@dataclass(frozen=True, slots=True)
class Live:
    """A source as requests meet it."""

    source: Source
    kind: inbound.Source | None
    """None: its package is not installed any more."""
    settings: Mapping[str, str]
    """All that its kind asks for: what a newer release asks for besides has its default."""
    secrets: tuple[str, ...]
    project: Project | None

    @property
    def is_over(self) -> bool:
        return self.source.deleted_at is not None or self.project is None

    @property
    def takes_events(self) -> bool:
        return self.source.is_on and self.project is not None and not self.project.is_archived


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a proved request: the answer to a handshake, or an event that is being written; with
    neither nothing is kept.
    """

    reply: Reply | None = None
    committed: "Future[list[Receipt]] | None" = None


class Inbound:
    """Requests of all sources, for one process."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        publishing: Publishing,
        counts: SourceCounts,
        base_url: str,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._box = box
        self._publishing = publishing
        self._counts = counts
        self._base_url = base_url
        self._recent: Recent[str, Live] = Recent(self._find)
        self._paces = _Paces(monotonic_s)

    def recently(self, source_id: str) -> Live | None:
        """From memory only, for the event loop; None: ask `find`."""
        return self._recent.recent(source_id)

    def takes_time(self, live: Live) -> bool:
        """Whether `take` is too slow for the event loop, because filters are asked."""
        return live.project is not None and self._publishing.takes_time(live.project)

    def find(self, source_id: str) -> Live | None:
        """None for an unknown id, and one that has been gone for long enough."""
        return self._recent.get(source_id)

    def fresh(self, source_id: str) -> Live | None:
        """As the database has it now, for whoever has just changed it."""
        return self._find([source_id]).get(source_id)

    def forget(self) -> None:
        """A source was changed here."""
        self._recent.forget()

    def take(self, live: Live, received: Received, data_bytes_max: int) -> Taken:
        """One request to a source that is there, whichever state it is in.

        Raises: Unproved, TooFast; Invalid: there is no event in it that could be kept; Busy.
        """
        self._prove(live, received)
        return self.take_proved(live, received, data_bytes_max)

    def take_proved(self, live: Live, received: Received, data_bytes_max: int) -> Taken:
        """The same for one that came in a way which proves it by itself: off a broker.

        Raises: TooFast; Invalid: there is no event in it that could be kept; Busy.
        """
        if not live.takes_events:
            self._counts.drop(live.source.id)
            return Taken()
        rate_per_s = live.source.rate_per_s
        if rate_per_s is not None and not self._paces.take(live.source.id, rate_per_s):
            raise TooFast(f"this source takes {rate_per_s:g} requests a second")

        try:
            return self._read(live, received, data_bytes_max)
        except Unreadable as error:
            raise Invalid([("body", str(error))]) from error

    def refuse(self, live: Live, received: Received, status: int, reason: str, address: str | None) -> bool:
        """Keep what a source's owner needs to see why a request was not taken. True for the first one since
        the last were written: the others of that second need not be logged.
        """
        refusal = sources.RefusedRequest(
            self._database.clock.now(),
            status,
            reason[:REASON_CHARS],
            address,
            shown_headers(received.headers, live.settings.get("header", "").lower(), live.secrets),
            shown_body(received.body, live.secrets),
        )
        return self._counts.refuse(live.source.id, refusal)

    def received(
        self,
        live: Live,
        headers: Sequence[tuple[str, str]],
        query: Sequence[tuple[str, str]],
        body: bytes,
    ) -> Received:
        return Received(headers, body, address_of(self._base_url, live.source.id), query)

    def _prove(self, live: Live, received: Received) -> None:
        if live.kind is None:
            raise Unproved(f"no package here knows the kind {live.source.kind}")
        reason = live.kind.check(received, live.secrets, live.settings, self._database.clock.now())
        if reason is not None:
            raise Unproved(reason)

    def _read(self, live: Live, received: Received, data_bytes_max: int) -> Taken:
        kind, source = live.kind, live.source
        assert kind is not None, "it has proved the sender"
        payload = kind.payload(received, live.settings)
        if payload.lstrip(b" \t\r\n").startswith(b"["):
            # A list and nothing behind it: `[], "type": "x"` would write fields of the object.
            decode(payload, list[msgspec.Raw], "body", "a list")
            payload = b'{"items":' + payload + b"}"
        values = read_object(payload)
        slices = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
        document = Document(payload, values, {name: bytes(raw) for name, raw in slices.items()})

        reply = kind.greet(document)
        if reply is not None:
            return Taken(reply)
        now = self._database.clock.now()
        arrived = kind.read(received, document, live.settings, source.prefix, now)
        if arrived is None:
            return Taken()
        if len(arrived.data) > data_bytes_max:
            raise TooLarge([("body", f"has {len(arrived.data)} bytes; an event may have {data_bytes_max}")])
        return Taken(committed=self._publish(live, received, arrived))

    def _publish(self, live: Live, received: Received, arrived: Arrived) -> "Future[list[Receipt]]":
        source, project = live.source, live.project
        assert project is not None, "the source takes events"
        requester = Requester(f"source {source.name}".strip(), frozenset({"publish"}), project_id=project.id)
        event = Published(
            arrived.event_type,
            arrived.data,
            arrived.id or None,
            arrived.occurred_at,
        )
        led_here = hops.read(received.header(hops.HEADER) or None)
        return self._publishing.publish(requester, project, [event], hops=led_here, source_id=source.id)

    def refresh(self) -> None:
        """Look up again what was used lately."""
        self._recent.refresh()

    def _find(self, source_ids: Collection[str]) -> dict[str, Live]:
        now = self._database.clock.now()

        def read() -> dict[str, Live]:
            found = [one for one in map(sources.by_id, source_ids) if one is not None]
            there = [one for one in found if (one.deleted_at or now) >= now - GONE_DAYS * 86_400]
            return {one.id: self._live(one, projects.by_id(one.project_id), now) for one in there}

        return self._database.read(read)

    def _live(self, source: Source, project: Project | None, now: float) -> Live:
        kind = registry.find_source(source.kind)
        asked = () if kind is None else kind.settings
        settings = {**{setting.key: setting.default for setting in asked}, **source.settings}
        return Live(source, kind, settings, sources.secrets_of(self._box, source, now), project)


class _Paces:
    """A token bucket for each source that has a rate: as many requests at once as it takes in a second."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    def take(self, source_id: str, rate_per_s: float) -> bool:
        """False when it has taken as many as it may."""
        count = max(1, int(rate_per_s))
        with self._lock:
            left = filled(
                self._buckets.get(source_id), RateLimit(count, count / rate_per_s), self._monotonic_s()
            )
            may_go = left.whole > 0
            self._buckets[source_id] = left.taken(1) if may_go else left
        return may_go


def reason_of(refused: Refusal) -> str:
    """One sentence for the source's owner."""
    errors: Sequence[Any] = refused.errors
    return "; ".join(f"{field}: {message}" for field, message in errors) or refused.detail

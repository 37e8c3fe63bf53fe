"""Sources that read from brokers: their messages become events as requests to other sources do.

Owns a thread for each of them that is on, in the processes that serve. A message is acknowledged on its
broker only after its event is committed here, or after it is listed among what the source refused. So what a
crash cuts off comes again, and is known by its id. Where the hub cannot write, the message waits, and nothing
behind it is read. Step before: a broker. Step after: `operations.inbound`.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from connectors.inbound import Received
from connectors.sources.broker import FROM_START, POSITION
from connectors.sources.broker import SOURCE as KIND
from hub.engine.intake import Receipt
from hub.errors import DeliveryError, Invalid, Refusal, StoreUnavailable
from hub.operations.inbound import Inbound, Live, reason_of
from hub.operations.settings import ServerSettings
from hub.store import sources
from hub.store.database import Database
from hub.targets.brokers.client import Broker
from hub.targets.brokers.consuming import Consumer, Found, Place

log = logging.getLogger("hub.operations.broker_sources")

LOOK_EVERY_S = 2.0
"""How soon a source that was made, changed or switched is heard of."""
TAKE_S = 1.0
PAUSE_S = 1.0
STOP_S = 5.0
PAUSE_MAX_S = 60.0
REFUSED_STATUS = 422
UNREACHED_STATUS = 503
"""What the list of refusals shows for a broker that is not to be had."""
OPENED_S = 5.0

Find = Callable[[str], Broker | None]
Open = Callable[[Broker, Place, float], Consumer]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a reader is begun anew for when it changes."""

    broker: Broker | None
    name: str
    place: Place


class BrokerSources:
    """All of one process."""

    def __init__(
        self,
        database: Database,
        inbound: Inbound,
        settings: ServerSettings,
        find: Find,
        open_: Open,
        pause_s: float = PAUSE_S,
    ) -> None:
        """`find`: the connection of a name. `open_`: reads a place of it, its address judged within so many
        seconds. `pause_s`: how long something that failed is left alone at first.
        """
        self._database = database
        self._inbound = inbound
        self._settings = settings
        self._find = find
        self._open = open_
        self._pause_s = pause_s
        self._readers: dict[str, _Reader] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="broker-sources", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What has been taken off a broker and is not committed comes again."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join()
        for reader in self._readers.values():
            reader.is_over.set()
        ends_at = time.monotonic() + STOP_S
        for reader in self._readers.values():
            reader.thread.join(max(0.0, ends_at - time.monotonic()))  # a broker may say nothing any more

    def look(self) -> None:
        """Begin and end readers, as the sources are now."""
        found = self._database.read(lambda: sources.of_kind(KIND.key))
        wanted: dict[str, _Wanted] = {}
        for source in found:
            live = self._inbound.find(source.id)
            if live is not None and source.is_on and live.takes_events:
                wanted[source.id] = self._wanted(live)

        for source_id, reader in list(self._readers.items()):
            if reader.wanted != wanted.get(source_id):
                reader.is_over.set()
                if not reader.thread.is_alive():
                    del self._readers[source_id]
        for source_id, what in wanted.items():
            if source_id not in self._readers:
                self._readers[source_id] = self._begun(source_id, what)

    def _watch(self) -> None:
        while not self._is_over.wait(LOOK_EVERY_S):
            try:
                self.look()
            except StoreUnavailable:
                pass  # the readers that there are go on
            except Exception:
                log.exception("looking for sources that read from brokers failed")

    def _wanted(self, live: Live) -> _Wanted:
        name = live.settings["connection"]
        try:
            broker = self._find(name)
        except DeliveryError:
            broker = None
        project = live.project
        if broker is not None and broker.projects is not None and project is not None:
            broker = broker if project.key in broker.projects else None
        group = live.settings["group"] or f"hookhub-{live.source.id}"
        begins_at_start = live.settings["start"] == FROM_START
        return _Wanted(broker, name, Place(live.settings["place"], group, begins_at_start))

    def _begun(self, source_id: str, wanted: _Wanted) -> "_Reader":
        reader = _Reader(source_id, wanted, self._inbound, self._settings, self._open, self._pause_s)
        reader.thread.start()
        return reader


class _Reader:
    """One source, with its thread."""

    def __init__(
        self,
        source_id: str,
        wanted: _Wanted,
        inbound: Inbound,
        settings: ServerSettings,
        open_: Open,
        pause_s: float,
    ) -> None:
        self.wanted = wanted
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"source {source_id}", daemon=True)
        self._source_id = source_id
        self._inbound = inbound
        self._settings = settings
        self._open = open_
        self._first_pause_s = self._pause_s = pause_s

    def _run(self) -> None:
        """Again and again, with longer and longer pauses, until the source is no longer wanted so."""
        while not self.is_over.is_set():
            try:
                self._read()
            except DeliveryError as error:
                self._refuse(UNREACHED_STATUS, error.reason)
            except Exception as error:
                log.exception("reading for the source %s failed", self._source_id)
                self._refuse(UNREACHED_STATUS, f"a fault of the hub ({type(error).__name__})")
            if self.is_over.wait(self._pause_s):
                return
            self._pause_s = min(PAUSE_MAX_S, self._pause_s * 2)

    def _read(self) -> None:
        """Until the source takes no more. Raises: DeliveryError."""
        broker = self.wanted.broker
        if broker is None:
            name = self.wanted.name
            raise DeliveryError(f"there is no connection {name} for this project", "none", "refused")
        consumer = self._open(broker, self.wanted.place, OPENED_S)
        try:
            while not self.is_over.is_set():
                found = consumer.take(TAKE_S)
                if found:
                    if not self._pass_on(consumer, found):
                        return
                    self._pause_s = self._first_pause_s
        finally:
            consumer.close()

    def _pass_on(self, consumer: Consumer, found: Sequence[Found]) -> bool:
        """All at once to the intake, which commits them together; then they are acknowledged. False: some
        are not, and must be read anew before what is behind them.
        """
        kept: list[Found] = []
        refused: list[Found] = []
        for one, tried in [(one, self._tried(one)) for one in found]:
            is_kept = self._is_kept(one, tried)
            if is_kept is None:
                break
            (kept if is_kept else refused).append(one)
        if kept or refused:
            consumer.done(kept, refused)
        return len(kept) + len(refused) == len(found)

    def _tried(self, one: Found) -> "_Tried":
        """What the intake says, at once."""
        live = self._live()
        if live is None:
            return Over()
        try:
            bytes_max = self._settings.recent().max_event_bytes
            return self._inbound.take_proved(live, self._received(live, one), bytes_max).committed
        except (Refusal, StoreUnavailable) as error:
            return error

    def _is_kept(self, one: Found, tried: "_Tried") -> bool | None:
        """Whether its event is committed, or refused and listed. Where the hub cannot take it now it is tried
        again until it can; None: it comes again, the source is over.
        """
        while True:
            error = tried if tried is None or isinstance(tried, Exception) else tried.exception()
            match error:
                case None:
                    return True
                case Over():
                    return None
                case Invalid():
                    self._refuse(REFUSED_STATUS, reason_of(error), one)
                    return False
                case Refusal() | StoreUnavailable():
                    if self.is_over.wait(self._first_pause_s):
                        return None
                    tried = self._tried(one)
                case _:
                    raise error

    def _live(self) -> Live | None:
        """The source, if it still takes events."""
        live = self._inbound.find(self._source_id)
        return live if live is not None and live.takes_events and not live.is_over else None

    def _received(self, live: Live, one: Found) -> Received:
        headers = [(name, value) for name, value in one.headers if name != POSITION]
        return self._inbound.received(live, [*headers, (POSITION, one.position)], (), one.body)

    def _refuse(self, status: int, reason: str, one: Found | None = None) -> None:
        """List it, where its owner looks: of one second the last. The log has every one."""
        what = "" if one is None else f" passes over {one.position}"
        log.warning("source %s%s: %s", self._source_id, what, reason)
        try:
            live = self._inbound.find(self._source_id)
        except StoreUnavailable:
            return
        if live is not None:
            received = self._received(live, one or Found("", (), b""))
            self._inbound.refuse(live, received, status, reason, None)


class Over(Exception):
    """The source takes no events any more."""


_Tried = Future[list[Receipt]] | Exception | None

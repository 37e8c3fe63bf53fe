"""Brokers: the transport of `broker://CONNECTION/PLACE`.

Owns one client a connection, made on first use and again when the connection has changed, and the judgement
of its address before that: nobody else knows where a broker leads to. Step before: `hub.targets.outbound`.
Step after: the client of its kind publishes, and the broker's words are the answer.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from connectors.base import Answer
from hub.errors import DeliveryError
from hub.rules import brokers
from hub.rules.addresses import TargetRefused
from hub.targets.addresses import Addresses
from hub.targets.brokers import consuming, kinds
from hub.targets.brokers.breakers import Breakers, Report
from hub.targets.brokers.client import Broker, Client, Message, refused
from hub.targets.brokers.consuming import Consumer, Place
from hub.targets.transport import Receipt, Request

Find = Callable[[str], Broker | None]
"""The connection of a name, as it is now; called for every message, from any thread."""
Make = Callable[[Broker, Addresses], Client]


class BrokerTransport:
    """For `broker:`."""

    def __init__(
        self,
        addresses: Addresses,
        find: Find,
        make: Make = kinds.make,
        report: Report = lambda name, error: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._addresses = addresses
        self._find = find
        self._make = make
        self._breakers = Breakers(report, clock)
        self._lock = threading.Lock()
        self._clients: dict[str, _Shared] = {}

    def send(self, request: Request) -> Receipt:
        began = time.monotonic()
        event, parcel = request.event, request.parcel
        if event is None:
            raise refused("only an event can be sent to a broker")
        try:
            name, place = brokers.parts_of(request.url)
        except TargetRefused as error:
            raise refused(str(error)) from None
        broker = self._find(name)
        if broker is None:
            raise refused(f"there is no connection {name}: an administrator makes it")
        if broker.projects is not None and event.project not in broker.projects:
            raise refused(f"the connection {name} is not for the project {event.project}")

        message = Message(
            place, event.id, event.type, request.key or event.id, dict(parcel.headers), parcel.body
        )
        is_probe = self._breakers.enter(broker)
        try:
            words = self._published(broker, message, request, began)
        except DeliveryError as error:
            raise self._breakers.failed(broker, error, is_probe) from None
        self._breakers.worked(broker)
        return Receipt(Answer(None, words, body=words.encode()), "head", None, time.monotonic() - began)

    def _published(self, broker: Broker, message: Message, request: Request, began: float) -> str:
        """The broker's words. Raises: DeliveryError."""
        shared = self._shared(broker, request.connect_timeout_s)
        try:
            left_s = max(0.1, request.total_timeout_s - (time.monotonic() - began))
            return shared.client.publish(message, left_s)
        except DeliveryError:
            raise
        except Exception as error:
            raise DeliveryError(
                f"the hub's own client failed ({type(error).__name__})", "none", "hub"
            ) from error
        finally:
            self._give_back(shared)

    def check(self, broker: Broker, timeout_s: float) -> None:
        """Connect and log in with a client of its own. Raises: DeliveryError."""
        self._judge(broker, timeout_s)
        client = self._make(broker, self._addresses)
        try:
            client.check(timeout_s)
        finally:
            client.close()

    def consumer(self, broker: Broker, place: Place, timeout_s: float) -> Consumer:
        """For a thread of its own, which closes it. Raises: DeliveryError."""
        self._judge(broker, timeout_s)
        return consuming.make(broker, self._addresses, place)

    def close(self) -> None:
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for shared in clients:
            shared.client.close()

    def _shared(self, broker: Broker, timeout_s: float) -> "_Shared":
        """The client of a connection as it is now, taken until it is given back. Raises: DeliveryError."""
        with self._lock:
            shared = self._clients.get(broker.name)
            if shared is not None and shared.broker == broker:
                shared.users += 1
                return shared
        self._judge(broker, timeout_s)
        made = _Shared(broker, self._make(broker, self._addresses))
        with self._lock:
            shared = self._clients.get(broker.name)
            if shared is not None and shared.broker == broker:  # another thread was faster
                shared.users += 1
                return shared
            self._clients[broker.name] = made
            made.users += 1
            idle = shared is not None and not shared.users
        if shared is not None and idle:
            shared.client.close()
        return made

    def _give_back(self, shared: "_Shared") -> None:
        """The last user of a client that has been replaced closes it."""
        with self._lock:
            shared.users -= 1
            is_over = not shared.users and self._clients.get(shared.broker.name) is not shared
        if is_over:
            shared.client.close()

    def _judge(self, broker: Broker, timeout_s: float) -> None:
        """The addresses that the connection names, by the policy for all targets. What a cluster says of its
        other members is its administrator's word. Raises: DeliveryError.
        """
        kind = brokers.KINDS.get(broker.kind)
        if kind is None:
            raise refused(f"this hub knows no broker of the kind {broker.kind}")
        try:
            hosts = brokers.hosts_of(kind, broker.url)
        except TargetRefused as error:
            raise refused(str(error)) from None
        for host, port in hosts:
            try:
                target = self._addresses.target(brokers.judged_as(host, port))
                self._addresses.of(target, timeout_s)
            except DeliveryError as error:
                reason = f"the connection {broker.name}: {error.reason}"
                raise DeliveryError(reason, error.phase, error.fault) from None


@dataclass(slots=True, eq=False)
class _Shared:
    """One client, and how many threads are in it."""

    broker: Broker
    client: Client
    users: int = 0

"""The one door to the network: everything the hub sends goes through `Outbound.send`.

Owns which transport a URL's scheme picks, and what leaves the door: an answer, or one type of error. The
transports share its one judge of addresses. Step before: `hub.engine.delivery` has built and signed the
request. Step after: the format judges the answer.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import certifi

from hub.errors import DeliveryError
from hub.rules.addresses import Network
from hub.targets.addresses import Addresses
from hub.targets.brokers.breakers import Report
from hub.targets.brokers.client import Broker
from hub.targets.brokers.consuming import Consumer, Place
from hub.targets.brokers.transport import BrokerTransport, Find
from hub.targets.http.exchange import Handle
from hub.targets.http.helper import Helper, SetUp
from hub.targets.http.loop import Loop
from hub.targets.http.transport import HttpTransport
from hub.targets.own_places import OwnPlaces
from hub.targets.resolver import Lookup, Resolver, system_lookup
from hub.targets.transport import Receipt, Request, Transport

log = logging.getLogger(__name__)


class Outbound:
    """Shared by all sender threads of a process; make it after a fork, never before."""

    def __init__(
        self,
        *,
        allow: Sequence[Network] = (),
        ports: Collection[int] = (),
        ca_file: str | None = None,
        resolve: Lookup = system_lookup,
        origin: str = "localhost",
        own_places: OwnPlaces | None = None,
        find_broker: Find = lambda name: None,
        report_broker: Report = lambda name, error: None,
        transports: Mapping[str, Callable[[Addresses], Transport]] | None = None,
    ) -> None:
        """`allow` and `ports`: what may be reached besides public addresses and the usual ports. `origin`:
        the host name under which this hub presents itself to receivers that ask for consent. `own_places`:
        where this hub is, and nothing may be sent to. `find_broker`: the connection of a name;
        `report_broker` is told when one is down, and when it is back.
        `transports`: by the scheme of a URL, how to make what sends to it, besides http, https and broker.
        """
        self.origin = origin
        self._addresses = Addresses(allow, Resolver(resolve), own_places, ports)
        bundle = ca_file or certifi.where()
        self._helper = None
        if resolve is system_lookup:  # another process knows no other
            set_up = SetUp([str(network) for network in allow], list(ports), bundle, own_places)
            self._helper = partial(Helper, set_up)
        self._http = HttpTransport(self._addresses, lambda: Handle(bundle, allow))
        self._brokers = BrokerTransport(self._addresses, find_broker, report=report_broker)
        self._transports: dict[str, Transport] = {
            "http": self._http,
            "https": self._http,
            "broker": self._brokers,
        }
        for scheme, make in (transports or {}).items():
            self._transports[scheme] = make(self._addresses)

    def send(self, request: Request) -> Receipt:
        """One request and its answer. Raises DeliveryError and nothing else, whatever the receiver or the
        arguments are.
        """
        try:
            return self._transport_for(request.url).send(request)
        except DeliveryError:
            raise
        except Exception as error:
            log.exception("sending failed by a fault of the hub")
            raise DeliveryError(
                f"the hub failed to send this request ({type(error).__name__})", "none", "hub"
            ) from error

    def read_broker(self, broker: Broker, place: Place, timeout_s: float) -> Consumer:
        """Messages of a place of a broker, whose address is judged first. Raises: DeliveryError."""
        return self._brokers.consumer(broker, place, timeout_s)

    def check_broker(self, broker: Broker, timeout_s: float) -> None:
        """Connect to a broker and log in, send nothing. Raises: DeliveryError."""
        self._brokers.check(broker, timeout_s)

    def loop(
        self, name: str, prepare_thread: Callable[[], None] = lambda: None, *, has_helper: bool = False
    ) -> Loop:
        """A thread that has many requests under way at once, to URLs that `takes_jobs`; `prepare_thread` runs
        first in it. `has_helper`: it may go on in a process of its own.
        """
        return self._http.loop(name, prepare_thread, self._helper if has_helper else None)

    def takes_jobs(self, url: str) -> bool:
        """Whether a loop sends to this URL. What goes to another is sent by `send` alone."""
        return self._transports.get(_scheme(url)) is self._http

    def leads_home(self, url: str) -> bool:
        """Whether a URL leads to this hub itself, as far as its text can tell."""
        return self._transports.get(_scheme(url)) is self._http and self._addresses.leads_home(url)

    def close(self) -> None:
        """Close all idle connections; those in use close when their request ends."""
        for transport in set(self._transports.values()):
            transport.close()
        self._addresses.close()

    def _transport_for(self, url: str) -> Transport:
        scheme = _scheme(url)
        if scheme not in self._transports:
            beginnings = " or ".join(f"{known}:" for known in self._transports)
            raise DeliveryError(f"The URL must begin with {beginnings}.", "none", "refused")
        return self._transports[scheme]


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()

"""Judged addresses: a host's name or address to what may be connected to, for every transport.

Owns the order resolve, then judge: whatever is connected to has been judged for this connection, and no
answer of a name server is remembered, or the check and the connection could differ. Step before: a transport
needs a new connection. Step after: it connects to one of these addresses and to no other.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from functools import lru_cache

from hub.errors import DeliveryError, Phase
from hub.rules.addresses import Network, TargetRefused, canonical, check_answers, own_answers
from hub.rules.targets import Target, parse_url
from hub.targets.own_places import REFUSAL, OwnPlaces
from hub.targets.resolver import Resolver


class Addresses:
    """The address policy of one process, with its resolver. Shared by all transports and threads."""

    def __init__(
        self,
        allow: Sequence[Network],
        resolver: Resolver,
        own_places: OwnPlaces | None = None,
        ports: Collection[int] = (),
    ) -> None:
        self.allow = tuple(allow)
        self._ports = frozenset(ports)
        self._resolver = resolver
        self._own_places = own_places
        # The policy of texts is pure, and a hook's URL returns a million times.
        self._target = lru_cache(maxsize=4096)(self._judged_target)

    def target(self, url: str) -> Target:
        """The parts of an HTTP URL whose text passes the policy. Raises DeliveryError."""
        try:
            return self._target(url)
        except TargetRefused as error:
            raise DeliveryError(str(error), "none", "refused") from None

    def leads_home(self, url: str) -> bool:
        """Whether an HTTP URL leads to this hub itself, as far as its text can tell: a name is not looked up,
        but `localhost` is known.
        """
        places = self._own_places
        try:
            target = parse_url(url, self.allow, self._ports)
        except TargetRefused:
            return False
        if places is None:
            return False
        address = "127.0.0.1" if target.host.removesuffix(".") == "localhost" else target.address
        return places.is_named(target) or (address is not None and places.is_led_to([address], target.port))

    def of(self, target: Target, timeout_s: float) -> Sequence[str]:
        """The addresses that a new connection to `target` may go to; at once where it names one itself.
        Raises DeliveryError.
        """
        if target.address is not None:  # judged with the URL
            self._keep_off_own(target.port, [target.address], "none")
            return [target.address]
        return self.judged(target, self._resolver.resolve(target.host, target.port, timeout_s))

    def ask(self, target: Target) -> Future[list[str]]:
        """Have the name of `target` looked up by somebody else; what comes is to be `judged`."""
        return self._resolver.ask(target.host, target.port)

    def judged(self, target: Target, found: list[str]) -> Sequence[str]:
        """The addresses of a name that a new connection may go to. Raises DeliveryError."""
        addresses = own_answers(target.host, found, self.allow)
        try:
            check_answers(addresses, self.allow)
        except TargetRefused as error:
            raise DeliveryError(str(error), "dns", "refused") from None
        addresses = tuple(map(canonical, addresses))
        self._keep_off_own(target.port, addresses, "dns")
        return addresses

    def close(self) -> None:
        self._resolver.close()

    def _judged_target(self, url: str) -> Target:
        target = parse_url(url, self.allow, self._ports)
        if self._own_places is not None and self._own_places.is_named(target):
            raise TargetRefused(REFUSAL)
        return target

    def _keep_off_own(self, port: int, addresses: Sequence[str], phase: Phase) -> None:
        if self._own_places is not None and self._own_places.is_led_to(addresses, port):
            raise DeliveryError(REFUSAL, phase, "refused")

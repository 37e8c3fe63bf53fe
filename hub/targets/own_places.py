"""Where this hub itself can be reached: nothing that it sends may lead there.

Owns that comparison. A hook that points at the hub's own publish call would make events out of its own
deliveries without end. Other ways round, through a proxy or another hub, are cut by `hub.rules.hops`. Step
before: `hub.targets.addresses` knows where a request would go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from hub.rules.addresses import canonical
from hub.rules.targets import DEFAULT_PORTS, Target
from hub.targets.machine import has_address

REFUSAL = "The URL leads to this hub itself: what it sends would come back to it."


@dataclass(frozen=True, slots=True)
class OwnPlaces:
    """One hub's address as people write it, and the one it listens on."""

    base_url: str
    host: str
    port: int

    def is_named(self, target: Target) -> bool:
        """Whether a URL is the hub's own, as far as its text can tell; beside its path another may live on
        its host.
        """
        base = urlsplit(self.base_url)
        port = base.port or DEFAULT_PORTS.get(base.scheme, 0)
        if (target.address or _plain_host(target.host), target.port) != (
            _plain_host(base.hostname or ""),
            port,
        ):
            return False
        path, own_path = target.path.partition("?")[0], base.path.rstrip("/")
        return path == own_path or path.startswith(own_path + "/")

    def is_led_to(self, addresses: Sequence[str], port: int) -> bool:
        """Whether one of these addresses is where the hub listens."""
        return port == self.port and any(self._hears(address) for address in addresses)

    def _hears(self, address: str) -> bool:
        try:
            bound = ip_address(self.host)
        except ValueError:  # a name, such as localhost
            return has_address(address)
        if bound.is_unspecified:
            return has_address(address)
        # Connecting to the unspecified address (0.0.0.0) leads to this machine.
        return ip_address(address) == bound or ip_address(address).is_unspecified


def _plain_host(host: str) -> str:
    try:
        return canonical(host)
    except ValueError:  # a name
        return host.removesuffix(".")

"""Judged addresses: a host's name or address to what may be connected to, for every transport.

Owns the order resolve, then judge: whatever is connected to has been judged for this connection, and nothing
is remembered here, or the check and the connection could differ. Step before: a transport needs a new
connection. Step after: it connects to one of these addresses and to no other.
"""

from collections.abc import Sequence

from hub.errors import DeliveryError
from hub.rules.targets import Network, Target, TargetRefused, check_answers, own_answers
from hub.targets.resolver import Resolver


class Addresses:
    """The address policy of one process, with its resolver. Shared by all transports and threads."""

    def __init__(self, allow: Sequence[Network], resolver: Resolver) -> None:
        self.allow = tuple(allow)
        self._resolver = resolver

    def of(self, target: Target, timeout_s: float) -> Sequence[str]:
        """The addresses that a new connection to `target` may go to. Raises DeliveryError."""
        if target.address is not None:  # judged with the URL
            return [target.address]
        found = self._resolver.resolve(target.host, target.port, timeout_s)
        addresses = own_answers(target.host, found, self.allow)
        try:
            check_answers(addresses, self.allow)
        except TargetRefused as error:
            raise DeliveryError(str(error), "dns", "refused") from None
        return addresses

    def close(self) -> None:
        self._resolver.close()

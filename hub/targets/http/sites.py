"""Receivers as one connection cache knows them: which judged addresses new connections to each may go to.

Owns these pins, and what libcurl's cache of names is still to be told of them: it must never find a name
without one. A cache is a handle's own, or that of a loop with all its handles. Used by one thread at a time.
Step before: `hub.targets.addresses` has judged. Step after: `hub.targets.http.exchange` lets libcurl connect.
"""

from collections import OrderedDict
from collections.abc import Sequence

from hub.rules.targets import Target

IDLE_S = 30
"""How long a connection may wait for its next request, and how long its judged addresses serve for a fresh
one.
"""

Place = tuple[str, int]
"""Host and port: what libcurl remembers addresses by. It tells connections apart by scheme and verification
itself.
"""


def place_of(target: Target) -> Place:
    return target.host, target.port


class Site:
    """One receiver."""

    __slots__ = ("addresses", "has_answered", "is_told", "judged_at", "place", "under_way")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.addresses: tuple[str, ...] = ()
        self.judged_at = 0.0
        self.is_told = False
        """libcurl knows these addresses."""
        self.has_answered = False
        """The last request got an answer: its handshake is worth no listening to."""
        self.under_way = 0


class Sites:
    """The receivers of one connection cache, the one used last at the end."""

    def __init__(self, sites_max: int) -> None:
        self._sites_max = sites_max
        self._sites: OrderedDict[Place, Site] = OrderedDict()
        self._forgotten: list[str] = []

    @property
    def places(self) -> list[Place]:
        return list(self._sites)

    def fresh(self, place: Place, now: float) -> Site | None:
        """The receiver, when a request to it needs no new lookup."""
        site = self._sites.get(place)
        return site if site is not None and now - site.judged_at <= IDLE_S else None

    def pin(self, place: Place, addresses: Sequence[str], now: float) -> Site:
        """Let new connections to this receiver go to these addresses, which have been judged, and to no
        others.
        """
        site = self._sites.get(place)
        if site is None:
            site = self._sites[place] = Site(place)
        site.addresses, site.judged_at = tuple(addresses), now
        site.is_told = site.has_answered = False
        self._sites.move_to_end(place)
        self._bound()
        return site

    def begin(self, site: Site) -> None:
        site.under_way += 1
        self._sites.move_to_end(site.place)

    def lines(self, site: Site) -> list[str] | None:
        """What libcurl's cache of names is to be told before a request to a name, if anything."""
        if site.is_told:
            return None
        site.is_told = True
        pins = ",".join(f"[{address}]" if ":" in address else address for address in site.addresses)
        host, port = site.place
        told = [*self._forgotten, f"{host}:{port}:{pins}"]
        self._forgotten.clear()
        return told

    def _bound(self) -> None:
        """Forget the one that rests longest. One with a request under way stays: libcurl may want its
        addresses again.
        """
        for _ in range(2):
            if len(self._sites) <= self._sites_max:
                return
            place, site = next(iter(self._sites.items()))
            if site.under_way:
                self._sites.move_to_end(place)
            else:
                del self._sites[place]
                self._forgotten.append(f"-{place[0]}:{place[1]}")

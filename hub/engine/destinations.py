"""How to send to each hook, opened: kept in memory, because opening sealed secrets costs more than sending.

Owns the cache of one process, true by the version that each change of a hook raises. Used inside the
transaction that leases, so that what it gives is what holds now. Step before: a claim, or `arrivals`. Step
after: they make a shipment of it.
"""

from collections.abc import Mapping

from hub.store import destinations
from hub.store.destinations import Destination
from hub.store.secrets import SecretBox

SIZE_MAX = 20_000


class Destinations:
    def __init__(self, box: SecretBox, size_max: int = SIZE_MAX) -> None:
        self._box = box
        self._size_max = size_max
        self._opened: dict[str, Destination] = {}

    def of(self, versions: Mapping[str, int]) -> dict[str, Destination | Exception]:
        """Hook id → how to send to that version of it; an exception in place of one whose row cannot be
        read.
        """
        known: dict[str, Destination | Exception] = {}
        missing = []
        for hook_id, version in versions.items():
            opened = self._opened.get(hook_id)
            if opened is not None and opened.version == version:
                known[hook_id] = opened
            else:
                missing.append(hook_id)
        if missing:
            known |= self._open(missing)
        return known

    def _open(self, hook_ids: list[str]) -> dict[str, Destination | Exception]:
        read = destinations.load(self._box, hook_ids)
        if len(self._opened) > self._size_max:
            self._opened.clear()
        self._opened |= {
            hook_id: opened for hook_id, opened in read.items() if isinstance(opened, Destination)
        }
        return read

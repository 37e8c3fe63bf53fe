"""The server's settings: what administrators tune, whichever door they came through.

Owns the checks, the audit entry and the transaction; a change counts at once, in every process. What a value
may be `rules.settings` decides.
"""

from collections.abc import Callable, Mapping
from typing import Any

from hub.operations.recent import Recent
from hub.rules.access import Requester, require
from hub.rules.settings import Settings, checked
from hub.store import audit, settings
from hub.store.database import Database


class ServerSettings:
    """Any thread may call this, the event loop's only `recently`."""

    def __init__(self, database: Database, changed: Callable[[], None] = lambda: None) -> None:
        """`changed` is called after each change: there may be something to send."""
        self._database = database
        self._changed = changed
        self._recent: Recent[None, Settings] = Recent(lambda _: {None: database.read(settings.load)})

    def get(self, requester: Requester) -> Settings:
        """Those in force. Raises: Forbidden."""
        require(requester, "admin")
        return self._database.read(settings.load)

    def update(self, requester: Requester, values: Mapping[str, Any]) -> Settings:
        """Set these, all or none. Raises: Forbidden, Invalid."""
        require(requester, "admin")
        kept = checked(values)

        def write() -> Settings:
            before = settings.load().as_dict()
            settings.change(kept)
            fields = {key: [before[key], value] for key, value in kept.items() if value != before[key]}
            if fields:
                audit.add(
                    self._database.clock.now(), requester, "settings.changed", "settings", fields=fields
                )
            return settings.load()

        updated = self._database.write(write).result()
        self._recent.forget()
        self._changed()
        return updated

    def refresh(self) -> None:
        """Look up again what `recently` tells, if somebody asks for it. Raises: StoreUnavailable."""
        self._recent.refresh()

    def recently(self) -> Settings | None:
        """Those in force within the last second, from memory only; None: ask `recent`."""
        return self._recent.recent(None)

    def recent(self) -> Settings:
        """Those in force within the last second, for every requester: nobody is shown them."""
        found = self._recent.get(None)
        assert found is not None, "there are always settings"
        return found

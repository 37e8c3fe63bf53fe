"""Reverse unsubscribe: an app that asks for it is told when one of its hooks ends at our side.

Owns one DELETE to the hook's target (Zapier pauses the Zap on it), sent once, beside everything else. It must
never be retried, counted or waited for: it is a courtesy, the app learns it otherwise when it next asks. Step
before: a hook was deleted by somebody else than its app, or auto-disabled.
"""

import logging
from concurrent.futures import ThreadPoolExecutor

from connectors import registry
from connectors.base import HttpParcel
from hub.engine.delivery import USER_AGENT
from hub.errors import DeliveryError
from hub.store import hooks
from hub.store.database import Database
from hub.store.hooks import Hook
from hub.targets.outbound import Outbound
from hub.targets.transport import Request

log = logging.getLogger("hub.operations.unsubscribe")

TIMEOUT_S = 10.0


class ReverseUnsubscribe:
    """Tells apps, for one process."""

    def __init__(self, database: Database, outbound: Outbound) -> None:
        self._database = database
        self._outbound = outbound
        self._threads = ThreadPoolExecutor(2, "unsubscribe")

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def hook_ended(self, hook_id: str) -> None:
        """The hook went off or was deleted; returns at once."""
        try:
            self._threads.submit(self._tell, hook_id)
        except RuntimeError:  # the hub is stopping; what has ended has ended all the same
            log.info("reverse unsubscribe hook=%s dropped: the hub is stopping", hook_id)

    def _tell(self, hook_id: str) -> None:
        try:
            hook = self._database.read(lambda: hooks.get(hook_id))
            if hook is not None and _asks_for_it(hook):
                self._send(hook)
        except Exception:  # a courtesy must not take anything else down
            log.exception("fault in a reverse unsubscribe of %s", hook_id)

    def _send(self, hook: Hook) -> None:
        parcel = HttpParcel({"User-Agent": USER_AGENT}, b"", "DELETE")
        request = Request(hook.target_url, parcel, hook.verify_ssl, TIMEOUT_S, TIMEOUT_S / 2)
        try:
            status = str(self._outbound.send(request).answer.status)
        except DeliveryError as error:
            status = error.reason
        log.info("reverse unsubscribe hook=%s app=%s answer=%s", hook.id, hook.origin_app, status)


def _asks_for_it(hook: Hook) -> bool:
    if hook.origin_kind != "app":
        return False
    found = registry.find_connector(hook.origin_app or "")
    return found is not None and found.reverse_unsubscribe

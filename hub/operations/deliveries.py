"""Deliveries as people read them: found, shown with their attempts, sent once more, replayed.

Owns who may see a delivery (whoever sees its hook) and when one may be sent again. Step after:
`store.deliveries` makes it wait, and the dispatcher goes on from there.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from hub.errors import Conflict, Invalid, NotFound
from hub.ids import first_id
from hub.operations import replay_pages
from hub.operations.replay_pages import Span, check_on
from hub.operations.subscriptions import Subscriptions
from hub.rules import catalogue
from hub.rules.access import Origin, Requester, sees
from hub.store import attempts, audit, events, fan_outs, history, hooks, redelivery
from hub.store.attempts import Attempt, Result
from hub.store.database import Database
from hub.store.history import Batch, Delivery
from hub.store.hooks import Hook
from hub.store.projects import Project

BODIES_BYTES_MAX = 2_097_152
"""Bodies that are shown with the attempts of one delivery, beside the last one."""

STATES_MAX = 1_000
DROPPED_AT_ONCE = 500
"""Rows of one transaction: it shares the writer with the publishers."""
SEARCHED_MAX = 250_000
"""Deliveries of a hook that a page looks through for those of one type: a sixth of a second."""


class Deliveries:
    """The deliveries of all projects. Every method may be called from any thread but the event loop's."""

    def __init__(self, database: Database, subscriptions: Subscriptions, wake: Callable[[], None]) -> None:
        """`wake`: there may be something to send."""
        self._database = database
        self._subscriptions = subscriptions
        self._wake = wake

    def search_end(self, hook: Hook, before: str | None) -> str | None:
        """How far back a page may look for deliveries of one type, which no index knows: the last one that
        it looks at; None: at all that there are.
        """
        return self._database.read(lambda: history.search_end(hook.id, before, SEARCHED_MAX))

    def find(
        self,
        requester: Requester,
        project: Project,
        *,
        hook_id: str | None = None,
        event_id: str | None = None,
        batch_id: str | None = None,
        state: str | None = None,
        type: str | None = None,
        since: float | None = None,
        before: str | None = None,
        down_to: str | None = None,
        limit: int = 50,
    ) -> list[Delivery]:
        """Newest first, of one hook, event or batch, or of all; `state` is a shown one; `since`: made then or
        later; `down_to`: none that is older than this one.

        Raises:
            NotFound: there is no such hook or event, or it must look so. Invalid: a type that cannot be
            there.
        """
        _check_type(project, type, title="Wrong parameters")
        if hook_id is not None:
            self._subscriptions.get(requester, project, hook_id)
        if event_id is not None and self._database.read(lambda: events.head(project.id, event_id)) is None:
            raise NotFound("there is no such event in this project", title="No such event")
        return self._database.read(
            lambda: history.find(
                project.id,
                hook_id=hook_id,
                event_id=event_id,
                batch_id=batch_id,
                state=state,
                type=type,
                origin_app=requester.app,
                since=since,
                before=before,
                down_to=down_to,
                limit=limit,
            )
        )

    def get(self, requester: Requester, project: Project, delivery_id: str) -> Delivery:
        """Raises: NotFound, also for a delivery of a hook that this requester must not see."""
        found = self._database.read(lambda: history.get(project.id, delivery_id))
        if found is None or not sees(requester, Origin(found.origin_kind, found.origin_app)):
            raise NotFound("there is no such delivery", title="No such delivery")
        return found

    def batch_of(self, delivery: Delivery) -> Batch | None:
        """What it goes with, or went last; None for one that goes alone."""
        batch_id = delivery.batch_id
        return None if batch_id is None else self._database.read(lambda: history.batch(batch_id))

    def attempts(self, project: Project, delivery: Delivery) -> list[tuple[Attempt, bytes | None]]:
        """Each attempt with the body that was sent, in their order.

        None in place of a body that is no longer known, and of older ones where all of them together are more
        than BODIES_BYTES_MAX.
        """
        event = self._database.read(lambda: events.get(project.id, delivery.event_id))
        data = None if event is None else event.data
        shown: list[tuple[Attempt, bytes | None]] = []
        total = 0
        for attempt in reversed(self._database.read(lambda: attempts.of_delivery(delivery.id))):
            body = attempt.body(data) if total < BODIES_BYTES_MAX else None
            total += len(body or b"")
            shown.append((attempt, body))
        return shown[::-1]

    def retry(self, requester: Requester, project: Project, delivery_id: str) -> Delivery:
        """One more attempt of a delivery, with the same id.

        Raises:
            NotFound: there is none, or it must look so. Conflict: its hook's origin forbids it, its hook is
                off or over, or it is under way.
        """
        delivery = self.get(requester, project, delivery_id)
        self._subscriptions.check(requester, project, delivery.hook_id, "redeliver")

        def write() -> None:
            check_on(hooks.locked(self._database, delivery.hook_id))
            now = self._database.clock.now()
            if not redelivery.retry_now(self._database, delivery.id, delivery.hook_id, now):
                raise Conflict("this delivery is being sent at this moment", title="Under way")

        self._database.write(write).result()
        self._wake()
        return delivery

    def last_results(self, found: Sequence[Delivery]) -> dict[str, Result]:
        """Delivery id → what its last attempt came to; without those that were never tried."""
        tried = [one.id for one in found if one.attempt_count]
        return self._database.read(lambda: attempts.last_of(tried)) if tried else {}

    def states_of(self, event_ids: Sequence[str]) -> dict[str, Counter[str]]:
        """Event id → shown state → how many of its deliveries are in it; of an event with more than
        STATES_MAX some.
        """
        return self._database.read(lambda: history.states_of_events(event_ids, STATES_MAX))

    def try_now(self, requester: Requester, project: Project, hook_id: str) -> None:
        """Send a failing hook's next delivery at once. Raises: NotFound; Conflict, also when nothing
        waits.
        """
        self._subscriptions.check(requester, project, hook_id, "redeliver")

        def write() -> bool:
            return redelivery.try_now(self._database, hook_id, self._database.clock.now())

        if not self._database.write(write).result():
            raise Conflict("nothing waits for this hook", title="Nothing to send")
        self._wake()

    def drop(self, requester: Requester, project: Project, hook_id: str) -> int:
        """Cancel what waits for a hook at this moment; how many that were. They stay in the log and can be
        replayed.

        Raises: NotFound; Conflict, its origin forbids it.
        """
        hook = self._subscriptions.check(requester, project, hook_id, "redeliver")
        now = self._database.clock.now()
        until, reason = first_id("dlv", now), f"dropped by {requester.name}"
        self._database.write(lambda: fan_outs.bring_forward(self._database, project.id, hook.id)).result()
        total = 0
        while dropped := self._database.write(
            lambda: redelivery.cancel_open(hook.id, until, reason, now, DROPPED_AT_ONCE)
        ).result():
            total += dropped
        self._database.write(
            lambda: audit.add(now, requester, "hook.dropped", hook.id, project.id, {"count": [None, total]})
        ).result()
        return total

    def replay(
        self, requester: Requester, project: Project, hook_id: str, span: Span, *, is_dry_run: bool
    ) -> int:
        """Send a hook again what it wants of a span of time; how many deliveries that is.

        Raises:
            NotFound: there is no such hook, or it must look so. Conflict: its origin forbids it, or it is
                off or over. Invalid: the span ends before it begins, or its type cannot be there.
        """
        hook = self._subscriptions.check(requester, project, hook_id, "redeliver")
        _check_type(project, span.type)
        if span.until < span.since:
            raise Invalid([("until", "must not be before since")])
        count = replay_pages.replay(self._database, hook, span, is_dry_run=is_dry_run)
        if not is_dry_run:
            replay_pages.note(self._database, requester, hook, span, count)
        self._wake()
        return count


def _check_type(project: Project, event_type: str | None, title: str = "") -> None:
    reason = None if event_type is None else catalogue.filter_error(project.catalogue, event_type)
    if reason is not None:
        raise Invalid([("type", reason)], title=title)

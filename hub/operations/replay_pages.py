"""Replay, page by page: what a hook missed is sent again, on purpose and in bulk.

Owns which past events a replay takes in: those of a span of time that the hook wants now, with or without a
delivery so far. It must never send by itself: it makes deliveries wait, a page of events at a time, and the
dispatcher goes on from there. Step before: `deliveries` within a request, or `replays` in the background.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.errors import Conflict
from hub.ids import new_id
from hub.rules.access import Requester
from hub.rules.filters import Unreadable
from hub.rules.matching import PING_EVENT_TYPE
from hub.store import audit, event_lists, fan_outs, history, hooks, redelivery
from hub.store.database import Database
from hub.store.events import EventHead
from hub.store.hooks import Hook
from hub.timestamps import iso

PAGE = 500
"""Events of one transaction: it shares the writer with the publishers."""


@dataclass(frozen=True, slots=True)
class Span:
    """What to replay: events accepted from `since` until before `until` (epoch seconds), of one type or
    all.
    """

    since: float
    until: float
    type: str | None = None
    state: str | None = None
    """Only where the delivery is in this state now, as it is shown; None = in any final state, or never
    delivered to this hook.
    """


@dataclass(frozen=True, slots=True)
class Page:
    """One page of events."""

    events: int
    deliveries: int
    """That they give."""
    last_id: str | None

    @property
    def is_last(self) -> bool:
        return self.events < PAGE


def replay(database: Database, hook: Hook, span: Span, *, is_dry_run: bool) -> int:
    """How many deliveries a replay sends again or for the first time; with `is_dry_run` nothing is changed.

    Deliveries that are open or under way are left alone: they are sent anyway.

    Raises:
        Conflict: the hook is off, or has gone off meanwhile; what was made to wait before that stays so.
    """
    check_on(hook)
    return sum(page.deliveries for page in pages(database, hook, span, is_dry_run=is_dry_run))


def pages(
    database: Database,
    hook: Hook,
    span: Span,
    *,
    is_dry_run: bool,
    after: str | None = None,
    keep: Callable[[Page], None] | None = None,
) -> Iterator[Page]:
    """The same one page of events at a time, each done when it comes; from the event behind `after` on.
    `keep` is called in the transaction of each page, and may raise to undo it. Raises: as `replay`.
    """
    while True:
        page = _replay_page(database, hook, span, after, is_dry_run, keep)
        yield page
        if page.is_last:
            return
        after = page.last_id


def note(database: Database, requester: Requester, hook: Hook, span: Span, count: int) -> None:
    """The entry of the audit trail."""
    database.write(
        lambda: note_in(requester, hook.id, hook.project_id, span, count, database.clock.now())
    ).result()


def note_in(requester: Requester, hook_id: str, project_id: int, span: Span, count: int, now: float) -> None:
    """The same inside a transaction."""
    fields = {"since": iso(span.since), "until": iso(span.until), "count": count}
    shown = {name: [None, value] for name, value in fields.items()}
    audit.add(now, requester, "hook.replayed", hook_id, project_id, shown)


def _replay_page(
    database: Database,
    hook: Hook,
    span: Span,
    after: str | None,
    is_dry_run: bool,
    keep: Callable[[Page], None] | None,
) -> Page:
    rows = database.read(lambda: event_lists.between(hook.project_id, span.since, span.until, after, PAGE))
    wanted = _wanted(database, hook, span, rows)
    # After the events were read: what is promised of them is there, or has been written.
    if database.read(lambda: fan_outs.is_promised(database, hook.project_id)):
        database.write(lambda: fan_outs.bring_forward(database, hook.project_id, hook.id)).result()
    known = database.read(lambda: history.of_events(hook.project_id, hook.id, list(wanted)))
    again = [
        delivery.id for delivery in known.values() if not delivery.is_open and _is_again(span, delivery.state)
    ]
    fresh = (
        [(new_id("dlv"), event_id, code) for event_id, code in wanted.items() if event_id not in known]
        if span.state is None
        else []
    )

    page = Page(len(rows), len(again) + len(fresh), rows[-1].id if rows else after)

    def write() -> None:
        if again or fresh:
            check_on(hooks.locked(database, hook.id))
            redelivery.send_again(database, hook, again, fresh, database.clock.now())
        if keep is not None:
            keep(page)

    if not is_dry_run and (again or fresh or keep is not None):
        database.write(write).result()
    return page


def check_on(hook: Hook | None) -> None:
    """Nothing is sent again to a hook that is off: it would wait, and at last be given up. Raises:
    Conflict.
    """
    if hook is not None and isinstance(hook.filter, Unreadable):
        raise Conflict(f"{hook.filter.reason}: set it anew, then send again", title="Filter unreadable")
    if hook is None or not hook.is_on:
        raise Conflict("this hook is switched off: switch it on, then send again", title="Switched off")


def _wanted(database: Database, hook: Hook, span: Span, rows: list[EventHead]) -> dict[str, str]:
    """Event id → type of those that the hook wants, its filter included."""
    found = [row for row in rows if _is_wanted(hook, span, row.type)]
    if hook.subscription.filter is not None:
        found = database.read(lambda: list(event_lists.passing(found, hook.subscription)))
    return {row.id: row.type for row in found}


def _is_wanted(hook: Hook, span: Span, event_type: str) -> bool:
    if event_type == PING_EVENT_TYPE or (span.type is not None and event_type != span.type):
        return False
    return hook.subscription.wants_type(event_type)


def _is_again(span: Span, state: str) -> bool:
    if state not in history.FINAL_STATES:
        return False
    return span.state is None or state == span.state

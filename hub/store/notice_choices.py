"""Whom notices are told: people with an address, how each wants it, and up to when they have been told.

Owns the table of choices. A mail that is due is sent by the process that wins a compare-and-set on when the
last one was sent. Step before: `notices` has something open. Step after: `engine.notices` mails it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from peewee import JOIN

from hub.rules.access import MANAGERS
from hub.rules.notices import Choice, Told
from hub.store import models, notices


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be mailed."""

    id: int
    name: str
    email: str
    told: Told
    project_ids: frozenset[int]
    """Those that they manage."""
    is_admin: bool


def people() -> tuple[Person, ...]:
    """Everybody who has an address and can sign in."""
    table, choice = models.User, models.NoticeChoice
    query = table.select(table, choice).join(
        choice, JOIN.LEFT_OUTER, on=(choice.user_id == table.id), attr="chosen"
    )
    rows = list(query.where(table.email.is_null(False), table.disabled_at.is_null()))
    managed: dict[int, set[int]] = {row.id: set() for row in rows}
    membership = models.Membership
    pairs: Any = membership.select(membership.user, membership.project).where(
        membership.user.in_(list(managed)), membership.role.in_(MANAGERS)
    )
    for person_id, project_id in pairs.tuples():
        managed[person_id].add(project_id)
    return tuple(
        Person(row.id, row.name, row.email or "", _told(row), frozenset(managed[row.id]), bool(row.is_admin))
        for row in rows
    )


def unmanaged(project_ids: Collection[int]) -> frozenset[int]:
    """Those of these projects that no member manages: administrators look after them."""
    membership = models.Membership
    query: Any = membership.select(membership.project).where(
        membership.project.in_(list(project_ids)), membership.role.in_(MANAGERS)
    )
    return frozenset(project_ids) - {project_id for (project_id,) in query.tuples()}


def choice_of(user_id: int) -> Choice | None:
    row = models.NoticeChoice.get_or_none(models.NoticeChoice.user_id == user_id)
    return None if row is None else cast(Choice | None, row.choice)


def choose(user_id: int, choice: Choice | None) -> None:
    table = models.NoticeChoice
    table.insert(user_id=user_id, choice=choice).on_conflict(
        conflict_target=[table.user_id], update={table.choice: choice}
    ).execute()


def see(user_id: int, notice_ids: Collection[int], now: float) -> None:
    """This person has looked at the list, which had these."""
    table = models.NoticeChoice
    table.insert(user_id=user_id, seen_at=now).on_conflict(
        conflict_target=[table.user_id], update={table.seen_at: now}
    ).execute()
    notices.mark_told(notice_ids, now)


def take_turn(user_id: int, before: Told, now: float, told_until: float) -> bool:
    """Whether the mail that is due to this person is this process's to send: it compares and sets."""
    table = models.NoticeChoice
    table.insert(user_id=user_id).on_conflict_ignore().execute()
    was = table.mailed_at.is_null() if before.mailed_at is None else table.mailed_at == before.mailed_at
    update = table.update(mailed_at=now, told_until=told_until)
    return bool(update.where(table.user_id == user_id, was).execute())


def give_turn_back(user_id: int, before: Told, now: float, notice_ids: Collection[int]) -> None:
    """The mail could not be sent: nobody was told."""
    table = models.NoticeChoice
    update = table.update(mailed_at=before.mailed_at, told_until=before.told_until)
    update.where(table.user_id == user_id, table.mailed_at == now).execute()
    notice = models.Notice
    notice.update(told_at=None).where(notice.id.in_(list(notice_ids)), notice.told_at == now).execute()


def count_new(user_id: int, now: float, *, project_ids: Collection[int] | None, maker: str) -> int:
    """How many open ones have come since this person last looked at the list."""
    table = models.Notice
    row = models.NoticeChoice.get_or_none(models.NoticeChoice.user_id == user_id)
    since = 0.0 if row is None or row.seen_at is None else row.seen_at
    query = notices.joined().where(table.open_key.is_null(False), table.news_at <= now, table.news_at > since)
    seen = notices.seen_by(project_ids, maker, project_ids is None)
    return int((query if seen is None else query.where(seen)).count())


def _told(row: Any) -> Told:
    chosen = getattr(row, "chosen", None)
    if chosen is None or chosen.user_id is None:
        return Told()
    return Told(cast(Choice | None, chosen.choice), chosen.mailed_at, chosen.told_until)

"""Users: who can sign in, with which password, and which role they have in which project.

Owns those two tables. What is kept of a password, `hub.store.passwords` makes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hub.rules.access import MANAGERS, Role
from hub.store import models, passwords
from hub.store.database import Database
from hub.store.projects import Project


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    is_admin: bool
    has_password: bool
    created_at: float
    roles: Mapping[str, Role]
    """Project key → role."""
    disabled_at: float | None = None
    """Since when an administrator shuts them out."""
    seen_at: float | None = None
    """When they last looked at a page, to the minute."""
    email: str | None = None

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None


def check_password(name: str, password: str) -> User | None:
    """The user, if the password is theirs; it takes the same time when there is no such user."""
    row = None if "\0" in name else models.User.get_or_none(models.User.name == name)
    kept = row.password_hash if row is not None else None
    return by_name(name) if passwords.fits(password, kept) else None


def add(name: str, password_hash: str | None, is_admin: bool, now: float) -> User:
    """Without a password hash the user cannot sign in yet."""
    row = models.User.create(name=name, password_hash=password_hash, is_admin=is_admin, created_at=now)
    return _user(row, {})


def by_name(name: str) -> User | None:
    if "\0" in name:  # PostgreSQL has no NUL in texts and raises; nobody can be called so
        return None
    return next(iter(_users(models.User.select().where(models.User.name == name))), None)


def by_id(user_id: int) -> User | None:
    return next(iter(_users(models.User.select().where(models.User.id == user_id))), None)


def find(before: User | None = None, limit: int = 200) -> tuple[User, ...]:
    """Newest first; only those made before this one."""
    query = models.User.select().order_by(models.User.id.desc()).limit(limit)
    if before is not None:
        query = query.where(models.User.id < before.id)
    return _users(query)


def administrators(limit: int = 3) -> tuple[User, ...]:
    """Those who can sign in, by name."""
    table = models.User
    return _users(table.select().where(table.is_admin, _can_sign_in()).order_by(table.name).limit(limit))


def has_administrator(database: Database) -> bool:
    """True when one of them can sign in; they stay as they are until the transaction ends."""
    table = models.User
    query = table.select(table.id).where(table.is_admin, _can_sign_in()).order_by(table.id)
    return bool(list(database.for_update(query)))


def managers_of(project: Project, limit: int = 3) -> tuple[User, ...]:
    """The product owners and scrum masters who can sign in, by name."""
    table, membership = models.User, models.Membership
    ids = membership.select(membership.user).where(
        membership.project == project.id, membership.role.in_(MANAGERS)
    )
    query = table.select().where(table.id.in_(ids), _can_sign_in())
    return _users(query.order_by(table.name).limit(limit))


def set_password(user: User, password_hash: str) -> None:
    models.User.update(password_hash=password_hash).where(models.User.id == user.id).execute()


def set_email(user: User, email: str | None) -> None:
    models.User.update(email=email).where(models.User.id == user.id).execute()


def set_admin(user: User, is_admin: bool) -> None:
    models.User.update(is_admin=is_admin).where(models.User.id == user.id).execute()


def set_disabled(user: User, disabled_at: float | None) -> None:
    models.User.update(disabled_at=disabled_at).where(models.User.id == user.id).execute()


def delete(user: User) -> None:
    """With their roles and sessions."""
    models.NoticeChoice.delete().where(models.NoticeChoice.user_id == user.id).execute()
    models.User.delete().where(models.User.id == user.id).execute()


def set_role(user: User, project: Project, role: Role) -> None:
    table = models.Membership
    table.insert(user=user.id, project=project.id, role=role).on_conflict(
        conflict_target=[table.user, table.project], update={table.role: role}
    ).execute()


def remove_role(user: User, project: Project) -> None:
    table = models.Membership
    table.delete().where(table.user == user.id, table.project == project.id).execute()


def of_project(project: Project) -> tuple[User, ...]:
    """Its members, by name."""
    table = models.Membership
    ids = table.select(table.user).where(table.project == project.id)
    return _users(models.User.select().where(models.User.id.in_(ids)).order_by(models.User.name))


def names_outside(project: Project, limit: int) -> tuple[str, ...]:
    """Of those who are no members, by name."""
    table, membership = models.User, models.Membership
    ids = membership.select(membership.user).where(membership.project == project.id)
    query = table.select(table.name).where(table.id.not_in(ids), table.disabled_at.is_null())
    return tuple(row.name for row in query.order_by(table.name).limit(limit))


def locked_owner_ids(database: Database, project: Project) -> set[int]:
    """The ids of its product owners, who stay so until the transaction ends."""
    table = models.Membership
    query = table.select(table.user).where(table.project == project.id, table.role == "product_owner")
    return {row.user_id for row in database.for_update(query.order_by(table.user))}


def _can_sign_in() -> Any:
    return models.User.password_hash.is_null(False) & models.User.disabled_at.is_null()


def _users(people: Any) -> tuple[User, ...]:
    """With their roles, by one more query for all of them."""
    rows = list(people)
    roles: dict[int, dict[str, Role]] = {row.id: {} for row in rows}
    table = models.Membership
    query = table.select(table.user, models.Project.key, table.role).join(models.Project)
    memberships: Any = query.where(table.user.in_(list(roles))).tuples()
    for user_id, key, role in memberships:
        roles[user_id][key] = role
    return tuple(_user(row, roles[row.id]) for row in rows)


def _user(row: models.User, roles: Mapping[str, Role]) -> User:
    has_password = row.password_hash is not None
    return User(
        row.id,
        row.name,
        bool(row.is_admin),
        has_password,
        row.created_at,
        MappingProxyType(dict(roles)),
        row.disabled_at,
        row.seen_at,
        row.email,
    )

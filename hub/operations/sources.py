"""Sources: made, changed and ended by whoever manages their project, and what they refused.

Owns the checks, the audit entry and the transaction. A secret is in the answer of the call that made it, and
nowhere else. What arrives at a source is `operations.inbound`'s.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors import inbound
from hub.errors import Conflict, FieldError, Invalid, NotFound
from hub.operations.projects import check_open
from hub.operations.source_kinds import kind_of
from hub.operations.subscriptions import OVERLAP_HOURS_MAX
from hub.rules import catalogue, source_fields
from hub.rules.access import Requester, require
from hub.rules.changes import UNSET, Change, Unset, check_unchanged
from hub.store import audit, events, sources
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.secrets import SecretBox
from hub.store.sources import RefusedRequest, Source

T = TypeVar("T")

SOURCES_MAX = 1_000
"""In one project."""


@dataclass(frozen=True, slots=True)
class SavedSource:
    source: Source
    secret: str | None = None
    """The one that the hub has just made, shown this once."""


@dataclass(frozen=True, slots=True)
class SourceChange(Change):
    """What is to be changed; the rest is UNSET and stays as it is."""

    name: str | Unset = UNSET
    prefix: str | Unset = UNSET
    settings: Mapping[str, str] | Unset = UNSET
    """Those that are given; the others stay."""
    is_on: bool | Unset = UNSET
    rate_per_s: float | Unset | None = UNSET
    """None: as many as come."""


class Sources:
    """The sources of all projects. Any thread but the event loop's may call this."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        base_url: str,
        changed: Callable[[], None] = lambda: None,
        sources_max: int = SOURCES_MAX,
        connections: Callable[[str], Mapping[str, str]] = lambda project_key: {},
    ) -> None:
        """`connections`: those to brokers that a project may use, name → kind. `changed` is called after each
        change: what was kept of a source is to be forgotten. `sources_max`: how many one project may have.
        """
        self._database = database
        self._box = box
        self._base_url = base_url
        self._changed = changed
        self._sources_max = sources_max
        self._connections = connections

    def url(self, source: Source) -> str:
        """What is typed in at the sender."""
        return address_of(self._base_url, source.id)

    def list(
        self, requester: Requester, project: Project, before: str | None = None, limit: int = 200
    ) -> tuple[Source, ...]:
        """Newest first. Raises: Forbidden: their addresses may be all that proves a sender."""
        require(requester, "manage", project_id=project.id)
        return self._database.read(lambda: sources.find(project.id, before, limit))

    def get(self, requester: Requester, project: Project, source_id: str) -> Source:
        """Raises: Forbidden, NotFound."""
        require(requester, "manage", project_id=project.id)
        found = self._database.read(lambda: sources.by_id(source_id))
        if found is None or found.project_id != project.id or found.deleted_at is not None:
            raise _no_such()
        return found

    def create(
        self,
        requester: Requester,
        project: Project,
        kind_key: str,
        *,
        name: str = "",
        prefix: str | None = None,
        secret: str | None = None,
        settings: Mapping[str, str] | None = None,
        is_on: bool = True,
        rate_per_s: float | None = None,
    ) -> SavedSource:
        """`prefix` None: the kind's own. Without a secret one is made, where it is the hub that makes it.

        Raises: Forbidden, Invalid, Conflict: there are as many as there may be.
        """
        require(requester, "manage", project_id=project.id)
        kind = kind_of(kind_key)
        begins_with = kind.first_prefix if prefix is None else prefix
        values, errors = source_fields.settings_of(kind, settings or {})
        errors += source_fields.broker_errors(kind, values, self._connections(project.key))
        errors += source_fields.name_errors(name) + source_fields.rate_errors(rate_per_s)
        errors += source_fields.prefix_errors(begins_with) or _catalogue_errors(project, kind, begins_with)
        if secret is not None:
            errors += source_fields.secret_errors(kind, secret)
        if errors:
            raise Invalid(errors)
        fresh = kind.new_secret() if secret is None and kind.secret_from == "hub" else None

        def write() -> SavedSource:
            check_open(project)
            if sources.count(project.id) >= self._sources_max:
                raise Conflict(f"this project has {self._sources_max} sources: delete one", title="No room")
            now = self._database.clock.now()
            made = sources.add(
                self._box,
                project_id=project.id,
                kind=kind_key,
                name=name,
                prefix=begins_with,
                settings=values,
                secret=secret or fresh,
                is_on=is_on,
                rate_per_s=rate_per_s,
                created_by=requester.name,
                now=now,
            )
            shown = {"kind": [None, kind_key], "name": [None, name]}
            audit.add(now, requester, "source.created", made.id, project.id, shown)
            return SavedSource(made, fresh)

        return self._written(write)

    def update(
        self,
        requester: Requester,
        project: Project,
        source_id: str,
        change: SourceChange,
        as_of: float | None = None,
    ) -> Source:
        """With `as_of`, it is changed only if that is still its `updated_at`.

        Raises: Forbidden, NotFound, ChangedMeanwhile, Invalid.
        """
        if change.settings is not UNSET:
            source = self.get(requester, project, source_id)
            settings = {**source.settings, **change.settings}
            usable = self._connections(project.key)
            wrong = source_fields.broker_errors(kind_of(source.kind), settings, usable)
            if wrong:
                raise Invalid(wrong)

        def write(source: Source, now: float) -> Source:
            check_unchanged("source", source.updated_at, as_of)
            columns = _checked(project, source, change)
            fields = {
                name: [getattr(source, name), value]
                for name, value in columns.items()
                if getattr(source, name) != value
            }
            if not fields:
                return source
            audit.add(now, requester, "source.updated", source.id, project.id, fields)
            return sources.update(source, {name: columns[name] for name in fields}, now)

        return self._change(requester, project, source_id, write)

    def rotate_secret(
        self,
        requester: Requester,
        project: Project,
        source_id: str,
        secret: str | None,
        overlap_hours: float,
    ) -> SavedSource:
        """Give it a new secret; the old ones prove a sender for `overlap_hours` more.

        Raises: Forbidden, NotFound, Invalid.
        """

        def write(source: Source, now: float) -> SavedSource:
            kind = kind_of(source.kind)
            errors = [] if secret is None else source_fields.secret_errors(kind, secret)
            if secret is None and kind.secret_from != "hub":
                is_theirs = kind.secret_from == "sender"
                message = "is missing: copy it from the sender" if is_theirs else "there is none to replace"
                errors.append(("secret", message))
            if not 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
                errors.append(("overlap_hours", f"must be from 0 to {OVERLAP_HOURS_MAX:g}"))
            if errors:
                raise Invalid(errors)

            fresh = kind.new_secret() if secret is None else None
            shown = {"secret": None, "overlap_hours": overlap_hours}
            audit.add(now, requester, "source.secret_rotated", source.id, project.id, shown)
            new = sources.rotate(self._box, source, secret or fresh or "", overlap_hours * 3600, now)
            return SavedSource(new, fresh)

        return self._change(requester, project, source_id, write)

    def delete(self, requester: Requester, project: Project, source_id: str) -> None:
        """Its sender is told for a while that it is gone. Raises: Forbidden, NotFound."""

        def write(source: Source, now: float) -> None:
            sources.delete(source, now)
            audit.add(now, requester, "source.deleted", source.id, project.id, {"name": [source.name, None]})

        self._change(requester, project, source_id, write)

    def refusals(
        self,
        requester: Requester,
        project: Project,
        source_id: str,
        limit: int = sources.REFUSALS_MAX,
        before: str | None = None,
    ) -> tuple[RefusedRequest, ...]:
        """What it did not take, newest first. Raises: Forbidden, NotFound."""
        source = self.get(requester, project, source_id)
        return self._database.read(lambda: sources.refusals(source.id, limit, before))

    def of_event(self, project: Project, event_id: str) -> Source | None:
        """The source that an event came from, as long as it is known; for whoever sees the event."""

        def read() -> Source | None:
            source_id = events.source_of(event_id)
            found = None if source_id is None else sources.by_id(source_id)
            return found if found is not None and found.project_id == project.id else None

        return self._database.read(read)

    def _change(
        self,
        requester: Requester,
        project: Project,
        source_id: str,
        write: Callable[[Source, float], T],
    ) -> T:
        require(requester, "manage", project_id=project.id)

        def transaction() -> T:
            check_open(project)
            source = sources.locked(self._database, project.id, source_id)
            if source is None:
                raise _no_such()
            return write(source, self._database.clock.now())

        return self._written(transaction)

    def _written(self, fn: Callable[[], T]) -> T:
        result = self._database.write(fn).result()
        self._changed()
        return result


def address_of(base_url: str, source_id: str) -> str:
    return f"{base_url}/in/{source_id}"


def _checked(project: Project, source: Source, change: SourceChange) -> dict[str, Any]:
    """The columns that a change sets. Raises: Invalid."""
    kind, columns = kind_of(source.kind), change.given()
    errors = []
    if change.name is not UNSET:
        errors += source_fields.name_errors(change.name)
    if change.prefix is not UNSET:
        wrong = source_fields.prefix_errors(change.prefix)
        errors += wrong or _catalogue_errors(project, kind, change.prefix)
    if change.settings is not UNSET:
        columns["settings"], wrong = source_fields.settings_of(kind, {**source.settings, **change.settings})
        errors += wrong
    if change.rate_per_s is not UNSET:
        errors += source_fields.rate_errors(change.rate_per_s)
    if errors:
        raise Invalid(errors)
    return columns


def _catalogue_errors(project: Project, kind: inbound.Source, prefix: str) -> Sequence[FieldError]:
    """A project with a catalogue takes that one's types only (docs/publish.md), and none of them begins as
    those of another sender do.
    """
    types = catalogue.types_of(project.catalogue)
    if types is None or not prefix or any(code.startswith(f"{prefix}.") for code in types):
        return []
    message = (
        f"project {project.key} takes only the types of its {project.catalogue} catalogue, and those of"
        f" {kind.name} would begin with {prefix}: use a project with the catalogue open"
    )
    return [("prefix" if prefix != kind.first_prefix else "kind", message)]


def _no_such() -> NotFound:
    return NotFound("there is no such source in this project", title="No such source")

"""Connections to message brokers: made, changed, tried and ended by administrators; hooks use them by name.

Owns the checks, the audit entries and the transactions. A password comes in and is shown to nobody. Step
before: a door has authenticated the requester. Step after: `store.broker_connections`; `open_connections`
opens them for senders.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hub.errors import Conflict, DeliveryError, FieldError, Invalid, NotFound
from hub.logs import MASK
from hub.operations.open_connections import OpenConnections
from hub.operations.room import Room
from hub.rules import broker_connections as rules
from hub.rules.access import Requester, require
from hub.rules.addresses import Network
from hub.rules.changes import UNSET, Change, Unset, check_unchanged
from hub.store import audit, broker_connections, notices, projects
from hub.store.broker_connections import BrokerConnection
from hub.store.database import Database
from hub.store.secrets import SecretBox
from hub.targets.brokers.client import Broker

T = TypeVar("T")

TEST_S = 10.0
_AUDITED = ("url", "username", "ca", "verify_ssl", "projects")


@dataclass(frozen=True, slots=True)
class ConnectionChange(Change):
    """What is to be changed of a connection; UNSET leaves a field as it is, None empties it."""

    url: str | Unset = UNSET
    username: str | Unset | None = UNSET
    password: str | Unset | None = UNSET
    ca: str | Unset | None = UNSET
    verify_ssl: bool | Unset = UNSET
    projects: tuple[str, ...] | Unset | None = UNSET
    """None: all may use it."""


class BrokerConnections:
    """Any thread but the event loop's may call this."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        connections: OpenConnections,
        check: Callable[[Broker, float], None],
        allow: Sequence[Network] = (),
        ports: Collection[int] = (),
    ) -> None:
        """`check` connects and logs in within so many seconds, or raises DeliveryError; `allow` and `ports`
        are what may be reached besides public addresses and the usual ports.
        """
        self._database = database
        self._box = box
        self._connections = connections
        self._check = check
        self._allow = allow
        self._ports = ports
        self._room = Room("connections are being tested")

    def list(
        self, requester: Requester, before: str | None = None, limit: int = 200
    ) -> tuple[BrokerConnection, ...]:
        """Newest first. Raises: Forbidden."""
        require(requester, "admin")
        return self._database.read(lambda: broker_connections.find(before, limit))

    def get(self, requester: Requester, connection_id: str) -> BrokerConnection:
        """Raises: Forbidden, NotFound."""
        require(requester, "admin")
        found = self._database.read(lambda: broker_connections.get(connection_id))
        if found is None:
            raise _no_such()
        return found

    def named(self, requester: Requester, name: str) -> BrokerConnection:
        """Raises: Forbidden, NotFound."""
        require(requester, "admin")
        found = self._database.read(lambda: broker_connections.named([name]))
        if name not in found:
            raise _no_such()
        return found[name]

    def hooks_on(self, requester: Requester, connection: BrokerConnection) -> int:
        """How many hooks send through it. Raises: Forbidden."""
        require(requester, "admin")
        return self._database.read(lambda: broker_connections.hooks_on(connection.name))

    def create(
        self, requester: Requester, name: str, kind: str, wanted: ConnectionChange
    ) -> BrokerConnection:
        """Raises: Forbidden; Invalid; Conflict, the name is taken."""
        require(requester, "admin")
        given = wanted.given()
        errors = [*rules.name_errors(name), *rules.kind_errors(kind)]
        if "url" not in given:
            errors.append(("url", "is missing: say where the broker is"))
        errors += self._errors_in(kind, given)
        if given.get("password") == MASK:
            errors.append(("password", "is a mask: give the password itself"))
        if errors:
            raise Invalid(errors)
        password = given.pop("password", None)
        columns = {
            "name": name,
            "kind": kind,
            "username": None,
            "ca": None,
            "verify_ssl": True,
            "projects": None,
            **given,
        }

        def write() -> BrokerConnection:
            if name in broker_connections.named([name]):
                raise Conflict(f"there is a connection {name} already", title="Name taken")
            now = self._database.clock.now()
            made = broker_connections.add(self._box, columns, password, requester.name, now)
            shown = {one: [None, columns[one]] for one in ("name", "kind", "url", "username", "projects")}
            audit.add(now, requester, "connection.created", made.id, fields=shown)
            return made

        return self._written(write)

    def update(
        self,
        requester: Requester,
        connection_id: str,
        change: ConnectionChange,
        as_of: float | None = None,
    ) -> BrokerConnection:
        """Its name and kind stay: hooks are written for them. With `as_of`, it is changed only if that is
        still its `updated_at`.

        Raises: Forbidden, NotFound, ChangedMeanwhile, Invalid.
        """
        require(requester, "admin")

        def write() -> BrokerConnection:
            connection = self._locked(connection_id)
            check_unchanged("connection", connection.updated_at, as_of)
            given = change.given()
            if given.get("password") == MASK:
                del given["password"]
            errors = self._errors_in(connection.kind, given)
            if errors or _moves_password(connection, given):
                raise Invalid(
                    errors or [("password", "must be given with another server: it was the old one's")]
                )

            now = self._database.clock.now()
            changed = {
                name: [getattr(connection, name), given[name]]
                for name in _AUDITED
                if name in given and getattr(connection, name) != given[name]
            }
            shown: dict[str, Any] = dict(changed)
            if "password" in given:
                broker_connections.set_password(self._box, connection, given["password"])
                shown["password"] = None
            if not shown:
                return connection
            audit.add(now, requester, "connection.updated", connection.id, fields=shown)
            return broker_connections.update(connection, {name: given[name] for name in changed}, now)

        return self._written(write)

    def delete(self, requester: Requester, connection_id: str) -> BrokerConnection:
        """What hooks send through it is refused until there is one of its name again. Raises: Forbidden,
        NotFound.
        """
        require(requester, "admin")

        def write() -> BrokerConnection:
            connection = self._locked(connection_id)
            broker_connections.delete(connection)
            now = self._database.clock.now()
            notices.close_subject(connection.id, now)
            shown = {"name": [connection.name, None]}
            audit.add(now, requester, "connection.deleted", connection.id, fields=shown)
            return connection

        return self._written(write)

    def test(self, requester: Requester, connection_id: str) -> str | None:
        """Connect and log in, and keep what came of it: why it does not work, or None.

        Raises: Forbidden, NotFound, Busy.
        """
        connection = self.get(requester, connection_id)
        error: str | None = None
        with self._room.taken():
            try:
                self._check(self._connections.opened(connection), TEST_S)
            except DeliveryError as failed:
                error = failed.reason
        now = self._database.clock.now()
        self._database.write(lambda: broker_connections.report(connection.name, error, now)).result()
        return error

    def _errors_in(self, kind: str, given: Mapping[str, Any]) -> Sequence[FieldError]:
        errors = []
        if "url" in given and not rules.kind_errors(kind):
            errors += rules.url_errors(kind, given["url"], self._allow, self._ports)
        errors += rules.login_errors(given.get("username"), given.get("password"))
        errors += rules.ca_errors(given.get("ca"))
        if wanted := given.get("projects"):
            found = self._database.read(lambda: projects.named(wanted[: rules.PROJECTS_MAX]))
            errors += rules.project_errors(wanted, {one.key for one in found})
        elif "projects" in given:
            errors += rules.project_errors(given["projects"], ())
        return errors

    def _locked(self, connection_id: str) -> BrokerConnection:
        found = broker_connections.locked(self._database, connection_id)
        if found is None:
            raise _no_such()
        return found

    def _written(self, fn: Callable[[], T]) -> T:
        result = self._database.write(fn).result()
        self._connections.forget()
        return result


def _moves_password(connection: BrokerConnection, given: Mapping[str, Any]) -> bool:
    """True when a change would give the password to a server that it was not given for."""
    return (
        connection.has_password
        and "url" in given
        and "password" not in given
        and not rules.is_same_server(connection.kind, given["url"], connection.url)
    )


def _no_such() -> NotFound:
    return NotFound("there is no such connection", title="No such connection")

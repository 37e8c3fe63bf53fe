"""Connections to brokers as senders use them: opened, with their passwords.

Owns which connection a name is at the moment, looked up at most once a second. An opened one stays in the
memory of whoever sends. Step before: `hub.targets.brokers` needs the connection of a name. Step after: it
connects, and reports whether that worked.
"""

from pathlib import Path

from hub.errors import DeliveryError, StoreUnavailable
from hub.operations.recent import Recent
from hub.store import broker_connections
from hub.store.broker_connections import BrokerConnection
from hub.store.database import Database
from hub.store.secrets import SecretBox, SecretUnreadable
from hub.targets.brokers.client import Broker


class OpenConnections:
    """The connections as senders use them: with their passwords, looked up at most once a second."""

    def __init__(self, database: Database, box: SecretBox, ca_file: str | None = None) -> None:
        """`ca_file`: certificates that are trusted where a connection names none of its own."""
        self._database = database
        self._box = box
        self._ca = Path(ca_file).read_text() if ca_file else None
        self._recent: Recent[str, BrokerConnection] = Recent(
            lambda names: database.read(lambda: broker_connections.named(names))
        )
        self.refresh = self._recent.refresh
        self.forget = self._recent.forget

    def find(self, name: str) -> Broker | None:
        """Raises: DeliveryError, by the hub's own fault."""
        try:
            found = self._recent.get(name)
        except StoreUnavailable as error:
            raise DeliveryError(str(error), "none", "hub") from error
        return None if found is None else self.opened(found)

    def opened(self, connection: BrokerConnection) -> Broker:
        """Raises: DeliveryError, by the hub's own fault."""
        try:
            password = broker_connections.password_of(self._box, connection)
        except SecretUnreadable:
            reason = (
                f"the password of the connection {connection.name} cannot be read with this HUB_SECRET_KEY:"
                " give it again"
            )
            raise DeliveryError(reason, "none", "hub") from None
        return Broker(
            connection.name,
            connection.kind,
            connection.url,
            connection.username,
            password,
            connection.ca or self._ca,
            connection.verify_ssl,
            None if connection.projects is None else frozenset(connection.projects),
            connection.last_error,
        )

    def report(self, name: str, error: str | None) -> None:
        """Have it kept whether a connection can be used, without waiting for it."""
        now = self._database.clock.now()
        self._database.write(lambda: broker_connections.report(name, error, now))

    def usable(self, project_key: str) -> dict[str, str]:
        """The connections that hooks of a project may use: name → kind."""
        found = self._database.read(broker_connections.find)
        return {one.name: one.kind for one in found if one.is_for(project_key)}

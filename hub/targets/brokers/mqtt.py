"""MQTT 5: a message is published with quality of service 1, and delivered once the broker acknowledges it.

Owns what reason codes mean (MQTT 5.0 §2.4) and when another session is begun: one that is over, or owes an
answer, is left to those who still wait on it. Step before: `transport`. Step after: `mqtt_session` has the
connection.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from paho.mqtt.reasoncodes import ReasonCode

from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Message, not_taken, too_large, unanswered, unreachable
from hub.targets.brokers.dialing import Deadline, host_and_port, said
from hub.targets.brokers.mqtt_session import Lost, Session

_FAILED = 0x80
_EVENTS_FAULT = frozenset({0x95, 0x99})
"""Packet too large, payload format invalid."""
_LOGIN = frozenset({0x86, 0x87, 0x8A, 0x8C})
"""In the answer to CONNECT: bad user name or password, not authorised, banned, bad authentication method."""


def client(broker: Broker, addresses: Addresses) -> "Mqtt":
    return Mqtt(broker, addresses)


class Mqtt:
    """One session for all threads, begun when a message needs it."""

    def __init__(self, broker: Broker, addresses: Addresses) -> None:
        self._broker = broker
        self._addresses = addresses
        self._where = "the MQTT broker {}:{}".format(*host_and_port(broker))
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._users: dict[Session, int] = {}
        """How many are within each session."""

    def publish(self, message: Message, timeout_s: float) -> str:
        deadline = Deadline(timeout_s)
        topic = message.place.replace(message.event_type, message.event_type.replace(".", "/"))
        with self._begun(deadline) as session:
            if session.bytes_max is not None and session.size(topic, message) > session.bytes_max:
                raise too_large(f"{self._where} takes packets of {session.bytes_max} bytes at most")
            try:
                reason = session.publish(topic, message, deadline)
            except Lost as lost:
                raise unanswered(f"{self._where} broke off: {said(lost, self._broker)}") from None
            except TimeoutError:
                session.is_over = True
                raise unanswered(f"no answer from {self._where} within {timeout_s:.3g} s") from None
        words = said(reason, self._broker)
        if reason.value >= _FAILED:
            made = too_large if reason.value in _EVENTS_FAULT else not_taken
            raise made(f"{self._where} says: {words}")
        return f"acknowledged: {words}"

    def check(self, timeout_s: float) -> None:
        with self._begun(Deadline(timeout_s)):
            pass

    def close(self) -> None:
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.end()

    @contextmanager
    def _begun(self, deadline: Deadline) -> Iterator[Session]:
        """The session, logged in. The last one within a session that is over ends it. Raises:
        DeliveryError.
        """
        session = self._taken(deadline)
        try:
            yield session
        finally:
            with self._lock:
                self._users[session] -= 1
                is_last = not self._users[session]
                if is_last:
                    del self._users[session]
            if is_last and session.is_over:
                session.end()

    def _taken(self, deadline: Deadline) -> Session:
        """One thread begins it, and the others wait for that."""
        if not self._lock.acquire(timeout=deadline.rest_s()):
            raise unreachable(f"no connection to {self._where} within {deadline.timeout_s:.3g} s")
        try:
            if self._session is None or self._session.is_over:
                self._session = None
                self._session = self._made(deadline)
            self._users[self._session] = self._users.get(self._session, 0) + 1
            return self._session
        finally:
            self._lock.release()

    def _made(self, deadline: Deadline) -> Session:
        try:
            session = Session(self._broker, self._addresses, deadline)
        except TimeoutError:
            raise unreachable(f"no connection to {self._where} within {deadline.timeout_s:.3g} s") from None
        except (OSError, ValueError) as error:
            raise unreachable(f"{self._where} is not to be had: {said(error, self._broker)}") from None
        answer = self._answer(session, deadline)
        if answer.value >= _FAILED:
            session.end()
            what = "the login" if answer.value in _LOGIN else "the connection"
            raise unreachable(f"{self._where} refuses {what}: {said(answer, self._broker)}")
        return session

    def _answer(self, session: Session, deadline: Deadline) -> ReasonCode:
        """To CONNECT."""
        try:
            return session.answer(deadline)
        except (Lost, TimeoutError) as error:
            session.end()
            why = f": {said(error, self._broker)}" if isinstance(error, Lost) else ""
            within = f"within {deadline.timeout_s:.3g} s"
            raise unreachable(f"no answer from {self._where} {why or within}") from None

"""One MQTT connection, its thread, and those who wait on it.

Owns the library's client. The library must never connect again by itself: it would send again what the hub
has already told as failed. Nor does its own loop run, which selects, and so knows no descriptor beyond 1,023:
all reading and writing is done in one thread here. Step before: `mqtt` needs a session. Step after: an
acknowledgement comes, or the connection is lost.
"""

import logging
import os
import select
import socket
import threading
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Message
from hub.targets.brokers.dialing import Deadline, dialed, host_and_port

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
LOOK_S = 1.0
"""So often the thread looks at the clock."""
IN_FLIGHT_MAX = 100
"""Messages that wait for their acknowledgement at once, where the broker does not ask for fewer."""
_AROUND_BYTES = 16
_AROUND_HEADER_BYTES = 5
"""What a packet has around its topic and body, and around each header, at the most."""


class Lost(Exception):
    """The connection is lost, and nothing will come any more; its text says why."""


class Session:
    def __init__(self, broker: Broker, addresses: Addresses, deadline: Deadline) -> None:
        """Connect and say who we are. Raises: DeliveryError by the policy, OSError."""
        self.is_over = False
        """Nothing more is to be published on it: it is lost, or owes an answer."""
        self.bytes_max: int | None = None
        """The largest packet that the broker takes; None: it does not say."""
        self._why = ""
        self._is_lost = threading.Event()
        self._connected = _Waiting()
        self._room = threading.BoundedSemaphore(IN_FLIGHT_MAX)
        self._waiting: dict[int, _Waiting] = {}
        """By the message's number. Its two sides meet here without a lock: either may come first."""
        self._paho = _Paho(broker, dialed(broker, addresses, deadline))
        self._paho.on_connect = self._on_connect
        self._paho.on_publish = self._on_publish
        self._paho.on_disconnect = self._on_disconnect
        # Its being there is what keeps the library from writing in the threads that publish.
        self._paho.on_socket_register_write = lambda *_: None
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._bell_lock = threading.Lock()
        self._paho.connect(*host_and_port(broker), KEEPALIVE_S)
        threading.Thread(target=self._run, name="mqtt", daemon=True).start()

    def answer(self, deadline: Deadline) -> ReasonCode:
        """The broker's to our CONNECT. Raises: Lost, TimeoutError."""
        return self._reason(self._connected, deadline)

    def publish(self, topic: str, message: Message, deadline: Deadline) -> ReasonCode:
        """Send a message, and wait for its acknowledgement. Raises: Lost, TimeoutError."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.UserProperty = list(message.headers.items())
        if not self._room.acquire(timeout=deadline.rest_s()):
            raise TimeoutError
        sent = self._paho.publish(topic, message.body, qos=1, properties=properties)
        self._ring()
        waiting = self._waiting.setdefault(sent.mid, _Waiting())
        try:
            reason = self._reason(waiting, deadline)
        finally:
            self._waiting.pop(sent.mid, None)
        self._room.release()  # what was not acknowledged still takes the broker's room
        return reason

    def end(self) -> None:
        """Say goodbye; its thread ends as soon as that is said, and nobody waits for a broker that is
        stuck.
        """
        self.is_over = True
        self._paho.disconnect()
        self._ring()

    @staticmethod
    def size(topic: str, message: Message) -> int:
        """How large the packet is, at the most."""
        headers = sum(
            len(name.encode()) + len(value.encode()) + _AROUND_HEADER_BYTES
            for name, value in message.headers.items()
        )
        return _AROUND_BYTES + len(topic) + len(message.body) + headers

    def _reason(self, waiting: "_Waiting", deadline: Deadline) -> ReasonCode:
        if self._is_lost.is_set():  # perhaps before we stood among those who are told
            waiting.event.set()
        if not waiting.event.wait(deadline.rest_s()):
            raise TimeoutError
        if waiting.reason is None:
            raise Lost(self._why)
        return waiting.reason

    def _ring(self) -> None:
        with self._bell_lock:
            if self._bell >= 0:
                os.eventfd_write(self._bell, 1)

    # The session's own thread, from here on.

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except Exception as error:
            log.exception("an MQTT connection ended by a fault of the hub")
            self._lose(f"a fault of the hub ({type(error).__name__})")
        else:
            self._lose("the connection is over")
        finally:
            self._paho.hang_up()
            with self._bell_lock:
                os.close(self._bell)
                self._bell = -1

    def _turn(self) -> bool:
        """Whether the connection goes on."""
        connection: Any = self._paho.socket()
        if connection is None:
            return False
        wanted = select.POLLIN | (select.POLLOUT if self._paho.want_write() else 0)
        poll = select.poll()
        poll.register(connection, wanted)
        poll.register(self._bell, select.POLLIN)
        is_pending = hasattr(connection, "pending") and connection.pending() > 0
        ready = dict(poll.poll(0 if is_pending else LOOK_S * 1000))

        if self._bell in ready:
            os.eventfd_read(self._bell)
        if is_pending or ready.get(connection.fileno(), 0) & ~select.POLLOUT:
            self._paho.loop_read()
        if self._paho.want_write():
            self._paho.loop_write()
        self._paho.loop_misc()
        return True

    def _on_connect(self, _: Any, __: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self.bytes_max = getattr(properties, "MaximumPacketSize", None)
        in_flight = getattr(properties, "ReceiveMaximum", IN_FLIGHT_MAX)
        self._room = threading.BoundedSemaphore(min(in_flight, IN_FLIGHT_MAX))
        self._connected.tell(reason)

    def _on_publish(self, _: Any, __: Any, number: int, reason: ReasonCode, properties: Properties) -> None:
        self._waiting.setdefault(number, _Waiting()).tell(reason)

    def _on_disconnect(self, _: Any, __: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._lose(str(reason))

    def _lose(self, why: str) -> None:
        if self._is_lost.is_set():
            return
        self._why, self.is_over = why, True
        self._is_lost.set()
        for waiting in (self._connected, *list(self._waiting.values())):
            waiting.event.set()


class _Waiting:
    """For one answer."""

    __slots__ = ("event", "reason")

    def __init__(self) -> None:
        self.event = threading.Event()
        self.reason: ReasonCode | None = None

    def tell(self, reason: ReasonCode) -> None:
        self.reason = reason
        self.event.set()


class _Paho(paho.Client):
    """The library's client, over a connection that has been made."""

    def __init__(self, broker: Broker, opened: socket.socket) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False)
        self._opened = opened
        self.max_inflight_messages_set(0)
        if broker.username is not None or broker.password is not None:
            self.username_pw_set(broker.username or "", broker.password)

    def hang_up(self) -> None:
        self._opened.close()

    def _create_socket_connection(self) -> socket.socket:
        return self._opened

"""Real brokers for tests: a server's own program, on loopback, in a directory that is thrown away.

Owns how one is started, stopped hard and started again on the same port; a program that is not installed is
skipped with its reason, and fails where CI runs. What is on a broker is read back by its own client.
"""

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import paho.mqtt.client as mqtt
import pytest
import redis
from paho.mqtt.enums import CallbackAPIVersion

from hub.errors import DeliveryError
from hub.ids import new_id
from hub.targets.brokers.client import Broker, Client, Message
from tests.rigs.ports import free_port
from tests.rigs.waiting import DEADLINE_S, until


def program(name: str) -> str:
    """Where a server's program is; Debian has some outside the usual path."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        why = f"{name} is not installed (.ci/install-system installs it)"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return found


class Server:
    """One server process that listens on a port."""

    def __init__(
        self, command: Sequence[str], directory: Path, port: int, environ: dict[str, str] | None = None
    ) -> None:
        self.port = port
        self.directory = directory
        self._command = list(command)
        self._environ = {**os.environ, **(environ or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.directory,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a server of several processes ends as one
            )
        until(self._listens)

    def stop(self) -> None:
        """Hard, as a machine that fails."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It stays connected and says nothing more."""
        assert self._process is not None
        group = self._process.pid
        os.killpg(group, signal.SIGSTOP)
        # The signal comes to each thread by itself, and the first process may be a shell before the server.
        until(lambda: _states(group), lambda states: states <= {"T", "Z"})

    def thaw(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.directory / "server.log").read_text()[-2000:]
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


class Rig(Protocol):
    """A broker with a login, as the tests that hold for every kind use it."""

    place: str
    """Where a hook may publish."""

    def broker(self, **changes: Any) -> Broker:
        """How to reach it."""
        ...

    def bodies(self) -> list[bytes]:
        """What lies at the place, in its order."""
        ...

    def start(self) -> None: ...

    def stop(self) -> None:
        """Hard, as a machine that fails."""
        ...

    def freeze(self) -> None:
        """It stays connected and says nothing more."""
        ...

    def thaw(self) -> None: ...


def _states(group: int) -> set[str]:
    """Of all threads of a process group, as the kernel's letters."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/task/*/stat"):
        try:
            state, _, of_group = file.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it has ended
            continue
        if int(of_group) == group:
            found.add(state)
    return found


PASSWORD = "s3cret-pass"


def message(rig: Rig, body: bytes = b'{"n": 1}', **changes: Any) -> Message:
    """One as the transport makes it, of an event of its own."""
    headers = {"content-type": "application/json", "webhook-id": "evt_1", "x-hub-event": "order.paid"}
    return replace(Message(rig.place, new_id("evt"), "order.paid", "evt_1", headers, body), **changes)


def failure(client: Client, one: Message, timeout_s: float = DEADLINE_S) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        client.publish(one, timeout_s)
    return caught.value


class RedisRig:
    place = "events:SHOP"

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        command = [program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        more = ["--appendonly", "yes", "--requirepass", PASSWORD, "--proto-max-bulk-len", "1mb"]
        self.server = Server([*command, *more], directory, self.port)
        self.start, self.stop = self.server.start, self.server.stop
        self.freeze, self.thaw = self.server.freeze, self.server.thaw

    def broker(self, **changes: Any) -> Broker:
        what = {"url": f"redis://127.0.0.1:{self.port}/1", "password": PASSWORD} | changes
        return Broker("queue", "redis", **what)

    def entries(self) -> list[dict[bytes, bytes]]:
        with self.own() as own:
            return [fields for _, fields in own.xrange(self.place)]

    def bodies(self) -> list[bytes]:
        return [fields[b"body"] for fields in self.entries()]

    def own(self) -> redis.Redis:
        """A client of the test's own."""
        return redis.Redis(port=self.port, password=PASSWORD, db=1)


class MosquittoRig:
    place = "hub/SHOP/order.paid"
    topic = "hub/SHOP/order/paid"
    packet_max = 300_000

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.messages: list[mqtt.MQTTMessage] = []
        command = [program("mosquitto"), "-c", str(self._configured(directory))]
        self.server = Server(command, directory, self.port)
        self.freeze, self.thaw = self.server.freeze, self.server.thaw

    def start(self) -> None:
        """There is a subscriber as soon as there is a broker."""
        self.server.start()
        is_listening = threading.Event()
        self._subscriber = one = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        one.username_pw_set("hub", PASSWORD)
        one.on_connect = lambda *_: one.subscribe("hub/#", qos=1)
        one.on_subscribe = lambda *_: is_listening.set()
        one.on_message = lambda _, __, found: self.messages.append(found)
        one.connect("127.0.0.1", self.port)
        one.loop_start()
        assert is_listening.wait(DEADLINE_S)

    def stop(self) -> None:
        self._subscriber.disconnect()
        self._subscriber.loop_stop()
        self.server.stop()

    def broker(self, **changes: Any) -> Broker:
        what = {"url": f"mqtt://127.0.0.1:{self.port}", "username": "hub", "password": PASSWORD} | changes
        return Broker("queue", "mqtt", **what)

    def bodies(self) -> list[bytes]:
        return [one.payload for one in self.messages]

    def _configured(self, directory: Path) -> Path:
        passwords, rights, settings = (directory / name for name in ("passwords", "rights", "settings"))
        passwords.write_text("")
        subprocess.run([program("mosquitto_passwd"), "-b", str(passwords), "hub", PASSWORD], check=True)
        rights.write_text("user hub\ntopic readwrite hub/#\n")
        settings.write_text(
            f"listener {self.port} 127.0.0.1\nuser root\nallow_anonymous false\n"
            f"max_packet_size {self.packet_max}\npassword_file {passwords}\nacl_file {rights}\n"
        )
        return settings

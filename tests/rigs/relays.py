"""A wire that can be cut: what stands behind it looks like a machine that fails, and starts again at once.

Owns `Relayed`, a broker's rig behind such a wire, for a server that takes long to start.
"""

import contextlib
import socket
import threading
from dataclasses import replace
from typing import Any

from hub.targets.brokers.client import Broker
from tests.rigs.brokers import Rig
from tests.rigs.ports import free_port


class Wire:
    """Hands on every connection to a port, both ways, until it is cut."""

    def __init__(self, to: int) -> None:
        self.port = free_port()
        self._to = to
        self._ends: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        assert self._listener is not None
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends = []

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


class Relayed:
    """A rig that runs already; to stop and start it is to cut and mend its wire."""

    def __init__(self, rig: Rig, port: int) -> None:
        self.place = rig.place
        self._rig = rig
        self._port = port
        self._wire = Wire(port)
        self.bodies, self.freeze, self.thaw = rig.bodies, rig.freeze, rig.thaw
        self.start, self.stop = self._wire.mend, self._wire.cut

    def broker(self, **changes: Any) -> Broker:
        direct = self._rig.broker(**changes)
        return replace(direct, url=direct.url.replace(str(self._port), str(self._wire.port)))

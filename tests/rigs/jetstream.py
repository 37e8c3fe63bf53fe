"""A real NATS with JetStream for tests, and how a test speaks to it with a client of its own."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import nats

from hub.targets.brokers.client import Broker
from tests.rigs import loops
from tests.rigs.brokers import PASSWORD, Server, program
from tests.rigs.ports import free_port

USER = "hub"


class NatsRig:
    place = "events.here"

    def __init__(self, directory: Path, *more: str) -> None:
        self.port = free_port()
        command = [
            program("nats-server"),
            "-a",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-js",
            "-sd",
            str(directory),
        ]
        login = ["--user", USER, "--pass", PASSWORD]
        self.server = Server([*command, *login, *more], directory, self.port)
        self.stop = self.server.stop
        self.freeze, self.thaw = self.server.freeze, self.server.thaw

    def start(self) -> None:
        self.server.start()
        self.at(lambda js: js.add_stream(name="events", subjects=["events.>"]))

    def broker(self, **changes: Any) -> Broker:
        what = {"url": f"nats://127.0.0.1:{self.port}", "username": USER, "password": PASSWORD} | changes
        return Broker("queue", "nats", **what)

    def at(self, work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        async def run() -> Any:
            url = f"nats://127.0.0.1:{self.port}"
            connection = await nats.connect(url, user=USER, password=PASSWORD)
            try:
                return await work(connection.jetstream())
            finally:
                await connection.close()

        return loops.run(run())

    def bodies(self) -> list[bytes]:
        async def read(js: Any) -> list[bytes]:
            state = (await js.stream_info("events")).state
            numbers = range(state.first_seq, state.last_seq + 1) if state.messages else ()
            return [(await js.get_msg("events", number)).data for number in numbers]

        found: list[bytes] = self.at(read)
        return found

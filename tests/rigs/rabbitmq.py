"""A real RabbitMQ for tests, with the port mapper of its own that Erlang asks for.

Owns its settings and how a test reads its queues. One core and no busy waiting: it starts in some seconds.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pika

from hub.targets.brokers.client import Broker
from tests.rigs.authority import Authority
from tests.rigs.brokers import PASSWORD, Server, program
from tests.rigs.ports import free_port

USER = "hub"


class RabbitRig:
    place = "amq.default/events"

    def __init__(self, directory: Path) -> None:
        program("rabbitmq-server")
        self.port, self.tls_port, mapper_port = free_port(), free_port(), free_port()
        authority = Authority(directory)
        authority.context("127.0.0.1")
        self.ca = Path(authority.ca_file).read_text()
        settings = directory / "rabbitmq.conf"
        settings.write_text(
            f"default_user = {USER}\ndefault_pass = {PASSWORD}\nlog.console = true\nlog.file = false\n"
            f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}\nssl_options.cacertfile = {authority.ca_file}\n"
            f"ssl_options.certfile = {directory}/127.0.0.1.pem\nssl_options.keyfile = {directory}/127.0.0.1.pem\n"
        )
        plugins = directory / "plugins"
        plugins.write_text("[].\n")
        environ = {
            "HOME": str(directory),
            "ERL_EPMD_PORT": str(mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"hub{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory),
            "RABBITMQ_CONFIG_FILE": str(settings),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        # Debian's command changes to a user of its own, where it may: the script behind it does not.
        script = "/usr/lib/rabbitmq/bin/rabbitmq-server"
        self.server = Server([script], directory, self.port, environ)
        mapper = ["epmd", "-port", str(mapper_port), "-address", "127.0.0.1"]
        self._mapper = Server(mapper, directory, mapper_port)
        self.freeze, self.thaw = self.server.freeze, self.server.thaw
        self._bodies: list[bytes] = []

    def start(self) -> None:
        self._mapper.start()
        self.server.start()
        with self.channel() as channel:
            channel.queue_declare("events", durable=True)

    def stop(self) -> None:
        self.server.stop()
        self._mapper.stop()

    def broker(self, **changes: Any) -> Broker:
        what = {"url": f"amqp://127.0.0.1:{self.port}", "username": USER, "password": PASSWORD} | changes
        return Broker("queue", "amqp", **what)

    @contextmanager
    def channel(self) -> Iterator[Any]:
        login = pika.PlainCredentials(USER, PASSWORD)
        parameters = pika.ConnectionParameters("127.0.0.1", self.port, credentials=login)
        with closing(pika.BlockingConnection(parameters)) as connection:
            yield connection.channel()

    def taken(self, queue: str) -> list[tuple[Any, Any, bytes]]:
        """Method, properties and body of what lies in a queue; it is empty then."""
        found = []
        with self.channel() as channel:
            while (got := channel.basic_get(queue, auto_ack=True))[0] is not None:
                found.append(got)
        return found

    def bodies(self) -> list[bytes]:
        """All that has been there: reading takes it away."""
        self._bodies += [body for _, _, body in self.taken("events")]
        return list(self._bodies)

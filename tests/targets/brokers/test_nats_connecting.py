"""Connecting to NATS: TLS as the connection says, and whatever goes wrong in words."""

import contextlib
import socket
import struct
import threading
from pathlib import Path

import pytest

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker
from hub.targets.brokers.nats_connecting import connected, ended
from hub.targets.resolver import Resolver
from tests.rigs import loops
from tests.rigs.authority import Authority
from tests.rigs.jetstream import NatsRig
from tests.rigs.ports import free_port
from tests.rigs.waiting import DEADLINE_S


def connect(broker: Broker, addresses: Addresses, timeout_s: float = 20) -> bool:
    async def run() -> bool:
        connection = await connected(broker, addresses, timeout_s)
        try:
            return connection.is_connected
        finally:
            await ended(connection)

    return loops.run(run())


def test_tls_trusts_the_connections_own_authority_and_no_other(tmp_path: Path, addresses: Addresses) -> None:
    authority = Authority(tmp_path)
    authority.context("127.0.0.1")
    pem = str(tmp_path / "127.0.0.1.pem")
    rig = NatsRig(tmp_path, "--tls", "--tlscert", pem, "--tlskey", pem)
    rig.server.start()
    try:
        url, ca = f"tls://127.0.0.1:{rig.port}", Path(authority.ca_file).read_text()
        assert connect(rig.broker(url=url, ca=ca), addresses)
        assert connect(rig.broker(url=url, verify_ssl=False), addresses)
        assert connect(rig.broker(ca=ca), addresses), "the server asks for it"
        with pytest.raises(DeliveryError, match="certificate verify failed"):
            connect(rig.broker(url=url), addresses)
    finally:
        rig.stop()


def test_who_offers_no_tls_gets_no_login(addresses: Addresses) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def stand_between() -> None:
            for _ in range(2):  # the library tries twice
                with contextlib.suppress(OSError):
                    opened, _ = listener.accept()
                    with opened:
                        opened.sendall(b'INFO {"server_id":"x","version":"2.9.10","max_payload":1048576}\r\n')
                        heard.append(opened.recv(4096))

        thread = threading.Thread(target=stand_between, daemon=True)
        thread.start()
        broker = Broker("b", "nats", f"tls://127.0.0.1:{listener.getsockname()[1]}", "hub", "s3cret-pass")
        with pytest.raises(DeliveryError, match="offers no TLS"):
            connect(broker, addresses, DEADLINE_S)
    assert b"s3cret-pass" not in b"".join(heard)


def test_an_address_that_may_not_be_reached_is_refused(nats_rig: NatsRig) -> None:
    strict = Addresses((), Resolver())
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1") as caught:
        connect(nats_rig.broker(), strict)
    assert caught.value.fault == "refused"
    strict.close()


def test_nobody_there_and_nobody_who_answers(nats_rig: NatsRig, addresses: Addresses) -> None:
    nobody = nats_rig.broker(url=f"nats://127.0.0.1:{free_port()}")
    with pytest.raises(DeliveryError, match="NATS is not to be had: Connection refused"):
        connect(nobody, addresses)
    nats_rig.freeze()
    try:
        with pytest.raises(DeliveryError, match=r"gave no answer within 0\.3 s"):
            connect(nats_rig.broker(), addresses, 0.3)
    finally:
        nats_rig.thaw()


def test_a_connection_that_is_reset_at_the_login_may_be_a_refusal(addresses: Addresses) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def reset() -> None:
            for _ in range(2):  # the library tries twice
                with contextlib.suppress(OSError):
                    opened, _ = listener.accept()
                    opened.sendall(b'INFO {"server_id":"x","version":"2.9.10","max_payload":1048576}\r\n')
                    opened.recv(1)
                    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    opened.close()

        threading.Thread(target=reset, daemon=True).start()
        broker = Broker("b", "nats", f"nats://127.0.0.1:{listener.getsockname()[1]}", "hub", "s3cret-pass")
        with pytest.raises(DeliveryError, match="password or token may be wrong") as caught:
            connect(broker, addresses, DEADLINE_S)
    assert "s3cret-pass" not in str(caught.value)

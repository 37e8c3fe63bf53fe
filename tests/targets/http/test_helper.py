"""A sending loop's helper: a real process under load, and what becomes of requests when it ends."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.base import HttpParcel
from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.http.exchange import Handle
from hub.targets.http.helper import LARGE_BODY_BYTES, PROGRAM, REST_S, SILENT_S, Helper, Load, SetUp
from hub.targets.http.loop import Loop
from hub.targets.http.selector import Selector
from hub.targets.http.transport import HttpTransport
from hub.targets.outbound import Outbound
from hub.targets.resolver import Resolver
from hub.targets.transport import Request
from tests.rigs import jobs
from tests.rigs.authority import Authority
from tests.rigs.doors import LOOPBACK, hasty, post
from tests.rigs.jobs import Waiting
from tests.rigs.ports import nowhere
from tests.rigs.receivers import Receiver, close_silently, hang, raw
from tests.rigs.waiting import DEADLINE_S, until

ALWAYS, NEVER = Load(1, 0), Load(1, 1_000_000)
TOGETHER = 40


def helpers() -> list[int]:
    """The helpers of this process that run."""
    children = [int(child) for task in Path("/proc/self/task").iterdir() for child in _children(task)]
    return [child for child in children if b"helper_process" in _command(child)]


def _children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except OSError:  # a thread that has ended
        return []


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def submitted(loop: Loop, *requests: Request) -> list[Waiting]:
    found = [Waiting(request) for request in requests]
    for job in found:
        loop.submit(job)
    return found


def load(loop: Loop, receiver: Receiver) -> None:
    """Some requests at once."""
    for job in submitted(loop, *(post(receiver.url) for _ in range(TOGETHER))):
        assert job.result().answer.status == 200


class Helped:
    """A loop and its helper, and one beside it that has none."""

    def __init__(self, ca_file: str, program: str = PROGRAM, load: Load = ALWAYS) -> None:
        set_up = SetUp([str(network) for network in LOOPBACK], [], ca_file, None)
        made: list[Helper] = []

        def helper(selector: Selector) -> Helper:
            made.append(Helper(set_up, selector, program, load))
            return made[0]

        self._transport = HttpTransport(Addresses(LOOPBACK, Resolver()), lambda: Handle(ca_file, LOOPBACK))
        self.loop = self._transport.loop("sender-helped", lambda: None, helper)
        self.alone = self._transport.loop("sender-alone", lambda: None)
        assert self.loop.has_begun().is_set()  # nothing; it has not even begun itself
        self.loop.call(lambda: None)
        [self.helper] = made

    def get_helper(self, receiver: Receiver) -> int:
        """Its process, once it takes requests."""
        until(
            lambda: (load(self.loop, receiver), helpers())[1]
        )  # a busy machine may not be quick enough at once
        until(lambda: self.helper.is_ready, bool)
        [process] = helpers()
        return process

    def look(self, now: float) -> None:
        """Have the loop look at it, and return when it has."""
        has_looked = threading.Event()
        self.loop.call(lambda: self.helper.look(now))
        self.loop.call(has_looked.set)
        assert has_looked.wait(DEADLINE_S)

    def close(self) -> None:
        self._transport.close()
        until(helpers, lambda found: found == [])


@pytest.fixture
def helped(authority: Authority) -> Iterator[Helped]:
    made = Helped(authority.ca_file)
    yield made
    made.close()


def test_under_load_another_process_sends_and_answers_come_back_whole(
    helped: Helped, receiver: Receiver
) -> None:
    assert helpers() == []
    process = helped.get_helper(receiver)
    before = receiver.connections
    receiver.answer = 418, {"A": "b", "Set-Cookie": "c=d; Path=/"}, b"short \xff and stout"
    got = jobs.send(helped.loop, post(receiver.url, b"\x00\xff"))
    assert receiver.connections == before + 1  # the other process's own
    assert (got.answer.status, got.answer.body) == (418, b"short \xff and stout")
    assert got.answer.header("a") == "b"
    assert (got.phase, got.peer, got.note, len(got.phases_ms)) == ("body", "127.0.0.1", None, 6)
    assert 0 < got.duration_s < 60
    sent = receiver.requests[-1]
    assert (sent.method, sent.body, sent.headers["content-type"]) == ("POST", b"\x00\xff", "application/json")
    assert helpers() == [process]


def test_it_is_this_program_whatever_lies_in_the_working_directory(
    helped: Helped, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "__init__.py").write_text("raise SystemExit('another program')")
    monkeypatch.chdir(tmp_path)
    helped.get_helper(receiver)


def test_few_at_once_are_sent_by_the_loop_itself(authority: Authority, receiver: Receiver) -> None:
    alone = Helped(authority.ca_file, load=NEVER)
    load(alone.loop, receiver)
    assert helpers() == []
    alone.close()


class Text(str):
    """A kind of text that is not known to messages."""


def told(loop: Loop, request: Request) -> object:
    """How a request ended, but for times."""
    try:
        got = jobs.send(loop, request)
    except DeliveryError as error:
        return error.reason, error.phase, error.fault, error.peer, error.was_sent, len(error.phases_ms)
    except Exception as error:
        return str(error)
    return got.answer.status, got.phase, got.peer, got.note, len(got.phases_ms)


def test_it_says_of_each_failure_what_the_loop_itself_would_say(helped: Helped, receiver: Receiver) -> None:
    helped.get_helper(receiver)
    with (
        Receiver(hang()) as hanging,
        Receiver(close_silently()) as silent,
        Receiver(raw(b"SSH-2\r\n")) as other,
    ):
        for request in (
            hasty(hanging.url),
            post(silent.url),
            post(other.url),
            post(nowhere()),
            post("http://10.0.0.1/"),
            post("http://nowhere.invalid/"),
            post("https://127.0.0.1:1/"),
            post("gopher://127.0.0.1/"),
            Request(receiver.url, HttpParcel({"Bad Name": "x"}, b"")),
            Request(receiver.url, HttpParcel({"A": "not latin: \u20ac"}, b"")),
            Request(receiver.url, HttpParcel({"A": "no text: \ud800"}, b"")),
            Request(receiver.url + "\ud800", HttpParcel({}, b"")),
            Request(receiver.url, HttpParcel({"A": Text("text")}, b"")),
            Request(receiver.url, HttpParcel({}, "a text")),  # type: ignore[arg-type]
            Request(None, HttpParcel({}, b"")),  # type: ignore[arg-type]
        ):
            assert told(helped.loop, request) == told(helped.alone, request), request


def test_certificates_are_trusted_and_refused_as_by_the_loop(
    helped: Helped, receiver: Receiver, authority: Authority, tmp_path: Path
) -> None:
    helped.get_helper(receiver)
    with Receiver(tls=authority.context("127.0.0.1")) as secure:
        assert jobs.send(helped.loop, post(secure.url)).answer.status == 200
    stranger = Authority(tmp_path)
    with Receiver(tls=stranger.context("127.0.0.1")) as unknown:
        with pytest.raises(DeliveryError, match="certificate"):
            jobs.send(helped.loop, post(unknown.url))
        assert jobs.send(helped.loop, post(unknown.url, verify_ssl=False)).answer.status == 200


def test_what_it_had_under_way_when_it_was_killed_is_a_fault_of_the_hub(
    helped: Helped, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    process = helped.get_helper(receiver)
    with Receiver(hang()) as hanging:
        stuck = submitted(helped.loop, *(post(hanging.url) for _ in range(20)))
        hanging.wait_for(20)
        os.kill(process, signal.SIGKILL)
        for job in stuck:
            with pytest.raises(DeliveryError, match="sending process ended") as raised:
                job.result()
            assert (raised.value.fault, raised.value.was_sent) == ("hub", True)
    assert "has ended" in caplog.text
    assert jobs.send(helped.loop, post(receiver.url)).answer.status == 200
    assert helped.loop.has_begun().wait(DEADLINE_S)
    assert not helped.helper.is_ready


def test_all_has_begun_only_when_the_helper_has_begun_it(helped: Helped, receiver: Receiver) -> None:
    helped.get_helper(receiver)
    with Receiver(hang()) as hanging:
        submitted(helped.loop, *(post(hanging.url) for _ in range(100)))
        assert helped.loop.has_begun().wait(DEADLINE_S)
        hanging.wait_for(100)


def test_it_ends_after_a_rest_and_comes_again_with_the_load(helped: Helped, receiver: Receiver) -> None:
    first = helped.get_helper(receiver)
    helped.look(time.monotonic() + REST_S / 2)
    assert jobs.send(helped.loop, post(receiver.url)).answer.status == 200
    assert helpers() == [first]
    helped.look(time.monotonic() + REST_S)
    until(helpers, lambda found: found == [])
    assert jobs.send(helped.loop, post(receiver.url)).answer.status == 200
    assert helped.get_helper(receiver) != first


def test_it_stays_while_anything_is_under_way_by_it(helped: Helped, receiver: Receiver) -> None:
    helped.get_helper(receiver)
    with Receiver(hang()) as hanging:
        [stuck] = submitted(helped.loop, post(hanging.url))
        hanging.wait_for(1)
        helped.look(time.monotonic() + REST_S)
    with pytest.raises(DeliveryError) as raised:
        stuck.result()
    assert raised.value.fault == "receiver"


def test_one_that_says_nothing_more_is_ended_when_a_request_is_overdue(
    helped: Helped, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    process = helped.get_helper(receiver)
    os.kill(process, signal.SIGSTOP)
    [stuck] = submitted(helped.loop, hasty(receiver.url, total_timeout_s=60))
    helped.look(time.monotonic() + 30)
    assert helpers() == [process]
    helped.look(time.monotonic() + 60 + SILENT_S)
    with pytest.raises(DeliveryError, match="sending process ended") as raised:
        stuck.result()
    assert raised.value.fault == "hub"
    assert "says nothing" in caplog.text
    until(helpers, lambda found: found == [])
    assert jobs.send(helped.loop, post(receiver.url)).answer.status == 200


def test_large_bodies_stay_in_this_process(helped: Helped, receiver: Receiver) -> None:
    helped.get_helper(receiver)
    before = receiver.connections
    assert jobs.send(helped.loop, post(receiver.url, b"x" * (LARGE_BODY_BYTES + 1))).answer.status == 200
    assert receiver.connections == before  # one that this process had


def test_its_connections_that_rest_are_closed_where_descriptors_are_short(
    helped: Helped, receiver: Receiver
) -> None:
    helped.get_helper(receiver)
    for _ in range(2):
        jobs.send(helped.loop, post(receiver.url))
    before = receiver.connections
    assert jobs.send(helped.loop, post(receiver.url)).answer.status == 200
    assert receiver.connections == before
    helped.loop.give_back()
    assert jobs.send(helped.loop, post(receiver.url)).answer.status == 200
    assert receiver.connections == before + 1


def test_where_a_helper_does_not_start_the_loop_goes_on_alone(
    authority: Authority, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    alone = Helped(authority.ca_file, "hub.no_such_module")
    until(lambda: (load(alone.loop, receiver), caplog.text)[1], lambda text: "has ended" in text)
    load(alone.loop, receiver)
    assert not alone.helper.is_ready
    alone.close()


def test_a_signal_at_the_terminal_is_its_owner_s_alone(helped: Helped, receiver: Receiver) -> None:
    assert os.getpgid(helped.get_helper(receiver)) != os.getpgid(0)


def test_certificates_may_lie_in_a_folder_of_any_name(
    authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver(tls=authority.context("127.0.0.1")) as secure:
        text = Helped(copied(authority, tmp_path / "café"))
        text.get_helper(secure)
        load(text.loop, secure)
        text.close()
        none = Helped(copied(authority, tmp_path / "\udcff"))  # a helper cannot be told that
        load(none.loop, secure)
        load(none.loop, secure)
        assert "goes on without a helper" in caplog.text
        none.close()


def copied(authority: Authority, folder: Path) -> str:
    folder.mkdir()
    return str(shutil.copy(authority.ca_file, folder))


def test_where_the_system_gives_no_process_the_loop_goes_on_alone(
    authority: Authority, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    alone = Helped(authority.ca_file, "x" * 200_000)  # no command line takes that
    until(
        lambda: (load(alone.loop, receiver), caplog.text)[1], lambda text: "goes on without a helper" in text
    )
    alone.close()


def test_a_door_with_a_resolver_of_its_own_has_no_helper() -> None:
    door = Outbound(resolve=lambda host, port: [])
    loop = door.loop("sender-test", has_helper=True)
    assert vars(loop)["_helper"] is None
    door.close()

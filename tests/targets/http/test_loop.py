"""Sending loops: many requests at once in one thread, and none holds up another."""

import threading
import time
from collections.abc import Iterator

import pytest

from hub.errors import DeliveryError
from hub.targets.http.failure import LATE_S
from hub.targets.http.loop import Loop
from hub.targets.outbound import Outbound
from hub.targets.transport import Receipt, Request
from tests.rigs import jobs
from tests.rigs.authority import Authority
from tests.rigs.doors import LOOPBACK, TOTAL_S, Names, hasty, post
from tests.rigs.jobs import Waiting
from tests.rigs.receivers import Received, Receiver, hang
from tests.rigs.waiting import DEADLINE_S, until


@pytest.fixture
def door() -> Iterator[Outbound]:
    made = Outbound(allow=LOOPBACK, resolve=Names(["127.0.0.1"]))
    yield made
    made.close()


@pytest.fixture
def loop(door: Outbound) -> Loop:
    return door.loop("sender-test")


def submitted(loop: Loop, *requests: Request) -> list[Waiting]:
    found = [Waiting(request) for request in requests]
    for job in found:
        loop.submit(job)
    return found


def test_requests_that_hang_hold_up_nobody_and_end_at_their_own_deadlines(loop: Loop) -> None:
    with Receiver(hang()) as hanging, Receiver() as quick:
        names = [hanging.url_as(f"h{n}.example.com") for n in range(100)]
        stuck = submitted(loop, *(hasty(url, total_timeout_s=3, connect_timeout_s=3) for url in names))
        hanging.wait_for(100)
        assert jobs.send(loop, post(quick.url)).answer.status == 200
        for job in stuck:
            with pytest.raises(DeliveryError, match="no answer within 3 s"):
                job.result()


def test_a_name_server_that_hangs_holds_up_no_other_name(receiver: Receiver) -> None:
    answers = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        if host == "slow.example.com":
            answers.wait(DEADLINE_S)
        return ["127.0.0.1"]

    door = Outbound(allow=LOOPBACK, resolve=lookup)
    loop = door.loop("sender-test")
    slow = submitted(loop, *(hasty(receiver.url_as("slow.example.com")) for _ in range(2)))
    assert jobs.send(loop, post(receiver.url_as("quick.example.com"))).answer.status == 200
    for job in slow:
        with pytest.raises(DeliveryError, match="gave no address for slow"):
            job.result()
    [late] = submitted(loop, post(receiver.url_as("slow.example.com")))
    answers.set()
    assert late.result().answer.status == 200
    door.close()


def test_a_loop_that_stood_still_blames_no_receiver(loop: Loop) -> None:
    with Receiver(hang()) as hanging:
        [stuck] = submitted(loop, hasty(hanging.url))
        hanging.wait_for(1)
        until_late = time.monotonic() + TOTAL_S + LATE_S + 0.1
        loop.call(lambda: until(time.monotonic, lambda now: now > until_late))
        with pytest.raises(DeliveryError, match="the hub was held up") as raised:
            stuck.result()
        assert (raised.value.fault, raised.value.was_sent) == ("hub", True)


def test_connections_are_shared_by_all_its_requests(loop: Loop, receiver: Receiver) -> None:
    together = threading.Barrier(5)

    def answer(_: Received) -> int:
        together.wait(DEADLINE_S)
        return 200

    receiver.answer = answer
    for _ in range(3):
        for job in submitted(loop, *(post(receiver.url) for _ in range(5))):
            job.result()
    assert receiver.connections == 5


def test_what_rests_is_closed_when_it_is_asked_for_while_requests_go_on(loop: Loop) -> None:
    go_on = threading.Event()

    def answer(_: Received) -> int:
        go_on.wait(DEADLINE_S)
        return 200

    with Receiver() as quick, Receiver(answer) as waiting:
        jobs.send(loop, post(quick.url))
        [under_way] = submitted(loop, post(waiting.url))
        waiting.wait_for(1)
        loop.give_back()
        jobs.send(loop, post(quick.url))
        assert quick.connections == 2, "requests from now on have connections of their own"
        go_on.set()
        assert under_way.result().answer.status == 200
        loop.give_back()
        until(lambda: [quick.open_connections(), waiting.open_connections()], lambda left: left == [0, 0])


class Broken(Waiting):
    """A job with a fault of ours at either end."""

    def __init__(self, request: Request, where: str) -> None:
        super().__init__(request)
        self._where = where

    def request(self) -> Request:
        if self._where == "request":
            raise LookupError("a bug")
        return super().request()

    def answered(self, receipt: Receipt) -> None:
        super().answered(receipt)
        raise LookupError("a bug")


def test_a_fault_in_one_job_costs_no_other(loop: Loop, receiver: Receiver) -> None:
    unbuilt, unjudged = Broken(post(receiver.url), "request"), Broken(post(receiver.url), "answered")
    for job in (unbuilt, unjudged):
        loop.submit(job)
    with pytest.raises(LookupError):
        unbuilt.result()
    assert unjudged.result().answer.status == 200
    assert jobs.send(loop, post(receiver.url)).answer.status == 200


def test_jobs_that_beget_jobs_without_end_let_others_through(loop: Loop, receiver: Receiver) -> None:
    class Eager(Waiting):
        def failed(self, error: Exception) -> None:
            if not is_over.is_set():
                loop.submit(self)

    is_over = threading.Event()
    loop.submit(Eager(post("http://10.0.0.1/")))
    assert jobs.send(loop, post(receiver.url)).answer.status == 200
    assert loop.has_begun().wait(DEADLINE_S)
    is_over.set()


def test_many_handshakes_at_once_all_come_through(authority: Authority) -> None:
    door = Outbound(allow=LOOPBACK, ca_file=authority.ca_file, resolve=Names(["127.0.0.1"]))
    loop = door.loop("sender-test")
    with Receiver(tls=authority.context("127.0.0.1")) as receiver:
        for job in submitted(loop, *(post(receiver.url) for _ in range(40))):
            assert job.result().answer.status == 200
    door.close()


def test_it_ends_when_what_is_under_way_has_ended(door: Outbound, loop: Loop) -> None:
    with Receiver(hang()) as hanging:
        [job] = submitted(loop, post(hanging.url))
        hanging.wait_for(1)
        loop.close()
        assert loop._thread.is_alive()
        hanging.drop_connections()
        with pytest.raises(DeliveryError):
            job.result()
        until(lambda: not loop._thread.is_alive())

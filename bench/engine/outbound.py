"""What one request through the door costs this process: `python -m bench.engine.outbound [requests] [threads
…]`.

The receiver is a process of its own that answers 204 without looking, so that CPU time here is the sender's.
Figures of other machines are no target; the ratio to `reference` (libcurl alone, no policy, no requests) is
what a change must not worsen. `loop` is a sending loop with so many requests under way in its one thread.
"""

import multiprocessing
import socket
import sys
import threading
import time
from collections.abc import Callable
from ipaddress import ip_network

import pycurl

from connectors.base import HttpParcel
from hub.targets.http.loop import Loop
from hub.targets.outbound import Outbound
from hub.targets.transport import Receipt, Request

BODY = b'{"type":"story.create","data":' + b'"' + b"x" * 990 + b'"}'
HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "hookhub/bench",
    "webhook-id": "evt_0190c0ffee",
    "webhook-timestamp": "1795464000",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    "x-hub-attempt": "1",
    "x-hub-delivery": "dlv_0190c0ffee",
}


def receive(listener: socket.socket) -> None:
    """Answer each request of about BODY's size with 204, on any number of connections."""

    def serve(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = b""
        while data := sock.recv(65536):
            pending += data
            while (end := pending.find(b"\r\n\r\n")) >= 0 and len(pending) >= end + 4 + len(BODY):
                pending = pending[end + 4 + len(BODY) :]
                sock.sendall(
                    b"HTTP/1.1 204 No Content\r\nServer: bench\r\nDate: Mon, 23 Nov 2026 21:00:00 GMT\r\n\r\n"
                )

    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


def measure(name: str, threads: int, requests: int, make: Callable[[], Callable[[], object]]) -> None:
    """Print rate and CPU per request of `requests` calls spread over `threads` threads."""

    def work() -> None:
        send = make()
        for _ in range(requests // threads):
            send()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    wall, cpu = time.perf_counter(), time.process_time()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{name:10} {threads:4} threads  {requests / wall:8.0f}/s  {cpu / requests * 1e6:6.1f} us CPU a "
        "request"
    )


class Endless:
    """A job that is submitted again when it has ended, until enough have."""

    def __init__(self, loop: Loop, request: Request, count: list[int], over: threading.Event) -> None:
        self._loop, self._request, self._count, self._over = loop, request, count, over

    def request(self) -> Request:
        return self._request

    def answered(self, receipt: Receipt) -> None:
        self._count[0] -= 1
        if self._count[0] > 0:
            self._loop.submit(self)
        else:
            self._over.set()

    def failed(self, error: Exception) -> None:
        raise error


def looped(outbound: Outbound, request: Request, under_way: int, requests: int) -> None:
    """Print the same of a loop."""
    loop, over = outbound.loop("sender-bench"), threading.Event()
    count = [requests]
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(under_way):
        loop.submit(Endless(loop, request, count, over))
    over.wait()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rate, each_us = requests / wall, cpu / requests * 1e6
    print(f"{'loop':10} {under_way:4} at once  {rate:8.0f}/s  {each_us:6.1f} us CPU a request")


def main(requests: int, thread_counts: list[int]) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    receiver = multiprocessing.get_context("fork").Process(target=receive, args=(listener,), daemon=True)
    receiver.start()
    outbound = Outbound(allow=[ip_network("127.0.0.0/8")])
    request = Request(url, HttpParcel(HEADERS, BODY))

    def reference() -> Callable[[], object]:
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in HEADERS.items()])
        curl.setopt(pycurl.POSTFIELDS, BODY)
        perform: Callable[[], object] = curl.perform
        return perform

    for threads in thread_counts:
        measure("reference", threads, requests, reference)
        measure("outbound", threads, requests, lambda: lambda: outbound.send(request))
        looped(outbound, request, threads, requests)
    outbound.close()
    receiver.terminate()


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    main(arguments[0] if arguments else 20_000, arguments[1:] or [1, 16, 64])

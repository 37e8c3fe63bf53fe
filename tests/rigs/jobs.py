"""The other door: one request at a time, but by a sending loop, as tests of single calls see it."""

import threading
from contextlib import suppress
from typing import Any

from connectors.base import HttpParcel
from hub.errors import DeliveryError
from hub.targets.http.loop import Loop
from hub.targets.outbound import Outbound
from hub.targets.transport import Receipt, Request
from tests.rigs.waiting import DEADLINE_S


class Waiting:
    """A job that somebody waits for."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._is_over = threading.Event()
        self._receipt: Receipt | None = None
        self._error: Exception | None = None

    def request(self) -> Request:
        return self._request

    def answered(self, receipt: Receipt) -> None:
        self._receipt = receipt
        self._is_over.set()

    def failed(self, error: Exception) -> None:
        self._error = error
        self._is_over.set()

    def result(self) -> Receipt:
        assert self._is_over.wait(2 * DEADLINE_S), "the loop has forgotten it"
        if self._error is not None:
            raise self._error
        assert self._receipt is not None
        return self._receipt


def send(loop: Loop, request: Request) -> Receipt:
    """Raises DeliveryError."""
    job = Waiting(request)
    loop.submit(job)
    return job.result()


class Looped(Outbound):
    """A door whose single calls go by a loop, which runs from the beginning as in a hub."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._own = self.loop("sender-test")
        with suppress(DeliveryError):
            send(self._own, Request("http://nowhere:0/", HttpParcel({}, b"")))

    def send(self, request: Request) -> Receipt:
        if not isinstance(request.url, str) or not self.takes_jobs(request.url):
            return super().send(request)
        try:
            return send(self._own, request)
        except DeliveryError:
            raise
        except Exception as error:
            raise DeliveryError(f"fault of the hub: {error}", "none", "hub") from error

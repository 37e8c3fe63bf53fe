"""One libcurl multi handle: any number of transfers, their connections, and who waits for which socket.

Owns the talk with libcurl about sockets and times. The connections that are kept, the names that are pinned
and the certificates that are trusted live and end with it. Used by one thread at a time; it never waits by
itself. Step before: `hub.targets.http.loop` has a request and judged addresses. Step after: the loop waits
for the sockets, and collects what has ended.
"""

import select
from collections.abc import Iterator

import pycurl

from hub.targets.http.exchange import Handle
from hub.targets.http.sending import Sending
from hub.targets.http.sites import Site, Sites
from hub.targets.transport import Job

_MASKS = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}
_BROKEN = select.EPOLLERR | select.EPOLLHUP


class Multi:
    """The transfers of one loop, or of a part of its life."""

    def __init__(self, epoll: select.epoll, connections_max: int) -> None:
        """`connections_max`: when there are more, those that rest are closed."""
        self.sites = Sites(connections_max)
        self.is_at_fault = False
        """The system would not watch a socket for us: transfers may wait for what never comes."""
        self._epoll = epoll
        self._masks: dict[int, int] = {}
        self._young: set[int] = set()
        self._transfers: dict[pycurl.Curl, tuple[Handle, Job]] = {}
        self._curl = curl = pycurl.CurlMulti()
        curl.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        curl.setopt(pycurl.M_MAXCONNECTS, connections_max)
        curl.setopt(pycurl.M_PIPELINING, pycurl.PIPE_NOTHING)

    @property
    def due_in_s(self) -> float | None:
        """When libcurl wants to be called although no socket is ready. Asked for: to be told of each change
        would cost a callback or three for each request, each of which needs the interpreter.
        """
        timeout_ms = self._curl.timeout() if self._transfers else -1
        return None if timeout_ms < 0 else timeout_ms / 1000

    @property
    def is_idle(self) -> bool:
        return not self._transfers

    @property
    def under_way(self) -> int:
        return len(self._transfers)

    def watches(self, descriptor: int) -> bool:
        return descriptor in self._masks

    def is_young(self, descriptor: int) -> bool:
        """Whether this is a connection in the making, such as a TLS handshake, which takes a hundred times as
        long as an answer.
        """
        return descriptor in self._young

    def begin(self, handle: Handle, sending: Sending, site: Site, job: Job) -> None:
        """Begin a transfer. Raises pycurl.error when libcurl will not; then nothing has begun."""
        handle.sites = self.sites
        handle.begin(sending, site)
        try:
            self._curl.add_handle(handle.curl)
        except pycurl.error:
            handle.cancel()
            raise
        self._transfers[handle.curl] = (handle, job)

    def act(self, descriptor: int, events: int) -> None:
        """Go on with the transfer of a socket that is ready."""
        mask = 0
        if events & select.EPOLLIN:
            mask |= pycurl.CSELECT_IN
        if events & select.EPOLLOUT:
            mask |= pycurl.CSELECT_OUT
        if events & _BROKEN:
            mask |= pycurl.CSELECT_ERR
        self._curl.socket_action(descriptor, mask)

    def act_when_due(self) -> None:
        """Go on with the transfers that are new, or whose time is up."""
        if self.due_in_s == 0:
            self._curl.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def ended(self) -> Iterator[tuple[Handle, Job, int, str]]:
        """Each transfer that has ended meanwhile, with libcurl's code and words for `Handle.end`."""
        left = 1
        while left:
            left, good, bad = self._curl.info_read()
            for curl in good:
                yield *self._taken_out(curl), 0, ""
            for curl, code, text in bad:
                yield *self._taken_out(curl), code, text

    def keep_few(self) -> None:
        """Close connections that rest when transfers end; libcurl offers no way to close them at once."""
        self._curl.setopt(pycurl.M_MAXCONNECTS, 1)

    def close(self) -> list[Job]:
        """Close all connections. What was under way is broken off, and returned."""
        jobs = []
        for curl in list(self._transfers):
            handle, job = self._taken_out(curl)
            handle.cancel()
            handle.close()
            jobs.append(job)
        self._curl.close()
        for descriptor in list(self._masks):
            self._unwatch(descriptor)
        return jobs

    def _taken_out(self, curl: pycurl.Curl) -> tuple[Handle, Job]:
        self._curl.remove_handle(curl)
        return self._transfers.pop(curl)

    def _watch(self, what: int, descriptor: int, multi: object, data: object) -> None:
        """libcurl says which socket it waits for. An exception here would only be printed."""
        try:
            if what == pycurl.POLL_REMOVE:
                self._unwatch(descriptor)
                return
            mask = _MASKS[what]
            if descriptor in self._masks:
                self._epoll.modify(descriptor, mask)
            else:
                # A new connection waits for being connected first, one that was kept for its answer.
                if what == pycurl.POLL_OUT:
                    self._young.add(descriptor)
                self._epoll.register(descriptor, mask)
            self._masks[descriptor] = mask
        except Exception:
            self.is_at_fault = True

    def _unwatch(self, descriptor: int) -> None:
        self._young.discard(descriptor)
        if self._masks.pop(descriptor, None) is not None:
            try:
                self._epoll.unregister(descriptor)
            except OSError:  # closed already: the system has forgotten it
                return

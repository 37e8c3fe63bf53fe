"""The mail relay: one SMTP server that takes every mail of this hub, spoken to by libcurl.

Owns the connection to it: TLS unless it stands on this machine, the login, one recipient a message, and which
command each reply was about (libcurl's own error hides that). The relay is the administrator's choice, so the
policy for hooks' addresses says nothing about it, and whatever is wrong with it is the hub's own trouble.
Step before: `smtp` sends a hook's mail, `engine.notices` one to a person. Step after: its replies are judged.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from io import BytesIO
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import certifi
import pycurl

from hub.config import Config
from hub.errors import DeliveryError, Phase

NO_RELAY = "this hub has no mail relay: an administrator sets HUB_SMTP_URL and HUB_MAIL_FROM"
REST_S = 5.0
"""A relay that was not to be had is left alone for so long: what comes meanwhile fails at once, and holds no
thread.
"""
IDLE_S = 30
HANDLES_MAX = 16
REPLY_MAX = 500
_ABOUT_MESSAGE = frozenset({"MAIL", "RCPT", "DATA"})
_HEADER_POLICY = SMTP.clone(max_line_length=78)


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """Where the relay is, and as whom it is spoken to."""

    host: str
    port: int
    is_tls: bool
    """From the first byte on; otherwise by STARTTLS, which it must offer."""
    sender: str
    """As it stands in `From`, perhaps with a name."""
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None

    @property
    def is_local(self) -> bool:
        """On this machine: nobody is between us."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'smtps' if self.is_tls else 'smtp'}://{host}:{self.port}"


def relay_address(config: Config) -> RelayAddress | None:
    """The relay that the environment names, if it names one."""
    if not (config.smtp_url and config.mail_from):
        return None
    parts = urlsplit(config.smtp_url)
    return RelayAddress(
        parts.hostname or "",
        parts.port or 0,
        parts.scheme == "smtps",
        config.mail_from,
        unquote(parts.username or ""),
        config.smtp_password or "",
        config.outbound_ca_file,
    )


class Relay:
    """Shared by all threads of a process; make it after a fork, never before."""

    def __init__(
        self, address: RelayAddress, origin: str = "localhost", clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`origin`: as which the hub says hello."""
        self.address = address
        self._origin = origin
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[_Handle] = []
        self._rests_until = 0.0
        self._trouble = ""

    def send(
        self, recipient: str, headers: Mapping[str, str], body: bytes, connect_s: float, total_s: float
    ) -> str:
        """One message to one person; what the relay said to it, as `VERB CODE words`, good or bad.

        Raises:
            DeliveryError: the relay did not come so far as to judge this message; always the hub's own
                trouble.
        """
        if self._clock() < self._rests_until:
            raise DeliveryError(self._trouble, "connect", "hub")
        message = message_bytes(headers, self.address.sender, recipient) + body
        handle = self._taken()
        try:
            reply = handle.send(recipient, message, connect_s, total_s)
        except DeliveryError as error:
            if error.phase == "connect":
                self._trouble, self._rests_until = error.reason, self._clock() + REST_S
            handle.close()
            raise
        except BaseException:
            handle.close()
            raise
        self._give_back(handle)
        return reply

    def look(self, timeout_s: float) -> None:
        """Connect and log in, as for a mail, and send none. Raises: DeliveryError."""
        handle = _Handle(self.address, self._origin)
        try:
            handle.look(timeout_s)
        finally:
            handle.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for handle in idle:
            handle.close()

    def _taken(self) -> "_Handle":
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Handle(self.address, self._origin)

    def _give_back(self, handle: "_Handle") -> None:
        with self._lock:
            if len(self._idle) < HANDLES_MAX:
                self._idle.append(handle)
                return
        handle.close()


def message_bytes(headers: Mapping[str, str], sender: str, recipient: str) -> bytes:
    """The head of a message, encoded and folded (RFC 5322, RFC 2047), with the blank line after it."""
    all_headers = {"From": sender, "To": recipient, "Date": formatdate(), **headers}
    lines = (
        _HEADER_POLICY.fold_binary(*_HEADER_POLICY.header_store_parse(name, value))
        for name, value in all_headers.items()
    )
    return b"".join(lines) + b"\r\n"


class _Handle:
    """A libcurl handle with its connection. Used by one thread at a time."""

    def __init__(self, address: RelayAddress, origin: str) -> None:
        self._address = address
        self._verb = ""
        self._reply = ""
        self._curl = curl = pycurl.Curl()
        # Over loopback nobody listens, and what stands there often has a certificate for another name.
        needs_tls = not address.is_local
        for option, value in (
            (pycurl.URL, f"{address.url}/{origin}"),
            (pycurl.PROTOCOLS, pycurl.PROTO_SMTP | pycurl.PROTO_SMTPS),
            (pycurl.USE_SSL, pycurl.USESSL_ALL if needs_tls else pycurl.USESSL_NONE),
            (pycurl.CAINFO, os.fsencode(address.ca_file or certifi.where())),
            (pycurl.NOSIGNAL, 1),
            (pycurl.NOPROGRESS, 1),
            (pycurl.PROXY, ""),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.MAXCONNECTS, 1),
            (pycurl.MAXAGE_CONN, IDLE_S),
            (pycurl.VERBOSE, 1),
            (pycurl.DEBUGFUNCTION, self._overhear),
            (pycurl.WRITEFUNCTION, lambda data: len(data)),
            (pycurl.MAIL_FROM, f"<{parseaddr(address.sender)[1]}>"),
        ):
            curl.setopt(option, value)
        if address.user:
            curl.setopt(pycurl.USERNAME, address.user)
            curl.setopt(pycurl.PASSWORD, address.password)

    def send(self, recipient: str, message: bytes, connect_s: float, total_s: float) -> str:
        """Raises: DeliveryError."""
        self._curl.setopt(pycurl.UPLOAD, 1)
        self._curl.setopt(pycurl.MAIL_RCPT, [f"<{recipient}>"])
        self._curl.setopt(pycurl.INFILESIZE_LARGE, len(message))
        self._curl.setopt(pycurl.READFUNCTION, BytesIO(message).read)
        code, text = self._perform(connect_s, total_s)
        is_judged = self._verb in _ABOUT_MESSAGE and self._reply[:1] in ("2", "4", "5")
        if code == 0 and is_judged:
            return f"{self._verb} {self._reply}"
        # A 4yz or 5yz to MAIL is about the sender, which is ours; but for its size.
        refuses = self._verb != "MAIL" or self._reply.startswith("552")
        if code not in (0, pycurl.E_OPERATION_TIMEDOUT) and is_judged and self._reply[0] != "2" and refuses:
            return f"{self._verb} {self._reply}"
        raise self._failure(code, text, total_s)

    def look(self, timeout_s: float) -> None:
        """Raises: DeliveryError."""
        self._curl.setopt(pycurl.CONNECT_ONLY, 1)
        code, text = self._perform(timeout_s, timeout_s)
        if code != 0:
            raise self._failure(code, text, timeout_s)

    def close(self) -> None:
        self._curl.close()

    def _perform(self, connect_s: float, total_s: float) -> tuple[int, str]:
        """libcurl's code and words."""
        self._verb = self._reply = ""
        self._curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int(connect_s * 1000)))
        self._curl.setopt(pycurl.TIMEOUT_MS, max(1, int(total_s * 1000)))
        try:
            self._curl.perform()
        except pycurl.error as error:
            return int(error.args[0]), str(error.args[1])
        return 0, ""

    def _failure(self, code: int, text: str, total_s: float) -> DeliveryError:
        where = f"the mail relay {self._address.host}:{self._address.port}"
        was_sent = self._verb == "DATA"
        if self._reply and self._reply[0] in "45":
            what = "the login" if code == pycurl.E_LOGIN_DENIED else self._verb
            reason = f"{where} refuses {what or 'the connection'}: {self._reply}"
        elif code == pycurl.E_USE_SSL_FAILED:
            reason = f"{where} offers no STARTTLS, without which the hub sends it nothing"
        elif code == pycurl.E_OPERATION_TIMEDOUT:
            reason = f"{where} gave no answer within {total_s:.3g} s"
        else:
            what = "broke off" if self._verb in _ABOUT_MESSAGE else "is not to be had"
            reason = f"{where} {what}: {text}"
        phase: Phase = "sent" if self._verb in _ABOUT_MESSAGE else "connect"
        return DeliveryError(reason, phase, "hub", None, was_sent)

    def _overhear(self, kind: int, data: bytes) -> None:
        """libcurl's own talk: which command was the last one, and the last line of its reply. A login's line
        begins with base64 and is no command.
        """
        if kind == pycurl.INFOTYPE_HEADER_OUT:
            word = data.split(None, 1)[0].decode("ascii", "replace").upper() if data.strip() else ""
            self._verb = word if word in _ABOUT_MESSAGE or word in ("EHLO", "HELO", "STARTTLS") else "AUTH"
            self._reply = ""
        elif kind == pycurl.INFOTYPE_HEADER_IN:
            words = "".join(
                character if character.isprintable() else " "
                for character in data.decode("utf-8", "replace").strip()
            )
            if words[:3].isdigit():
                self._reply = f"{words[:3]} {words[4:]}".strip()[:REPLY_MAX]

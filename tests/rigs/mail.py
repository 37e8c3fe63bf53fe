"""A mail server for tests: real SMTP on loopback that records what it gets and replies as it is told.

Owns `MailServer`: one listening socket, a thread a connection. `replies` maps a command, or a command with an
address (`RCPT a@x.org`, `DATA a@x.org` for what follows the data), to a reply. Nothing here sleeps.
"""

import base64
import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any


@dataclass
class Mail:
    """One message as it came over the wire."""

    sender: str
    recipient: str
    raw: bytes
    """With CRLF, dots unstuffed."""
    login: str
    is_tls: bool
    connection: int

    @property
    def parsed(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class _Talk:
    """What one connection has said so far."""

    number: int
    sender: str = ""
    recipient: str = ""
    login: str = ""
    is_tls: bool = False
    commands: list[str] = field(default_factory=list)


class MailServer:
    def __init__(self, replies: dict[str, str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        """`tls`: offered by STARTTLS."""
        self.replies = dict(replies or {})
        self.mails: list[Mail] = []
        self.commands: list[str] = []
        self._tls = tls
        self._connections = 0
        self._open: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "MailServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(5)

    def to(self, recipient: str) -> list[Mail]:
        """What this person got."""
        return [mail for mail in self.mails if mail.recipient == recipient]

    def _accept(self) -> None:
        while True:
            try:
                opened, _ = self._socket.accept()
            except OSError:
                return
            self._connections += 1
            self._open.append(opened)
            threading.Thread(target=self._serve, args=(opened, self._connections), daemon=True).start()

    def _serve(self, opened: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._talk(opened, _Talk(number))
        opened.close()

    def _talk(self, opened: socket.socket, talk: _Talk) -> None:
        lines = opened.makefile("rb")
        _say(opened, self._reply("CONNECT", "220 mail.test ESMTP"))
        while line := lines.readline():
            text = line.decode("latin-1").rstrip("\r\n")
            verb = text[:4].upper()
            self.commands.append(text)
            if verb == "STAR" and self._tls is not None:
                _say(opened, "220 go ahead")
                opened = self._tls.wrap_socket(opened, server_side=True)
                self._open.append(opened)
                lines, talk.is_tls = opened.makefile("rb"), True
            elif verb == "DATA":
                _say(opened, self._reply("DATA", "354 go on"))
                if not self._reply("DATA", "354").startswith("354"):
                    continue
                raw = _data(lines)
                reply = self._reply(f"DATA {talk.recipient}", "250 2.0.0 Ok: queued")
                if reply == "CLOSE":
                    return
                if reply.startswith("2"):
                    mail = (talk.sender, talk.recipient, raw, talk.login, talk.is_tls, talk.number)
                    self.mails.append(Mail(*mail))
                _say(opened, reply)
            else:
                _say(opened, self._answer(verb, text, talk, opened, lines))
                if verb == "QUIT":
                    return

    def _answer(self, verb: str, text: str, talk: _Talk, opened: socket.socket, lines: Any) -> str:
        if verb in ("EHLO", "HELO"):
            extras = ["AUTH PLAIN", "SIZE 1000000", *(["STARTTLS"] if self._tls and not talk.is_tls else [])]
            offered = ["250-mail.test", *(f"250-{extra}" for extra in extras), "250 8BITMIME"]
            return self._reply("EHLO", "\r\n".join(offered))
        if verb == "AUTH":
            _say(opened, "334 ")
            _, user, password = base64.b64decode(lines.readline()).decode().split("\0")
            talk.login = f"{user}:{password}"
            return self._reply("AUTH", "235 2.7.0 welcome")
        if verb == "MAIL":
            talk.sender = _between(text)
            return self._reply("MAIL", "250 2.1.0 Ok")
        if verb == "RCPT":
            talk.recipient = _between(text)
            return self._reply(f"RCPT {talk.recipient}", "250 2.1.5 Ok")
        return "221 bye" if verb == "QUIT" else "250 Ok"

    def _reply(self, to: str, otherwise: str) -> str:
        return self.replies.get(to, otherwise)


def _say(opened: socket.socket, reply: str) -> None:
    opened.sendall(reply.encode() + b"\r\n")


def _between(text: str) -> str:
    return text.partition("<")[2].partition(">")[0]


def _data(lines: Any) -> bytes:
    raw = b""
    while (line := lines.readline()) != b".\r\n":
        if not line:
            raise ConnectionError("the client went away in the middle")
        raw += line[1:] if line.startswith(b".") else line
    return raw

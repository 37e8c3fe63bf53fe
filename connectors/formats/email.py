"""E-mail: text and HTML in one message, for `mailto:` hooks.

Owns the mail's headers but for sender, recipient and date, its two bodies, and what the replies of a mail
server mean (RFC 5321 §4.2.1). Each recipient gets a message of their own, and the answer says of each of them
what the server replied, as `VERB CODE words` where the verb is the last command that it was about. One
outcome comes of them all: the worst, but addresses that are no more end the hook only when all are.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

from connectors.base import (
    Answer,
    Batch,
    Blame,
    Context,
    Event,
    Format,
    Judgement,
    Limits,
    MailParcel,
    Parcel,
)
from connectors.formats.html_markup import escaped, link, plain
from connectors.messages.describe import describe
from connectors.messages.message import Message, line

PAUSE_S = 300.0
"""Greylisting servers want to be asked again after some minutes, and never at once."""
SUBJECT_MAX = 200
_SUBJECT = re.compile(r"Subject:([^\n]*)(\n|$)", re.IGNORECASE)
_BLOCKS = re.compile(r"<(p|br|div|table|ul|ol|h[1-6]|pre)[\s/>]", re.IGNORECASE)
_UNFIT = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")
_REPLY = re.compile(r"([A-Z]+) (\d{3})(?: (\d\.\d{1,3}\.\d{1,3}))?")
_WORST: tuple[Blame, ...] = ("hub", "later", "receiver", "event")
_STYLE = "font-family: sans-serif; font-size: 15px; line-height: 1.45"


class EmailFormat(Format):
    """A mail to each of a few people."""

    key = "email"
    name = "E-mail"
    summary = "A mail, text and HTML, to each of a few people."
    docs = "mail.md"
    steps = ("The target is mailto: and the addresses, such as mailto:ann@example.org,bob@example.org.",)
    content_type = "multipart/alternative"
    makes = "mail"
    is_signed = False
    limits = Limits(rate=(60, 60))

    def request(self, event: Event, context: Context) -> Parcel:
        """One mail. Its id is the delivery's, the same on every attempt; mails about one event stand in one
        thread.
        """
        subject, text, html = _told(event, context.text)
        mime, body = alternatives(text, html, context.delivery_id)
        headers = {
            "Subject": subject,
            "Message-ID": f"<{context.delivery_id}@{context.host}>",
            "References": f"<{event.id}@{context.host}>",
            "Auto-Submitted": "auto-generated",
            "List-Id": f"<{event.project.lower()}.hookhub.{context.host}>",
            "X-Hub-Event": event.type,
            "MIME-Version": "1.0",
            "Content-Type": mime,
        }
        return MailParcel({name: header_text(value) for name, value in headers.items()}, body)

    def batch_request(self, batch: Batch, context: Context) -> Parcel:
        """One mail: of one event the same as ever, of several a line for each."""
        if context.text is None and len(batch.events) == 1:
            return self.request(batch.events[0], context)
        text = _listed(batch.events) if context.text is None else context.text
        return self.request(batch.as_event(), replace(context, text=text))

    def judge(self, answer: Answer) -> Judgement:
        """The worst of what the server replied about each recipient."""
        told = [(address, reply, _blame(reply)) for address, reply in answer.headers]
        for worst in _WORST:
            if found := [(address, reply) for address, reply, blame in told if blame == worst]:
                return Judgement(worst, _reason(found), PAUSE_S if worst == "later" else None)
        gone = [(address, reply) for address, reply, blame in told if blame == "gone"]
        is_over = bool(gone) and len(gone) == len(told)
        return Judgement("gone" if is_over else None, _reason(gone) or None)

    def escape(self, text: str) -> str:
        return escaped(text)


def header_text(value: str) -> str:
    """A header's value on one line: what an event holds adds no header of its own."""
    return _UNFIT.sub(" ", value).strip()


def _told(event: Event, text: str | None) -> tuple[str, str, str]:
    """Subject, text and HTML of an event, or of what the hook's template made of it: HTML, whose first line
    may give the subject.
    """
    told = describe(event)
    if text is None:
        return told.title or event.type, _plain(told), _html(told)
    subject = told.title
    if found := _SUBJECT.match(text.lstrip()):
        subject, text = line(plain(found[1]), SUBJECT_MAX), text.lstrip()[found.end() :]
    html = text if _BLOCKS.search(text) else text.strip().replace("\n", "<br>\n")
    with_breaks = re.sub(r"<(br|/p|/div|/tr|/li|/h[1-6])[^>]{0,100}>\n?", "\n", text, flags=re.IGNORECASE)
    return subject or event.type, plain(with_breaks).strip() + "\n", f'<div style="{_STYLE}">{html}</div>\n'


def _listed(events: Sequence[Event]) -> str:
    """What a template could make: the subject, and a line for each event."""
    lines = []
    for told in map(describe, events):
        title = escaped(told.title)
        lines.append(f"<li>{link(title, told.url) if told.url else title}</li>")
    subject = escaped(f"{len(events)} events in {events[0].project}")
    return f"Subject: {subject}\n<ul>\n" + "\n".join(lines) + "\n</ul>"


def _plain(told: Message) -> str:
    lines = [told.title, *([told.url] if told.url else []), ""]
    lines += [f"{name}: {value}" for name, value in told.facts]
    return "\n".join([*lines, *(["", told.text] if told.text else [])]).rstrip() + "\n"


def _html(told: Message) -> str:
    title = escaped(told.title)
    if told.url:
        title = link(title, told.url)
    rows = "".join(
        f'<tr><td style="color: #666; padding-right: 1em; vertical-align: top">{escaped(name)}</td>'
        f"<td>{escaped(value)}</td></tr>\n"
        for name, value in told.facts
    )
    parts = [f'<p style="font-size: 17px"><b>{title}</b></p>']
    parts += [f"<table>\n{rows}</table>"] if rows else []
    parts += [f"<p>{escaped(told.text).replace(chr(10), '<br>' + chr(10))}</p>"] if told.text else []
    return f'<div style="{_STYLE}">\n' + "\n".join(parts) + "\n</div>\n"


def alternatives(text: str, html: str, delivery_id: str) -> tuple[str, bytes]:
    """Content type and body of a text and the same as HTML, the same bytes each time."""
    boundary = f"={delivery_id}="
    parts = []
    for content, kind in ((text, "plain"), (html, "html")):
        part = EmailMessage(policy=SMTP)
        readable = content.encode("utf-8", "replace").decode().replace("\0", "")
        part.set_content(readable, subtype=kind, charset="utf-8", cte=_encoding(readable))
        del part["MIME-Version"]
        parts.append(f"--{boundary}\r\n".encode() + part.as_bytes())
    body = b"\r\n".join([*parts, f"--{boundary}--\r\n".encode()])
    return f'multipart/alternative; boundary="{boundary}"', body


def _encoding(text: str) -> str:
    """How its lines become short: quoted-printable where people can then still read it."""
    others = sum(1 for character in text if character > "~")
    return "quoted-printable" if others * 6 <= len(text) else "base64"


def _blame(reply: str) -> Blame | None:
    """Whom a reply about one recipient blames."""
    found = _REPLY.match(reply)
    if found is None:
        return "hub"
    verb, code, enhanced = found[1], int(found[2]), found[3] or ""
    if code < 400:
        return None
    if code in (530, 534, 535, 538):  # the server wants a login (RFC 4954 §6)
        return "hub"
    # 552 for a recipient means too many of them, or a full mailbox, and is to be read as 452 (RFC 5321
    # §4.5.3.1.10).
    if code < 500 or (verb == "RCPT" and code == 552):
        return "later"
    if verb != "RCPT":
        return "event"
    # A policy (RFC 3463 §3.8) refuses what may be allowed tomorrow; the address is there.
    return "receiver" if enhanced.startswith("5.7.") else "gone"


def _reason(found: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{address}: {reply}" for address, reply in found)[:500]


FORMAT = EmailFormat()

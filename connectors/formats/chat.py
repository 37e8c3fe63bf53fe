"""What all chats share: an event becomes a message in the chat's own markup, cut to what it takes.

Owns the order of a message (title with its link, facts, text) and the cutting, at the end of a line or of a
character and never inside markup. A chat overrides its markup (`bold`, `link`, `escape`), the payload around
the text, and the answers that mean something else there. A hook's own template replaces the text.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from connectors.base import Answer, Batch, Blame, Context, Event, Format, HttpParcel, Judgement, Parcel
from connectors.messages.describe import describe
from connectors.messages.message import Message

CUT = "…"
MARKDOWN = re.compile(r"([\\`*_\[\]<>~|])")
MARKDOWN_AT_START = re.compile(r"^(\s*)([#+\-])|^(\s*\d+)([.)])(?=\s)", re.MULTILINE)
ZERO_WIDTH = "\u200b"
_COUNTED = {"bytes": ("utf-8", 1), "utf16": ("utf-16-le", 2)}
"""What a unit of limits counts: an encoding, and how many bytes of it are one."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is said, ready to be put into a payload."""

    text: str
    message: Message | None = None
    """None where the hook's own template made the text."""
    link: str = ""
    """The event's own, as the template wrote it, where the text is more than the chat takes."""


class ChatFormat(Format):
    """A chat room behind an incoming webhook."""

    makes = "text"
    is_signed = False
    url_is_secret = True
    between_lines = "\n"
    blames: ClassVar[Mapping[int, Blame]] = {}
    """Status → whom it blames, where that differs from other receivers."""

    def request(self, event: Event, context: Context) -> HttpParcel:
        """One message."""
        if context.text is None:
            told = describe(event)
            said = Text(self.written(told), told)
        else:
            link = self.link_in(event, context.text)
            said = Text(self.fitted(context.text, link), link=link)
        body = json.dumps(self.payload(said, context), ensure_ascii=False, separators=(",", ":")).encode()
        return HttpParcel({"Content-Type": "application/json; charset=utf-8"}, body)

    def batch_request(self, batch: Batch, context: Context) -> Parcel:
        """One message: of one event the same as ever, of several a line for each."""
        if context.text is None and len(batch.events) == 1:
            return self.request(batch.events[0], context)
        text = self.listed(batch.events) if context.text is None else context.text
        return self.request(batch.as_event(), replace(context, text=text))

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        """The JSON around the text."""
        return {"text": said.text}

    def judge(self, answer: Answer) -> Judgement:
        """As other receivers are judged, but for the statuses of `blames`; the chat's own words are told."""
        judged = super().judge(answer)
        if judged.blames is None:
            return judged
        words = shown(answer.body)
        blames = self.blames.get(answer.status or 0, judged.blames)
        return replace(judged, blames=blames, reason=f"{judged.reason}{f': {words}' if words else ''}")

    def written(self, told: Message) -> str:
        """A message in the chat's markup, as many of its lines as the chat takes."""
        title = self.bold(self.escape(told.title))
        lines = [self.link(title, told.url) if told.url else title]
        lines += [f"{self.bold(self.escape(name))}: {self.escape(value)}" for name, value in told.facts]
        lines += [self.escape(line) for line in told.text.split("\n") if line.strip()]
        while len(lines) > 1 and not self.fits("\n".join(lines)):
            lines = [*lines[:-2], CUT] if lines[-1] == CUT and len(lines) > 2 else [*lines[:-1], CUT]
        return "\n".join(lines)

    def listed(self, events: Sequence[Event]) -> str:
        """A line for each event, as many as the chat takes, and how many more there are."""
        lines = [self.bold(self.escape(f"{len(events)} events in {events[0].project}"))]
        for told in map(describe, events):
            title = self.escape(told.title)
            lines.append(f"• {self.link(title, told.url) if told.url else title}")

        def cut(shown: int) -> str:
            more = len(events) - shown
            return self.between_lines.join([*lines[: shown + 1], *([f"and {more} more"] if more else [])])

        # The first number of lines that is too many; none is fewer than none.
        too_many = bisect_left(range(1, len(events) + 1), True, key=lambda shown: not self.fits(cut(shown)))
        return cut(too_many)

    def link_in(self, event: Event, text: str) -> str:
        """The event's own link as it stands in a text that must be cut; empty where there is none."""
        if self.fits(text):
            return ""
        url = describe(event).url
        return next((link for link in (self.escape(url), url) if link and link in text), "")

    def fitted(self, text: str, link: str = "") -> str:
        """A template's text, cut at a character where the chat takes less; `link` stays."""
        most = self.limits.text_max
        if most is None or self.fits(text):
            return text
        short = self._start(text, most - self._length(CUT))
        if not link or link in short or self._length(link) > most // 2:
            return short + CUT
        end = f"{CUT} {link}"
        return self._start(text, most - self._length(end)) + end

    def _start(self, text: str, most: int) -> str:
        """As much of it, ending with neither half an entity nor a backslash without what it escapes."""
        if self.limits.unit == "characters":
            short = text[:most]
        else:
            encoding, size = _COUNTED[self.limits.unit]
            short = text.encode(encoding)[: most * size].decode(encoding, "ignore")
        return re.sub(r"(&[a-z#0-9]{0,6}|\\)$", "", short)

    def fits(self, text: str) -> bool:
        """Whether the chat takes so much."""
        most = self.limits.text_max
        return most is None or self._length(text) <= most

    def _length(self, text: str) -> int:
        if self.limits.unit == "characters":
            return len(text)
        encoding, size = _COUNTED[self.limits.unit]
        return len(text.encode(encoding)) // size

    def bold(self, text: str) -> str:
        """An escaped text, bold."""
        return f"**{text}**"

    def link(self, text: str, url: str) -> str:
        """An escaped text that leads to a URL."""
        return f"[{text}]({markdown_url(url)})"


def entities(text: str) -> str:
    """Without a meaning in HTML, and in chats that read its three entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown(text: str) -> str:
    """Without a meaning in Markdown."""
    return MARKDOWN_AT_START.sub(r"\1\3\\\2\4", MARKDOWN.sub(r"\\\1", text))


def markdown_url(url: str) -> str:
    """A URL that ends where Markdown thinks it does."""
    return url.replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")


def unmentioned(text: str) -> str:
    """Without mentions: `@channel` of an event must not ring for everybody."""
    return text.replace("@", f"@{ZERO_WIDTH}")


def shown(body: bytes, most: int = 150) -> str:
    """The chat's own words, on one line."""
    words = " ".join(body[:1_000].decode("utf-8", "replace").split())
    return words[:most]


def json_of(body: bytes) -> Mapping[str, Any]:
    """The object that an answer holds; an empty one when it holds none."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def seconds(value: Any) -> float | None:
    """A number of seconds of an answer; None for what is no such number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 86_400 else None


def plain_lines(told: Message) -> str:
    """Facts and text of a message without markup, where its title stands elsewhere; else its title."""
    lines = [f"{name}: {value}" for name, value in told.facts] + ([told.text] if told.text else [])
    return "\n".join(lines) or told.title


def starred(text: str) -> str:
    """Bold by one star, where a star cannot be escaped: a text that has one stays as it is."""
    return text if "*" in text else f"*{text}*"

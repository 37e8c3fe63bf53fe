"""Notices by mail: each minute, whoever is due gets one mail with all that is open.

Owns that tick, and the notices that no change of state makes: sources that refuse everything, and the hub's
own trouble. Any process may send a mail; a compare-and-set lets one do it. What was closed meanwhile is not
told. Step before: `store.notices` has something open. Step after: `targets.relay`.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from html import escape

from connectors.formats.email import alternatives, header_text
from hub.errors import DeliveryError
from hub.ids import new_id
from hub.rules import notices as rules
from hub.store import notice_choices, notices
from hub.store.database import Database
from hub.store.notice_choices import Person
from hub.store.notices import Notice
from hub.targets.relay import Relay
from hub.timestamps import iso

log = logging.getLogger("hub.engine.notices")

SETTLED_S = 5.0
"""What is newer may have others beside it whose transaction has not ended: the next mail has it."""
MAIL_MAX = 50
"""Notices that one mail names."""
CONNECT_S, TOTAL_S = 10.0, 30.0
NETWORK = "hub:network"
RELAY = "hub:relay"


class Notices:
    """The tick of one process."""

    def __init__(
        self,
        database: Database,
        relay: Relay | None,
        base_url: str,
        is_network_suspected: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._relay = relay
        self._base_url = base_url
        self._is_network_suspected = is_network_suspected
        self._opened: set[str] = set()

    def tick(self, now: float) -> int:
        """Look, tell, tidy; returns how many mails were sent."""
        self._database.write(lambda: self._look(now)).result()
        if self._relay is None:
            return 0
        known = self._database.read(lambda: notices.find(now, project_ids=None, is_admin=True))
        if not known:
            return 0
        sent = 0
        for person in self._database.read(notice_choices.people):
            theirs = self._database.read(lambda person=person: self._of(person, known))  # type: ignore[misc]
            if rules.is_due(person.told, [(one.kind, one.news_at) for one in theirs], now):
                sent += self._mail(person, now)
        return sent

    def _look(self, now: float) -> None:
        notices.tidy(now)
        notices.look_at_sources(self._database, now)
        notices.look_at_connections(self._database, now)
        reason = (
            "it suspects its own network: requests to many hosts fail before they are connected, and none "
            "gets through; nothing is counted against a hook meanwhile"
        )
        self._hub_trouble(NETWORK, reason if self._is_network_suspected() else "", now)

    def _hub_trouble(self, key: str, reason: str, now: float) -> None:
        """Open the notice for administrators, or close the one that this process has opened."""
        if reason and key not in self._opened:
            notices.tell(self._database, "hub", key, None, key.partition(":")[2], reason, now)
            self._opened.add(key)
        elif not reason and key in self._opened:
            notices.close(self._database, [key], now)
            self._opened.discard(key)

    def _of(self, person: Person, known: Iterable[Notice]) -> list[Notice]:
        """Those that this person is told of."""
        found = list(known)
        orphans = notice_choices.unmanaged({one.project_id for one in found if one.project_id is not None})
        return [one for one in found if _is_for(person, one, orphans)]

    def _mail(self, person: Person, now: float) -> bool:
        """Send one person all that is open for them, if no other process does."""

        def take() -> list[Notice]:
            open_now = notices.find(now, project_ids=None, is_admin=True)
            theirs = self._of(person, open_now)
            if not rules.is_due(person.told, [(one.kind, one.news_at) for one in theirs], now):
                return []
            if not notice_choices.take_turn(person.id, person.told, now, now - SETTLED_S):
                return []
            notices.mark_told([one.id for one in theirs], now)
            return theirs

        theirs = self._database.write(take).result()
        if not theirs:
            return False
        try:
            self._send(person, theirs)
        except DeliveryError as error:
            log.warning("a notice could not be mailed: %s", error.reason)
            failed, reason = [one.id for one in theirs], error.reason

            def undo() -> None:
                notice_choices.give_turn_back(person.id, person.told, now, failed)
                self._hub_trouble(RELAY, f"it cannot mail notices: {reason}", now)

            self._database.write(undo).result()
            return False
        self._database.write(lambda: self._hub_trouble(RELAY, "", now)).result()
        return True

    def _send(self, person: Person, theirs: Sequence[Notice]) -> None:
        """Raises: DeliveryError: the relay takes it not."""
        assert self._relay is not None
        text, html = mail_text(theirs, self._base_url)
        mail_id = new_id("ntc")
        mime, body = alternatives(text, html, mail_id)
        host = self._relay.address.sender.rpartition("@")[2].rstrip("> ") or "localhost"
        headers = {
            "Subject": header_text(subject(theirs)),
            "Message-ID": f"<{mail_id}@{host}>",
            "Auto-Submitted": "auto-generated",
            "List-Id": f"<notices.hookhub.{host}>",
            "MIME-Version": "1.0",
            "Content-Type": mime,
        }
        reply = self._relay.send(person.email, headers, body, CONNECT_S, TOTAL_S)
        if not reply.startswith("DATA 2"):
            log.warning("the mail relay does not take a notice to user %s: %s", person.name, reply)


def _is_for(person: Person, notice: Notice, orphans: frozenset[int]) -> bool:
    """Managers of the project and the hook's maker; administrators for the hub, and where nobody manages."""
    if notice.project_id is None:
        return person.is_admin
    if notice.project_id in person.project_ids or notice.maker == person.name:
        return True
    return person.is_admin and notice.project_id in orphans


def subject(theirs: Sequence[Notice]) -> str:
    """One says what it is, many how many."""
    if len(theirs) == 1:
        one = theirs[0]
        return f"hookhub: {one.title}: {rules.words(one.kind).lower()}"
    return f"hookhub: {len(theirs)} things need attention"


def mail_text(theirs: Sequence[Notice], base_url: str) -> tuple[str, str]:
    """The same as text and as HTML: no payloads, for mails are read by anybody on their way."""
    texts, items = [], []
    for one in theirs[:MAIL_MAX]:
        link = base_url + path_of(one)
        where = f" ({one.project_key})" if one.project_key else ""
        lines = [rules.words(one.kind), *([one.reason] if one.reason else [])]
        lines += [f"{one.count} times since {iso(one.first_at)}"] if one.count > 1 else [iso(one.first_at)]
        lines += [f"Next try: {iso(one.next_at)}"] if one.next_at else []
        texts.append("\n  ".join([f"{one.title}{where}", *lines, link]))
        told = "<br>\n".join(map(escape, lines))
        items.append(f'<li><a href="{escape(link)}"><b>{escape(one.title)}</b></a>{where}<br>\n{told}</li>')
    if len(theirs) > MAIL_MAX:
        texts.append(f"and {len(theirs) - MAIL_MAX} more: {base_url}/notices")
        items.append(f'<li>and {len(theirs) - MAIL_MAX} <a href="{escape(base_url)}/notices">more</a></li>')
    ending = f"How often you are told: {base_url}/account/notices"
    text = "\n\n".join([*texts, ending]) + "\n"
    html = f"<ul>\n{''.join(items)}</ul>\n<p>{escape(ending)}</p>\n"
    return text, html


def path_of(notice: Notice) -> str:
    """The page about a notice's subject."""
    base = f"/projects/{notice.project_key}"
    if notice.kind == "hub":
        return "/health"
    if notice.kind == "connection":
        return f"/connections/{notice.subject_id}"
    if notice.kind == "source_refuses":
        return f"{base}/sources/{notice.subject_id}"
    if notice.kind == "schedule_missed":
        return f"{base}/schedules"
    return f"{base}/hooks/{notice.subject_id}"

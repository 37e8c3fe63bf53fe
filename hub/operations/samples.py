"""Samples: payloads exactly as a hook would get them, for whoever maps their fields before anything has
happened.

Owns which events serve as samples: the newest that the hook wants, or else examples of the types that it
wants.
"""

import json

from connectors import registry
from connectors.base import Context, Event, Format
from connectors.icescrum.catalogue import examples
from hub.errors import Conflict
from hub.operations.event_types import EventTypes
from hub.operations.events import hidden_types
from hub.operations.subscriptions import Subscriptions
from hub.rules.access import Requester
from hub.rules.facts import Facts
from hub.rules.templating.rendering import rendered
from hub.rules.templating.values import TemplateRefused
from hub.store import event_lists, events
from hub.store.database import Database
from hub.store.hooks import Hook
from hub.store.projects import Project
from hub.timestamps import iso

SAMPLES_MAX = 10
SEARCHED = 500
"""Newest events among which wanted ones are looked for."""
_EXAMPLE_DELIVERY = "dlv_00000000000070008000000000000001"
_EXAMPLE_ID = "evt_00000000000070008000{:012x}"


class Samples:
    """Samples for the hooks of all projects. Call it from any thread but the event loop's."""

    def __init__(self, database: Database, subscriptions: Subscriptions, event_types: EventTypes) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._event_types = event_types

    def find(self, requester: Requester, project: Project, hook_id: str, limit: int) -> list[bytes]:
        """Bodies, newest first.

        Raises: NotFound, also for a hook that this requester must not see; Conflict, its format is gone.
        """
        hook = self._subscriptions.get(requester, project, hook_id)
        form = _installed(hook.format)
        return [_body(form, hook, event) for event in self.events_for(requester, project, hook, limit)]

    def events_for(self, requester: Requester, project: Project, hook: Hook, limit: int) -> list[Event]:
        """The newest events that the hook wants, or else examples of them; one at least."""
        hidden = hidden_types(requester)
        recent = self._database.read(
            lambda: event_lists.newest_wanted(project.id, hook.subscription, SEARCHED, limit, hidden)
        )
        sent = [events.as_sent(event, project.key) for event in recent]
        return sent or self._examples(requester, project, hook, limit)

    def _examples(self, requester: Requester, project: Project, hook: Hook, limit: int) -> list[Event]:
        """One event of each type that is wanted; where none is known, of one that each pattern would
        match. Those that pass the filter, unless none does.
        """
        known = [info.code for info in self._event_types.find(requester, project)]
        wanted = [code for code in known if hook.subscription.wants_type(code)]
        wanted = wanted or [_made_up(pattern) for pattern in hook.events]
        now = iso(self._database.clock.now())
        made = [
            Event(_EXAMPLE_ID.format(n), code, now, project.key, examples(code))
            for n, code in enumerate(wanted, 1)
        ]
        passing = [event for event in made if hook.subscription.failed(Facts.of(event)) is None]
        return (passing or made)[:limit]


def _body(form: Format, hook: Hook, event: Event) -> bytes:
    """What would be sent for an event, as JSON: a text stands in quotes."""
    text = None
    if hook.template is not None:
        try:
            text = rendered(hook.template, event, form)
        except TemplateRefused as refused:
            raise Conflict(f"the hook's template {refused}", title="Template refused") from refused
    body = form.request(event, Context(_EXAMPLE_DELIVERY, text=text)).body
    try:
        json.loads(body)
    except ValueError:
        return json.dumps(body.decode("utf-8", "replace")).encode()
    return body


def _installed(key: str) -> Format:
    found = registry.find_format(key)
    if found is None:
        message = f"the format {key} is no longer installed: give the hook another one to see its samples"
        raise Conflict(message, title="Format gone")
    return found


def _made_up(pattern: str) -> str:
    if pattern == "*":
        return "example.event"
    return pattern.removesuffix(".*") + ".example" if pattern.endswith(".*") else pattern

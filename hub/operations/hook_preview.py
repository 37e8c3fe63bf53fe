"""The preview of a hook: whether it would get an event that is there, and the request that would be sent.

Owns what is tried before a hook is saved: the same checks, filter, template and request as for real, and
nothing is stored or sent. Step before: a door has read the fields. Step after: `engine.delivery` builds the
request, which is shown with its credentials masked.
"""

from dataclasses import dataclass

from connectors.base import Batch, Event
from hub.engine import recipe
from hub.engine.delivery import Attempt, Shipment
from hub.errors import DeliveryError, Invalid, NotFound
from hub.logs import MASK
from hub.operations.events import Events, hidden_types
from hub.operations.samples import SEARCHED
from hub.operations.subscriptions import Subscriptions
from hub.rules import format_fields
from hub.rules.access import Requester, require
from hub.rules.facts import Facts
from hub.rules.filters import Failed
from hub.rules.hook_fields import HookChange
from hub.rules.matching import Subscription
from hub.store import event_lists, events, settings
from hub.store.database import Database
from hub.store.destinations import Destination
from hub.store.hooks import NewHook
from hub.store.projects import Project
from hub.targets.outbound import Outbound

_HOOK_ID = "hook_00000000000070008000000000000001"
_DELIVERY_ID = "dlv_00000000000070008000000000000001"
_BATCH_ID = "bat_00000000000070008000000000000001"


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What would be sent; credentials masked."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HookPreview:
    """What a hook would make of an event."""

    event_id: str
    event_type: str
    reason: str | None
    """Why it would not get it; None when it would."""
    failed: Failed | None
    """The first row of its filter that the event does not pass."""
    request: PreviewRequest | None
    """None where none can be built: `problem` says why."""
    problem: str | None = None


class HookPreviews:
    """For the hooks of all projects. Call it from any thread but the event loop's."""

    def __init__(
        self, database: Database, subscriptions: Subscriptions, events: Events, outbound: Outbound
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._events = events
        self._outbound = outbound

    def of_new(
        self, requester: Requester, project: Project, wanted: HookChange, event_id: str
    ) -> HookPreview:
        """What a hook of these fields would make of an event.

        Raises: Forbidden; Invalid, the fields are wrong or there is no such event.
        """
        require(requester, "manage", project_id=project.id)
        new = self._subscriptions.drafted(requester, project, wanted)
        try:
            event = self._events.get(requester, project, event_id)
        except NotFound as error:
            raise Invalid([("event_id", "there is no such event in this project")]) from error
        return self._of(project, new, wanted, event)

    def of_recent(
        self, requester: Requester, project: Project, wanted: HookChange, count: int
    ) -> list[HookPreview]:
        """The same for the newest events of the types that it wants, newest first.

        Raises: Forbidden; Invalid, the fields are wrong.
        """
        require(requester, "manage", project_id=project.id)
        new = self._subscriptions.drafted(requester, project, wanted)
        by_type, hidden = Subscription(new.events), hidden_types(requester)
        recent = self._database.read(
            lambda: event_lists.newest_wanted(project.id, by_type, SEARCHED, count, hidden)
        )
        return [self._of(project, new, wanted, events.as_sent(event, project.key)) for event in recent]

    def _of(self, project: Project, new: NewHook, wanted: HookChange, event: Event) -> HookPreview:
        facts = Facts.of(event)
        subscription = Subscription(new.events, new.filter)
        failed = subscription.failed(facts)
        if not subscription.wants_type(event.type):
            reason: str | None = f"it does not want {event.type}"
        else:
            reason = None if failed is None else f"not sent: {failed.reason}"
        try:
            return HookPreview(
                event.id, event.type, reason, failed, self._request(project, new, wanted, event)
            )
        except DeliveryError as error:
            return HookPreview(event.id, event.type, reason, failed, None, error.reason)

    def _request(self, project: Project, new: NewHook, wanted: HookChange, event: Event) -> PreviewRequest:
        """With a digest, of this event alone. Raises: DeliveryError, the template refuses it."""
        destination = Destination(
            hook_id=_HOOK_ID,
            version=0,
            project_key=project.key,
            url=new.target_url,
            format=new.format,
            verify_ssl=new.verify_ssl,
            headers=dict(new.headers),
            handshake=new.handshake,
            secrets=((new.secret, None),) if new.secret else (),
            template=new.template,
            settings=dict(new.settings),
            is_ordered=new.pace.ordering == "fifo",
        )
        if new.pace.digest is None:
            shipment = Shipment(_DELIVERY_ID, 1, event, destination)
        else:
            shipment = Shipment.of_batch(Batch(_BATCH_ID, [event]), 1, destination)
        tuned = self._database.read(settings.load)
        built = Attempt(shipment, tuned, self._database.clock, self._outbound.origin).request()

        headers = recipe.of_destination(destination).masked(built.parcel.headers)
        if not isinstance(wanted.secret, str):  # the one that saving makes is another
            headers = {name: MASK if name.endswith("-signature") else one for name, one in headers.items()}
        url = format_fields.shown_url(new.format, built.url)
        return PreviewRequest(built.parcel.method, url, headers, built.parcel.body)

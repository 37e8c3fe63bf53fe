"""The parts of a running hub, as the layers that answer requests see them.

Owns nothing: it names what `app` has constructed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hub.config import Config
from hub.engine.dispatcher import Dispatcher
from hub.engine.intake import Intake
from hub.engine.scheduler import Scheduler
from hub.operations.audit import AuditTrail
from hub.operations.broker_connections import BrokerConnections
from hub.operations.connectors import Connectors
from hub.operations.credentials import Credentials
from hub.operations.deliveries import Deliveries
from hub.operations.event_types import EventTypes
from hub.operations.events import Events
from hub.operations.hook_preview import HookPreviews
from hub.operations.inbound import Inbound
from hub.operations.members import Members
from hub.operations.notices import Notices
from hub.operations.overview import Overview
from hub.operations.ping import Pings
from hub.operations.projects import Projects
from hub.operations.publishing import Publishing
from hub.operations.replays import Replays
from hub.operations.samples import Samples
from hub.operations.schedules import Schedules
from hub.operations.sessions import Sessions
from hub.operations.settings import ServerSettings
from hub.operations.source_trials import SourceTrials
from hub.operations.sources import Sources
from hub.operations.subscriptions import Subscriptions
from hub.operations.tokens import Tokens
from hub.operations.users import Users
from hub.store.database import Database
from hub.store.secrets import SecretBox
from hub.targets.outbound import Outbound


@dataclass(frozen=True, slots=True)
class Services:
    config: Config
    database: Database
    box: SecretBox
    outbound: Outbound
    intake: Intake
    sessions: Sessions
    subscriptions: Subscriptions
    pings: Pings
    publishing: Publishing
    sources: Sources
    inbound: Inbound
    source_trials: SourceTrials
    schedules: Schedules
    events: Events
    event_types: EventTypes
    samples: Samples
    hook_previews: HookPreviews
    deliveries: Deliveries
    replays: Replays
    overview: Overview
    credentials: Credentials
    projects: Projects
    users: Users
    members: Members
    tokens: Tokens
    connectors: Connectors
    settings: ServerSettings
    broker_connections: BrokerConnections
    notices: Notices
    audit: AuditTrail
    scheduler: Scheduler
    dispatcher: Dispatcher | None
    """None where this process sends nothing."""
    wake: Callable[[], None]
    """There may be something to send; from any thread."""

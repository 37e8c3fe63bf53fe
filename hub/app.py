"""The composition root: the only place that constructs.

Owns what a process is made of and the order in which its parts start and stop, and no logic of its own.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.applications import Starlette

from connectors import registry
from hub.config import Config
from hub.engine import notices as notices_engine
from hub.engine.alarm import Alarm
from hub.engine.back_pressure import BackPressure
from hub.engine.dispatcher import START_WAIT_S, Dispatcher, wait_for_others
from hub.engine.due import Due
from hub.engine.expander import Expander
from hub.engine.hook_states import HookStates
from hub.engine.in_flight import InFlight
from hub.engine.intake import Intake
from hub.engine.scheduler import Scheduler
from hub.engine.type_counts import TypeCounts
from hub.errors import StoreUnavailable
from hub.operations import hub_data
from hub.operations.audit import AuditTrail
from hub.operations.broker_connections import BrokerConnections
from hub.operations.broker_sources import BrokerSources
from hub.operations.connectors import Connectors
from hub.operations.credentials import Credentials
from hub.operations.deliveries import Deliveries
from hub.operations.event_types import EventTypes
from hub.operations.events import Events
from hub.operations.handshake import Handshakes
from hub.operations.hook_preview import HookPreviews
from hub.operations.inbound import Inbound
from hub.operations.members import Members
from hub.operations.notices import Notices
from hub.operations.open_connections import OpenConnections
from hub.operations.overview import Overview
from hub.operations.ping import Pings
from hub.operations.projects import Projects
from hub.operations.publishing import Publishing
from hub.operations.recent import Refreshing
from hub.operations.replays import GO_ON_EVERY_S, Replays
from hub.operations.samples import Samples
from hub.operations.schedules import Schedules
from hub.operations.sessions import Sessions
from hub.operations.settings import ServerSettings
from hub.operations.source_trials import SourceTrials
from hub.operations.sources import Sources
from hub.operations.subscriptions import Subscriptions
from hub.operations.tokens import Tokens
from hub.operations.unsubscribe import ReverseUnsubscribe
from hub.operations.users import Users
from hub.services import Services
from hub.store.clock import Clock
from hub.store.patience import PATIENCE_S
from hub.targets.cores import stay_on_one_core
from hub.targets.outbound import Outbound
from hub.targets.own_places import OwnPlaces
from hub.targets.relay import Relay, relay_address
from hub.targets.smtp import SmtpTransport
from hub.web import routes

log = logging.getLogger("hub.app")

THREADS = 24
"""Threads that answer calls; each keeps a database connection."""
STOP_S = 15.0
"""How long requests to receivers may go on after a stop is asked for; longer ones are left to their lease."""


class Hub:
    """One process of the hub."""

    def __init__(
        self,
        config: Config,
        *,
        sends: bool = True,
        clock: Clock | None = None,
        patience_s: float = PATIENCE_S,
        in_flight: InFlight | None = None,
        prepare_thread: Callable[[], None] = stay_on_one_core,
        wake_others: Callable[[], None] = lambda: None,
        start_wait_s: float = START_WAIT_S,
    ) -> None:
        """`patience_s`: how long a change of the database is waited for. `sends`: deliver from this process,
        within the bounds of `in_flight`; `prepare_thread` runs first in each thread that delivers;
        `wake_others` tells other processes that there may be something to send; `start_wait_s`: how long
        whoever ends a hook waits for what may still begin. Migrates the database; nothing runs before
        `start`.
        """
        data = hub_data.open_or_make(config, clock, patience_s)
        self.is_new, self.database, box = data.is_new, data.database, data.box
        origin = urlsplit(config.base_url).hostname or "localhost"
        relay = _relay_of(config, origin)
        opened = OpenConnections(self.database, box, config.outbound_ca_file)
        outbound = Outbound(
            allow=config.outbound_allow,
            ports=config.outbound_ports,
            ca_file=config.outbound_ca_file,
            origin=origin,
            own_places=OwnPlaces(config.base_url, config.host, config.port),
            find_broker=opened.find,
            report_broker=opened.report,
            transports={"mailto": lambda addresses: SmtpTransport(relay)},
        )
        self._unsubscribe = ReverseUnsubscribe(self.database, outbound)
        woken = Alarm()

        def wake() -> None:
            woken.set()
            wake_others()

        type_counts = TypeCounts(self.database)
        hook_states = HookStates(self.database, self._unsubscribe.hook_ended, wake, type_counts)
        dispatcher = (
            Dispatcher(
                self.database,
                outbound,
                box,
                hook_states,
                woken,
                in_flight or InFlight(),
                prepare_thread,
                start_wait_s,
            )
            if sends
            else None
        )
        arrivals = dispatcher.arrivals if dispatcher else None
        self._expander = Expander(self.database, wake, arrivals.lease_promised if arrivals else None)
        intake = Intake(
            self.database, wake, self._expander.go, arrivals.lease if arrivals else None, type_counts
        )
        due = Due(self.database, intake)
        notices = notices_engine.Notices(
            self.database,
            relay,
            config.base_url,
            dispatcher.network.is_suspected if dispatcher else lambda: False,
        )
        scheduler = Scheduler(self.database, intake, dispatcher, due, wake, notices)
        subscriptions = Subscriptions(
            self.database,
            box,
            hook_states,
            Handshakes(outbound),
            config.outbound_allow,
            config.outbound_ports,
            wake,
            self._unsubscribe.hook_ended,
            dispatcher.let_start
            if dispatcher
            else partial(wait_for_others, self.database, most_s=start_wait_s),
            relay is not None,
            opened.usable,
            outbound.leads_home,
        )
        event_types = EventTypes(self.database)
        samples = Samples(self.database, subscriptions, event_types)
        credentials = Credentials(self.database)
        settings = ServerSettings(self.database, wake)
        publishing = Publishing(intake, dispatcher.back_pressure if dispatcher else BackPressure())
        inbound = Inbound(self.database, box, publishing, intake.source_counts, config.base_url)
        self._refreshing = Refreshing(
            [credentials.refresh, settings.refresh, inbound.refresh, opened.refresh]
        )

        def changed() -> None:
            credentials.forget()
            inbound.forget()
            wake()

        events = Events(self.database, subscriptions)
        sources = Sources(self.database, box, config.base_url, inbound.forget, connections=opened.usable)
        self._broker_sources = BrokerSources(
            self.database, inbound, settings, opened.find, outbound.read_broker
        )
        self.services = Services(
            config=config,
            database=self.database,
            box=box,
            outbound=outbound,
            intake=intake,
            sessions=Sessions(self.database),
            subscriptions=subscriptions,
            pings=Pings(self.database, box, outbound, subscriptions, samples, hook_states),
            publishing=publishing,
            sources=sources,
            inbound=inbound,
            source_trials=SourceTrials(self.database, sources, inbound),
            schedules=Schedules(self.database, due),
            events=events,
            event_types=event_types,
            samples=samples,
            hook_previews=HookPreviews(self.database, subscriptions, events, outbound),
            deliveries=Deliveries(self.database, subscriptions, wake),
            replays=Replays(self.database, subscriptions, wake),
            overview=Overview(self.database, intake),
            credentials=credentials,
            projects=Projects(self.database, changed, self._unsubscribe.hook_ended),
            users=Users(self.database),
            members=Members(self.database),
            tokens=Tokens(self.database, credentials.forget),
            connectors=Connectors(self.database),
            settings=settings,
            broker_connections=BrokerConnections(
                self.database,
                box,
                opened,
                outbound.check_broker,
                config.outbound_allow,
                config.outbound_ports,
            ),
            notices=Notices(self.database, relay is not None),
            audit=AuditTrail(self.database),
            scheduler=scheduler,
            dispatcher=dispatcher,
            wake=wake,
        )

    def start(self) -> None:
        for broken in registry.broken():
            log.error("%s of %s is left out: %s: %s", broken.key, broken.package, broken.group, broken.reason)
        self.services.scheduler.rescue()
        self.services.scheduler.replan()
        self.services.scheduler.plan()
        if self.services.dispatcher is not None:
            self.services.dispatcher.start()
        self._expander.start()
        self.services.scheduler.every(GO_ON_EVERY_S, self.services.replays.go_on)
        self.services.scheduler.start()
        self._refreshing.start()

    def read_brokers(self) -> None:
        """Take in what sources read from brokers: for processes that serve."""
        self._broker_sources.start()

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Take nothing more, let what is under way end within `timeout_s`, close everything."""
        self._broker_sources.stop()
        self._refreshing.close()
        self.services.replays.close()
        self.services.scheduler.stop()
        self._expander.stop()
        if self.services.dispatcher is not None:
            self.services.dispatcher.stop(timeout_s)
            with contextlib.suppress(StoreUnavailable):
                self.services.dispatcher.result_counts.write()
        self._unsubscribe.close()
        self.services.outbound.close()
        self.database.close()


def _relay_of(config: Config, origin: str) -> Relay | None:
    address = relay_address(config)
    return Relay(address, origin) if address else None


def web(hub: Hub) -> Starlette:
    """The web application of a hub; it starts and stops the hub with itself."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        await anyio.to_thread.run_sync(hub.start)
        hub.read_brokers()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(hub.stop)

    return routes.application(hub.services, lifespan)

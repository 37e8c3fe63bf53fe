"""The tables, as they are today.

Owns columns and indexes; `migrations/` makes them. It must never hold a query: those are the named functions
beside it. Times are epoch seconds (REAL / DOUBLE PRECISION): the same on both engines, indexable, and
compared with the hub's clock. No foreign keys on the hot tables (event, delivery, attempt): each would cost a
look-up per row, and retention deletes children first.
"""

from typing import Any

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    DatabaseProxy,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from hub.rules.histogram import PARTS

database = DatabaseProxy()


class Table(Model):
    class Meta:
        database = database
        legacy_table_names = False


class Project(Table):
    """A workspace with members, event types, hooks."""

    id = AutoField()
    key = CharField(max_length=10)
    """Unique among those that are there."""
    name = TextField()
    catalogue = CharField(max_length=20)
    routing_version = BigIntegerField(default=0)
    """Raised with each change of what a hook wants; a hook's `routing` is the version of its last one."""
    archived_at = DoubleField(null=True)
    created_at = DoubleField()
    deleted_at = DoubleField(null=True)


class User(Table):
    id = AutoField()
    name = CharField(unique=True, max_length=100)
    password_hash = TextField(null=True)
    is_admin = BooleanField(default=False)
    created_at = DoubleField()
    disabled_at = DoubleField(null=True)
    """When an administrator shut them out; they keep name, roles and history."""
    seen_at = DoubleField(null=True)
    """When they last looked at a page, to the minute."""
    email = TextField(null=True)

    class Meta:
        table_name = "person"  # `user` is a reserved word in PostgreSQL


class Notice(Table):
    """What people should know of; one open row for each subject."""

    id = AutoField()
    kind = CharField(max_length=20)
    project_id = IntegerField(null=True, index=True)
    subject_id = CharField(max_length=40)
    open_key = CharField(null=True, unique=True, max_length=80)
    """What it is about, while it is open."""
    first_at = DoubleField()
    last_at = DoubleField()
    news_at = DoubleField()
    """From when on it is worth telling: it may lie ahead."""
    count = IntegerField()
    reason = TextField()
    told_at = DoubleField(null=True)
    """When the first person was told, by mail or on the page."""
    closed_at = DoubleField(null=True, index=True)


class NoticeChoice(Table):
    """How a person wants to be told, and up to when they have been."""

    user_id = IntegerField(primary_key=True)
    choice = CharField(null=True, max_length=10)
    mailed_at = DoubleField(null=True)
    told_until = DoubleField(null=True)
    """The last mail had everything up to here."""
    seen_at = DoubleField(null=True)


class Membership(Table):
    user = ForeignKeyField(User, on_delete="CASCADE")
    project = ForeignKeyField(Project, on_delete="CASCADE")
    role = CharField(max_length=20)

    class Meta:
        primary_key = CompositeKey("user", "project")


class Session(Table):
    """Somebody who is signed in, with one browser."""

    id = CharField(primary_key=True, max_length=40)
    digest = BlobField(unique=True)
    """SHA-256 of what the browser holds: it has 256 random bits, so no slow hash is needed."""
    user = ForeignKeyField(User, on_delete="CASCADE")
    created_at = DoubleField()
    seen_at = DoubleField()
    address = TextField(null=True)
    agent = TextField()

    class Meta:
        indexes = ((("user", "address"), False),)


class SignInTry(Table):
    """How often in a row somebody failed to sign in, by account and by address."""

    key = CharField(primary_key=True, max_length=80)
    failures = IntegerField()
    tried_at = DoubleField(index=True)


class Token(Table):
    id = CharField(primary_key=True, max_length=40)
    digest = BlobField(unique=True)
    """SHA-256 of the whole token: it has 256 random bits, so no slow hash is needed."""
    ending = CharField(max_length=4)
    name = TextField()
    project = ForeignKeyField(Project, null=True, on_delete="CASCADE")
    app = CharField(null=True, max_length=40)
    scopes = TextField()
    created_by = TextField()
    created_at = DoubleField()
    last_used_at = DoubleField(null=True)
    expires_at = DoubleField(null=True)
    revoked_at = DoubleField(null=True)


class ProjectConnector(Table):
    """A connector that is switched on for a project."""

    project = ForeignKeyField(Project, on_delete="CASCADE")
    connector = CharField(max_length=40)
    enabled_by = TextField()
    enabled_at = DoubleField()

    class Meta:
        primary_key = CompositeKey("project", "connector")


class EventType(Table):
    """A type that an open project has seen or declared; a catalogue's types are not rows."""

    project = ForeignKeyField(Project, on_delete="CASCADE")
    code = CharField(max_length=128)
    name = TextField(default="")
    description = TextField(default="")
    is_declared = BooleanField(default=False)
    created_at = DoubleField()

    class Meta:
        primary_key = CompositeKey("project", "code")


class Event(Table):
    id = CharField(primary_key=True, max_length=40)
    project_id = IntegerField()
    type = CharField(max_length=128)
    occurred_at = DoubleField()
    data = BlobField()
    """The object's JSON as it was received: these bytes are signed and sent."""
    hops = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    """How many times a hub had delivered it on its way here."""
    source_id = CharField(null=True, max_length=40)
    """The source that took it in; NULL: somebody published it."""
    due_at = DoubleField(null=True)
    """It has no deliveries yet: who gets it is asked then. NULL once that has been done."""

    class Meta:
        indexes = ((("project_id", "id"), False),)


class FanOut(Table):
    """A part of a large fan-out: some events for some hooks, whose deliveries are yet to be written."""

    id = CharField(primary_key=True, max_length=40)
    """The first of the ids that were reserved for its deliveries."""
    project_id = IntegerField()
    type = CharField(max_length=128)
    event_ids = TextField()
    hook_ids = TextField()
    size = IntegerField()
    accepted_at = DoubleField()

    class Meta:
        indexes = ((("project_id", "id"), False),)


class Replay(Table):
    """The last replay of a hook."""

    hook_id = CharField(primary_key=True, max_length=40)
    project_id = IntegerField(index=True)
    since = DoubleField()
    until = DoubleField()
    state = CharField(null=True, max_length=20)
    """Only deliveries in this state; null: all."""
    by = TextField()
    """JSON: who began it, for the audit trail."""
    planned = IntegerField()
    is_planned_whole = BooleanField()
    made = IntegerField()
    after_id = CharField(null=True, max_length=40)
    """The last event that is done."""
    ended_early = TextField(null=True)
    owner = CharField(null=True, max_length=40, column_name="holder")
    """Who goes on with it now."""
    lease_until = DoubleField(null=True, index=True)
    """Null: it is over. Later than this anybody may take it."""


class EventKey(Table):
    """A caller's idempotency key, by its hash: a key may be longer than an index entry."""

    project_id = IntegerField()
    digest = BlobField()
    event_id = CharField(max_length=40)
    created_at = DoubleField(index=True)

    class Meta:
        primary_key = CompositeKey("project_id", "digest")


class Hook(Table):
    id = CharField(primary_key=True, max_length=40)
    number = IntegerField()
    """A small integer, unique in its project, for dialects whose ids are integers."""
    project_id = IntegerField()
    target_url = TextField()
    events = TextField()
    filter_rows = TextField(null=True, column_name="filter")
    """JSON: rows on an event's data (`rules.filters`)."""
    name = TextField()
    format = CharField(max_length=20)
    verify_ssl = BooleanField()
    manual_edit = BooleanField()
    handshake = CharField(null=True, max_length=20)
    headers = TextField(null=True)
    """JSON, sealed: header values are credentials."""
    secrets = TextField(null=True)
    """JSON `[{secret, until}]`, newest first, sealed."""
    template = TextField(null=True)
    settings = TextField(null=True)
    """JSON, sealed: what its format needs besides the URL, such as a token."""
    pace = TextField(null=True)
    """JSON: what bounds it in time (`rules.pace`)."""
    origin_kind = CharField(max_length=4)
    origin_app = CharField(null=True, max_length=40)
    created_by = TextField()
    created_at = DoubleField()
    updated_at = DoubleField()
    version = IntegerField(default=1)
    """Raised with each change of how it is sent to: senders cache by it."""
    routing = BigIntegerField(default=0)
    deleted_at = DoubleField(null=True)

    # Health: written by outcomes, `rules.health` says how.
    state = CharField(max_length=13, default="active")
    consecutive_failures = IntegerField(default=0)
    counted_until = DoubleField(default=0)
    slow_start = IntegerField(null=True)
    open_until = DoubleField(null=True)
    last_error = TextField(null=True)
    last_success_at = DoubleField(null=True)
    disabled_reason = TextField(null=True)
    disabled_at = DoubleField(null=True)
    is_slow = BooleanField(default=False)
    """Slow or failing: shares a bounded part of the senders."""
    last_at = DoubleField(null=True)
    """When its last request ended, and what it came to: for people only."""
    last_status = IntegerField(null=True)
    last_duration_s = DoubleField(null=True)

    # The lane: what the claim looks at.
    in_flight = IntegerField(default=0)
    """Deliveries of this hook in state `sending`; changed in the same transaction as they are."""
    ready_at = DoubleField(null=True)
    """When a claim should look at it; None while there is nothing to do or no room: a parked lane costs a
    claim nothing.
    """
    tokens = DoubleField(null=True)
    """What is left in its token bucket (`rules.bucket`), and when it was; NULL: nobody has taken any."""
    tokens_at = DoubleField(null=True)
    gathers_until = DoubleField(null=True)
    """When what has gathered for it goes in one request, if not before; NULL: nothing has."""
    last_seq = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    """The number of its last delivery that is to be sent in order."""

    class Meta:
        indexes = (
            (("project_id", "id"), False),
            (("project_id", "routing"), False),
            (("project_id", "number"), True),
        )


class Delivery(Table):
    """One event for one hook. A waiting or retrying delivery of a switched-off hook is shown as held (see
    `deliveries`).
    """

    id = CharField(primary_key=True, max_length=40)
    event_id = CharField(max_length=40, index=True)
    hook_id = CharField(max_length=40)
    project_id = IntegerField()
    type = CharField(max_length=128)
    state = CharField(max_length=10)
    attempts = IntegerField(default=0)
    """The number of the last attempt: the fencing token of a lease."""
    failures = IntegerField(default=0)
    faults = IntegerField(default=0)
    deferrals = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    """How often its receiver asked for a pause."""
    seq = BigIntegerField(null=True)
    """Its place among those of its hook that are sent in order: by ids alone they are not, because processes
    make those before they commit.
    """
    batch_id = CharField(null=True, max_length=40)
    """Those with the same one go, or went last, in one request."""
    failed_at = DoubleField(null=True)
    """When its first failure ended."""
    next_at = DoubleField(null=True)
    owner = TextField(null=True)
    claimed_at = DoubleField(null=True)
    """While it is sent: when it began; None while it is leased ahead. While it waits: set where the hub had
    stopped in the middle of it, so that it is not leased ahead again.
    """
    lease_until = DoubleField(null=True)
    finished_at = DoubleField(null=True)
    delivered_at = DoubleField(null=True)
    """For one that is sent again: when it had been delivered before. It is, whatever comes of the new
    attempts.
    """
    reason = TextField(null=True)

    class Meta:
        indexes = ((("hook_id", "id"), False), (("project_id", "id"), False))


class Attempt(Table):
    delivery_id = CharField(max_length=40)
    number = IntegerField()
    kind = CharField(max_length=10)
    started_at = DoubleField()
    duration_s = DoubleField()
    phase = CharField(max_length=10)
    status = IntegerField(null=True)
    reason = TextField(null=True)
    peer = TextField(null=True)
    was_sent = BooleanField()
    url = TextField()
    format = CharField(max_length=20)
    method = CharField(max_length=10, default="POST", constraints=[SQL("DEFAULT 'POST'")])
    request_headers = TextField()
    body_before = BlobField(null=True)
    body_after = BlobField(null=True)
    """What stood around the event's data in the body that was sent; `body_after` NULL: `body_before` is all
    of it; both NULL: nothing was sent, or it is not known.
    """
    response_headers = TextField()
    response_body = BlobField()
    phases = TextField(null=True)
    """Milliseconds spent in each phase, in their order, with blanks between."""

    class Meta:
        primary_key = CompositeKey("delivery_id", "number")


class Setting(Table):
    key = CharField(primary_key=True, max_length=60)
    value = TextField()


class Audit(Table):
    """Who changed what: append only."""

    id = CharField(primary_key=True, max_length=40)
    at = DoubleField()
    project_id = IntegerField(null=True, index=True)
    actor = TextField()
    token_id = CharField(null=True, max_length=40)
    action = CharField(max_length=40)
    object = TextField()
    fields = TextField()
    """JSON: changed field names with old and new values, never those of a secret."""
    address = TextField(null=True)


class ResultHour(Table):
    """How many requests of a hook, or of a whole project, succeeded and failed in an hour, and how fast."""

    subject = CharField(max_length=40)
    hour = IntegerField(index=True)
    delivered = IntegerField()
    failed = IntegerField()
    # One column for each part of the histogram follows below.

    class Meta:
        primary_key = CompositeKey("subject", "hour")


for _part in range(PARTS):
    ResultHour._meta.add_field(f"within_{_part}", IntegerField())


class TypeHour(Table):
    """How many events of a type came in an hour."""

    project_id = IntegerField()
    type = CharField(max_length=128)
    hour = IntegerField(index=True)
    events = IntegerField()
    deliveries = IntegerField()
    last_at = DoubleField()

    class Meta:
        primary_key = CompositeKey("project_id", "type", "hour")


class GaugeHour(Table):
    """What a figure of the whole server was, last in an hour: deliveries waiting, the age of the oldest,
    bytes.
    """

    name = CharField(max_length=20)
    hour = IntegerField(index=True)
    value = DoubleField()

    class Meta:
        primary_key = CompositeKey("name", "hour")


class Schedule(Table):
    """An event that is published again and again by the clock."""

    id = CharField(primary_key=True, max_length=40)
    project_id = IntegerField()
    name = TextField()
    cron = CharField(null=True, max_length=200)
    every_s = IntegerField(null=True)
    time_zone = CharField(max_length=64)
    event_type = CharField(max_length=128)
    data = TextField()
    """JSON: the fields that its events carry besides the hub's."""
    enabled = BooleanField()
    misfire = CharField(max_length=4)
    grace_s = DoubleField()
    next_at = DoubleField()
    last_at = DoubleField(null=True)
    last_event_id = CharField(null=True, max_length=40)
    missed = IntegerField(default=0)
    """How many times had been missed when it fired last."""
    created_by = TextField()
    created_at = DoubleField()
    updated_at = DoubleField()

    class Meta:
        indexes = ((("project_id", "id"), False),)


class Source(Table):
    """An address at which another sender's webhooks come in."""

    id = CharField(primary_key=True, max_length=40)
    """Unguessable: of some it is all that proves a sender."""
    project_id = IntegerField(index=True)
    kind = CharField(max_length=20)
    name = TextField()
    prefix = CharField(max_length=60)
    """What the types of its events begin with; may be empty."""
    settings = TextField()
    secrets = TextField(null=True)
    is_on = BooleanField()
    rate_per_s = DoubleField(null=True)
    created_by = TextField()
    created_at = DoubleField()
    updated_at = DoubleField()
    deleted_at = DoubleField(null=True)
    last_event_at = DoubleField(null=True)
    last_refused_at = DoubleField(null=True)
    last_refused_reason = TextField(null=True)
    accepted = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    repeated = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    dropped = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    """Those that came while it was off."""
    refused = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])


class BrokerConnection(Table):
    """How a message broker is reached."""

    id = CharField(primary_key=True, max_length=40)
    name = CharField(unique=True, max_length=63)
    """What hooks call it."""
    kind = CharField(max_length=20)
    url = TextField()
    """Without user or password."""
    username = TextField(null=True)
    password = TextField(null=True)
    """Sealed."""
    ca = TextField(null=True)
    """Certificates in PEM, trusted instead of the usual ones."""
    verify_ssl = BooleanField()
    projects = TextField(null=True)
    """JSON: the keys of those that may use it; null: all."""
    created_by = TextField()
    created_at = DoubleField()
    updated_at = DoubleField()
    last_error = TextField(null=True)
    """Why it could not be used; null once it could again."""
    last_error_at = DoubleField(null=True)


class Refusal(Table):
    """A request that a source did not take: the last few of each."""

    id = CharField(primary_key=True, max_length=40)
    source_id = CharField(max_length=40)
    at = DoubleField(index=True)
    status = IntegerField()
    reason = TextField()
    address = TextField(null=True)
    headers = TextField()
    """JSON, without what may be a credential."""
    body = BlobField()
    """Its beginning."""

    class Meta:
        indexes = ((("source_id", "id"), False),)


class Worker(Table):
    """A process that sends deliveries, and when it was last seen."""

    id = CharField(primary_key=True, max_length=120)
    started_at = DoubleField()
    seen_at = DoubleField()


TABLES: list[type[Any]] = [
    Project,
    User,
    Membership,
    Session,
    SignInTry,
    Token,
    ProjectConnector,
    EventType,
    Event,
    FanOut,
    Replay,
    Notice,
    NoticeChoice,
    EventKey,
    Hook,
    Delivery,
    Attempt,
    Setting,
    Audit,
    ResultHour,
    TypeHour,
    GaugeHour,
    Source,
    BrokerConnection,
    Schedule,
    Refusal,
    Worker,
]

# Of those that are there: a deleted one's key may be given again.
Project.add_index(
    Project.index(Project.key, unique=True, where=SQL("deleted_at IS NULL"), name="project_key")
)
# Partial indexes: small whatever the history, because a row leaves them when its state does.
Hook.add_index(Hook.index(Hook.is_slow, Hook.ready_at, where=SQL("ready_at IS NOT NULL"), name="hook_ready"))
Hook.add_index(Hook.index(Hook.disabled_at, where=SQL("disabled_at IS NOT NULL"), name="hook_off"))
Hook.add_index(Hook.index(Hook.project_id, Hook.state, where=SQL("deleted_at IS NULL"), name="hook_state"))
Delivery.add_index(
    Delivery.index(
        Delivery.hook_id,
        Delivery.attempts,
        Delivery.id,
        where=SQL("state = 'waiting'"),
        name="delivery_waiting",
    )
)
Delivery.add_index(
    Delivery.index(
        Delivery.hook_id,
        Delivery.seq,
        Delivery.id,
        where=SQL("seq IS NOT NULL AND state IN ('waiting', 'retrying')"),
        name="delivery_fifo",
    )
)
Delivery.add_index(
    Delivery.index(Delivery.batch_id, where=SQL("batch_id IS NOT NULL"), name="delivery_batch")
)
Delivery.add_index(
    Delivery.index(Delivery.next_at, where=SQL("state = 'retrying'"), name="delivery_retrying")
)
Delivery.add_index(
    Delivery.index(Delivery.lease_until, where=SQL("state = 'sending'"), name="delivery_sending")
)
Delivery.add_index(
    Delivery.index(
        Delivery.hook_id, Delivery.next_at, where=SQL("state = 'retrying'"), name="delivery_hook_retrying"
    )
)
Delivery.add_index(
    Delivery.index(
        Delivery.hook_id,
        Delivery.id,
        where=SQL("state IN ('failed', 'refused', 'cancelled')"),
        name="delivery_in_vain",
    )
)
Schedule.add_index(Schedule.index(Schedule.next_at, where=SQL("enabled"), name="schedule_due"))
Event.add_index(Event.index(Event.due_at, where=SQL("due_at IS NOT NULL"), name="event_due"))

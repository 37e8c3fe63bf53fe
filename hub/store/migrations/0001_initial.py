"""The first tables."""
# mypy: ignore-errors

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


class Table(Model):
    class Meta:
        legacy_table_names = False


class Project(Table):
    id = AutoField()
    key = CharField(unique=True, max_length=10)
    name = TextField()
    catalogue = CharField(max_length=20)
    routing_version = BigIntegerField(default=0)
    archived_at = DoubleField(null=True)
    created_at = DoubleField()


class User(Table):
    id = AutoField()
    name = CharField(unique=True, max_length=100)
    password_hash = TextField(null=True)
    is_admin = BooleanField(default=False)
    created_at = DoubleField()

    class Meta:
        table_name = "person"


class Membership(Table):
    user = ForeignKeyField(User, on_delete="CASCADE")
    project = ForeignKeyField(Project, on_delete="CASCADE")
    role = CharField(max_length=20)

    class Meta:
        primary_key = CompositeKey("user", "project")


class Token(Table):
    id = CharField(primary_key=True, max_length=40)
    digest = BlobField(unique=True)
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
    project = ForeignKeyField(Project, on_delete="CASCADE")
    connector = CharField(max_length=40)
    enabled_by = TextField()
    enabled_at = DoubleField()

    class Meta:
        primary_key = CompositeKey("project", "connector")


class EventType(Table):
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

    class Meta:
        indexes = ((("project_id", "id"), False),)


class EventKey(Table):
    project_id = IntegerField()
    digest = BlobField()
    event_id = CharField(max_length=40)
    created_at = DoubleField(index=True)

    class Meta:
        primary_key = CompositeKey("project_id", "digest")


class Hook(Table):
    id = CharField(primary_key=True, max_length=40)
    number = IntegerField()
    project_id = IntegerField()
    target_url = TextField()
    events = TextField()
    name = TextField()
    format = CharField(max_length=20)
    verify_ssl = BooleanField()
    manual_edit = BooleanField()
    handshake = CharField(null=True, max_length=20)
    headers = TextField(null=True)
    secrets = TextField(null=True)
    origin_kind = CharField(max_length=4)
    origin_app = CharField(null=True, max_length=40)
    created_by = TextField()
    created_at = DoubleField()
    updated_at = DoubleField()
    version = IntegerField(default=1)
    routing = BigIntegerField(default=0)
    deleted_at = DoubleField(null=True)

    state = CharField(max_length=13, default="active")
    consecutive_failures = IntegerField(default=0)
    counted_until = DoubleField(default=0)
    ramp = IntegerField(null=True)
    gate_at = DoubleField(null=True)
    last_error = TextField(null=True)
    last_success_at = DoubleField(null=True)
    disabled_reason = TextField(null=True)
    disabled_at = DoubleField(null=True)
    is_slow = BooleanField(default=True)

    in_flight = IntegerField(default=0)
    ready_at = DoubleField(null=True)

    class Meta:
        indexes = (
            (("project_id", "id"), False),
            (("project_id", "routing"), False),
            (("project_id", "number"), True),
        )


class Delivery(Table):
    id = CharField(primary_key=True, max_length=40)
    event_id = CharField(max_length=40, index=True)
    hook_id = CharField(max_length=40)
    project_id = IntegerField()
    type = CharField(max_length=128)
    state = CharField(max_length=10)
    attempts = IntegerField(default=0)
    failures = IntegerField(default=0)
    faults = IntegerField(default=0)
    failed_at = DoubleField(null=True)
    next_at = DoubleField(null=True)
    owner = TextField(null=True)
    claimed_at = DoubleField(null=True)
    lease_until = DoubleField(null=True)
    finished_at = DoubleField(null=True)
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
    request_headers = TextField()
    response_headers = TextField()
    response_body = BlobField()

    class Meta:
        primary_key = CompositeKey("delivery_id", "number")


class Setting(Table):
    key = CharField(primary_key=True, max_length=60)
    value = TextField()


class Audit(Table):
    id = CharField(primary_key=True, max_length=40)
    at = DoubleField()
    project_id = IntegerField(null=True, index=True)
    actor = TextField()
    token_id = CharField(null=True, max_length=40)
    action = CharField(max_length=40)
    object = TextField()
    fields = TextField()
    address = TextField(null=True)


class Worker(Table):
    id = CharField(primary_key=True, max_length=120)
    started_at = DoubleField()
    seen_at = DoubleField()


TABLES = [
    Project,
    User,
    Membership,
    Token,
    ProjectConnector,
    EventType,
    Event,
    EventKey,
    Hook,
    Delivery,
    Attempt,
    Setting,
    Audit,
    Worker,
]

# Partial indexes: small whatever the history, because a row leaves them when its state does.
Hook.add_index(Hook.index(Hook.is_slow, Hook.ready_at, where=SQL("ready_at IS NOT NULL"), name="hook_ready"))
Hook.add_index(Hook.index(Hook.disabled_at, where=SQL("disabled_at IS NOT NULL"), name="hook_off"))
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


def up(migrator, db):
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)

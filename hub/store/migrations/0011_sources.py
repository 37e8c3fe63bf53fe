"""Sources, what they refused, and which source an event came from."""
# mypy: ignore-errors

from peewee import (
    SQL,
    BlobField,
    BooleanField,
    CharField,
    DoubleField,
    IntegerField,
    Model,
    TextField,
)


class Table(Model):
    class Meta:
        legacy_table_names = False


def counter():
    return IntegerField(default=0, constraints=[SQL("DEFAULT 0")])


class Source(Table):
    id = CharField(primary_key=True, max_length=40)
    project_id = IntegerField(index=True)
    kind = CharField(max_length=20)
    name = TextField()
    prefix = CharField(max_length=60)
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
    accepted = counter()
    repeated = counter()
    dropped = counter()
    refused = counter()


class Refusal(Table):
    id = CharField(primary_key=True, max_length=40)
    source_id = CharField(max_length=40)
    at = DoubleField(index=True)
    status = IntegerField()
    reason = TextField()
    address = TextField(null=True)
    headers = TextField()
    body = BlobField()

    class Meta:
        indexes = ((("source_id", "id"), False),)


def up(migrator, db):
    with db.bind_ctx([Source, Refusal]):
        db.create_tables([Source, Refusal])
    # By hand: neither engine rewrites the table for it, however long the log is.
    db.execute_sql("ALTER TABLE event ADD COLUMN source_id VARCHAR(40)")

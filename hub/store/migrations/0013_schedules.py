"""Schedules, and events that are due later."""
# mypy: ignore-errors

from peewee import BooleanField, CharField, DoubleField, IntegerField, Model, PostgresqlDatabase, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Schedule(Table):
    id = CharField(primary_key=True, max_length=40)
    project_id = IntegerField()
    name = TextField()
    cron = CharField(null=True, max_length=200)
    every_s = IntegerField(null=True)
    time_zone = CharField(max_length=64)
    event_type = CharField(max_length=128)
    data = TextField()
    enabled = BooleanField()
    misfire = CharField(max_length=4)
    grace_s = DoubleField()
    next_at = DoubleField()
    last_at = DoubleField(null=True)
    last_event_id = CharField(null=True, max_length=40)
    missed = IntegerField(default=0)
    created_by = TextField()
    created_at = DoubleField()
    updated_at = DoubleField()

    class Meta:
        indexes = ((("project_id", "id"), False),)


def up(migrator, db):
    real = "DOUBLE PRECISION" if isinstance(db, PostgresqlDatabase) else "REAL"
    with db.bind_ctx([Schedule]):
        db.create_tables([Schedule])
    db.execute_sql('CREATE INDEX "schedule_due" ON "schedule" ("next_at") WHERE enabled')
    # By hand: neither engine rewrites the table for it, however long the log is.
    db.execute_sql(f"ALTER TABLE event ADD COLUMN due_at {real}")
    db.execute_sql('CREATE INDEX "event_due" ON "event" ("due_at") WHERE due_at IS NOT NULL')

"""Counters by the hour for pages, a hook's last result, and how long each phase of a try took."""
# mypy: ignore-errors

from peewee import CharField, CompositeKey, DoubleField, IntegerField, Model, PostgresqlDatabase

PARTS = 20


class Table(Model):
    class Meta:
        legacy_table_names = False


class ResultHour(Table):
    subject = CharField(max_length=40)
    hour = IntegerField(index=True)
    delivered = IntegerField()
    failed = IntegerField()

    class Meta:
        primary_key = CompositeKey("subject", "hour")


for _part in range(PARTS):
    ResultHour._meta.add_field(f"within_{_part}", IntegerField())


class TypeHour(Table):
    project_id = IntegerField()
    type = CharField(max_length=128)
    hour = IntegerField(index=True)
    events = IntegerField()
    deliveries = IntegerField()
    last_at = DoubleField()

    class Meta:
        primary_key = CompositeKey("project_id", "type", "hour")


def up(migrator, db):
    real = "DOUBLE PRECISION" if isinstance(db, PostgresqlDatabase) else "REAL"
    with db.bind_ctx([ResultHour, TypeHour]):
        db.create_tables([ResultHour, TypeHour])
    for table, column in (
        ("hook", f"last_at {real}"),
        ("hook", "last_status INTEGER"),
        ("hook", f"last_duration_s {real}"),
        ("attempt", "phases TEXT"),
    ):
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column}")

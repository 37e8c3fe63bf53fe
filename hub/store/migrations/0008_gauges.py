"""How much waited, for how long, and how large the database was, by the hour."""
# mypy: ignore-errors

from peewee import CharField, CompositeKey, DoubleField, IntegerField, Model


class Table(Model):
    class Meta:
        legacy_table_names = False


class GaugeHour(Table):
    name = CharField(max_length=20)
    hour = IntegerField(index=True)
    value = DoubleField()

    class Meta:
        primary_key = CompositeKey("name", "hour")


def up(migrator, db):
    with db.bind_ctx([GaugeHour]):
        db.create_tables([GaugeHour])

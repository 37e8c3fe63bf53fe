"""Connections to message brokers, which an administrator makes."""
# mypy: ignore-errors

from peewee import BooleanField, CharField, DoubleField, Model, TextField


class BrokerConnection(Model):
    id = CharField(primary_key=True, max_length=40)
    name = CharField(unique=True, max_length=63)
    kind = CharField(max_length=20)
    url = TextField()
    username = TextField(null=True)
    password = TextField(null=True)
    ca = TextField(null=True)
    verify_ssl = BooleanField()
    projects = TextField(null=True)
    created_by = TextField()
    created_at = DoubleField()
    updated_at = DoubleField()
    last_error = TextField(null=True)
    last_error_at = DoubleField(null=True)

    class Meta:
        legacy_table_names = False


def up(migrator, db):
    with db.bind_ctx([BrokerConnection]):
        db.create_tables([BrokerConnection])

"""Replays under way: how far each is, so that another process can go on with it. And the few deliveries of a
hook that were in vain, found among millions that were not.
"""
# mypy: ignore-errors

from peewee import BooleanField, CharField, DoubleField, IntegerField, Model, TextField


class Replay(Model):
    hook_id = CharField(primary_key=True, max_length=40)
    project_id = IntegerField(index=True)
    since = DoubleField()
    until = DoubleField()
    state = CharField(null=True, max_length=20)
    by = TextField()
    planned = IntegerField()
    is_planned_whole = BooleanField()
    made = IntegerField()
    after_id = CharField(null=True, max_length=40)
    ended_early = TextField(null=True)
    holder = CharField(null=True, max_length=40)
    lease_until = DoubleField(null=True, index=True)

    class Meta:
        legacy_table_names = False


def up(migrator, db):
    with db.bind_ctx([Replay]):
        db.create_tables([Replay])
    db.execute_sql(
        'CREATE INDEX "delivery_in_vain" ON "delivery" ("hook_id", "id")'
        " WHERE state IN ('failed', 'refused', 'cancelled')"
    )

"""Parts of large fan-outs: deliveries that are promised and yet to be written."""
# mypy: ignore-errors

from peewee import CharField, DoubleField, IntegerField, Model, TextField


class FanOut(Model):
    id = CharField(primary_key=True, max_length=40)
    project_id = IntegerField()
    type = CharField(max_length=128)
    event_ids = TextField()
    hook_ids = TextField()
    size = IntegerField()
    accepted_at = DoubleField()

    class Meta:
        legacy_table_names = False
        indexes = ((("project_id", "id"), False),)


def up(migrator, db):
    with db.bind_ctx([FanOut]):
        db.create_tables([FanOut])

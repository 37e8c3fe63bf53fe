"""People have an e-mail address, and are told what needs attention."""
# mypy: ignore-errors

from peewee import AutoField, CharField, DoubleField, IntegerField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Notice(Table):
    id = AutoField()
    kind = CharField(max_length=20)
    project_id = IntegerField(null=True, index=True)
    subject_id = CharField(max_length=40)
    open_key = CharField(null=True, unique=True, max_length=80)
    first_at = DoubleField()
    last_at = DoubleField()
    news_at = DoubleField()
    count = IntegerField()
    reason = TextField()
    told_at = DoubleField(null=True)
    closed_at = DoubleField(null=True, index=True)


class NoticeChoice(Table):
    user_id = IntegerField(primary_key=True)
    choice = CharField(null=True, max_length=10)
    mailed_at = DoubleField(null=True)
    told_until = DoubleField(null=True)
    seen_at = DoubleField(null=True)


def up(migrator, db):
    with db.bind_ctx([Notice, NoticeChoice]):
        db.create_tables([Notice, NoticeChoice])
    db.execute_sql("ALTER TABLE person ADD COLUMN email TEXT")

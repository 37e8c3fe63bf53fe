"""People sign in: sessions, tries that failed, and how many hooks of a project are in which state, at a
glance.
"""
# mypy: ignore-errors

from peewee import (
    AutoField,
    BlobField,
    CharField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    PostgresqlDatabase,
    TextField,
)


class Table(Model):
    class Meta:
        legacy_table_names = False


class User(Table):
    id = AutoField()

    class Meta:
        table_name = "person"


class Session(Table):
    id = CharField(primary_key=True, max_length=40)
    digest = BlobField(unique=True)
    user = ForeignKeyField(User, on_delete="CASCADE")
    created_at = DoubleField()
    seen_at = DoubleField()
    address = TextField(null=True)
    agent = TextField()

    class Meta:
        indexes = ((("user", "address"), False),)


class SignInTry(Table):
    key = CharField(primary_key=True, max_length=80)
    failures = IntegerField()
    tried_at = DoubleField(index=True)


def up(migrator, db):
    real = "DOUBLE PRECISION" if isinstance(db, PostgresqlDatabase) else "REAL"
    for column in ("disabled_at", "seen_at"):
        db.execute_sql(f"ALTER TABLE person ADD COLUMN {column} {real}")
    with db.bind_ctx([User, Session, SignInTry]):
        db.create_tables([Session, SignInTry])
    db.execute_sql("""CREATE INDEX "hook_state" ON "hook" ("project_id", "state") WHERE deleted_at IS NULL""")

"""What an attempt sent, how often a receiver put a delivery off, how many hubs an event has been through."""
# mypy: ignore-errors

from peewee import PostgresqlDatabase


def up(migrator, db):
    blob = "BYTEA" if isinstance(db, PostgresqlDatabase) else "BLOB"
    for table, column in (
        ("attempt", "method VARCHAR(10) NOT NULL DEFAULT 'POST'"),
        ("attempt", f"body_before {blob}"),
        ("attempt", f"body_after {blob}"),
        ("delivery", "deferrals INTEGER NOT NULL DEFAULT 0"),
        ("event", "hops INTEGER NOT NULL DEFAULT 0"),
    ):
        # By hand: neither engine rewrites the table for it, however long the log is.
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column}")

"""A delivery that is sent once more remembers that it had been delivered."""
# mypy: ignore-errors

from peewee import PostgresqlDatabase


def up(migrator, db):
    real = "DOUBLE PRECISION" if isinstance(db, PostgresqlDatabase) else "REAL"
    # By hand: neither engine rewrites the table for it, however long the log is.
    db.execute_sql(f"ALTER TABLE delivery ADD COLUMN delivered_at {real}")

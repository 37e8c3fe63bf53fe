"""A project can be deleted: its row stays, so that its id means nobody else, and its key may be given
again.
"""
# mypy: ignore-errors

from peewee import PostgresqlDatabase


def up(migrator, db):
    real = "DOUBLE PRECISION" if isinstance(db, PostgresqlDatabase) else "REAL"
    db.execute_sql(f"ALTER TABLE project ADD COLUMN deleted_at {real}")
    db.execute_sql('DROP INDEX "project_key"')
    db.execute_sql('CREATE UNIQUE INDEX "project_key" ON "project" ("key") WHERE deleted_at IS NULL')

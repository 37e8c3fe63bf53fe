"""How many requests a hook gets in what time, how late, and how often again."""
# mypy: ignore-errors

from peewee import PostgresqlDatabase


def up(migrator, db):
    real = "DOUBLE PRECISION" if isinstance(db, PostgresqlDatabase) else "REAL"
    db.execute_sql("ALTER TABLE hook ADD COLUMN pace TEXT")
    db.execute_sql(f"ALTER TABLE hook ADD COLUMN tokens {real}")
    db.execute_sql(f"ALTER TABLE hook ADD COLUMN tokens_at {real}")

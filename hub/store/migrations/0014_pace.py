"""How many requests a hook gets in what time, how late, in which order, and how often again."""
# mypy: ignore-errors

from peewee import PostgresqlDatabase


def up(migrator, db):
    is_postgresql = isinstance(db, PostgresqlDatabase)
    real = "DOUBLE PRECISION" if is_postgresql else "REAL"
    whole = "BIGINT" if is_postgresql else "INTEGER"
    db.execute_sql("ALTER TABLE hook ADD COLUMN pace TEXT")
    db.execute_sql(f"ALTER TABLE hook ADD COLUMN tokens {real}")
    db.execute_sql(f"ALTER TABLE hook ADD COLUMN tokens_at {real}")
    db.execute_sql(f"ALTER TABLE hook ADD COLUMN last_seq {whole} NOT NULL DEFAULT 0")
    db.execute_sql(f"ALTER TABLE delivery ADD COLUMN seq {whole}")
    db.execute_sql(
        'CREATE INDEX "delivery_fifo" ON "delivery" ("hook_id", "seq", "id")'
        " WHERE seq IS NOT NULL AND state IN ('waiting', 'retrying')"
    )

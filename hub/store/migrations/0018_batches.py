"""Which deliveries went together in one request, and until when a hook gathers what comes."""
# mypy: ignore-errors

from peewee import PostgresqlDatabase


def up(migrator, db):
    real = "DOUBLE PRECISION" if isinstance(db, PostgresqlDatabase) else "REAL"
    db.execute_sql(f"ALTER TABLE hook ADD COLUMN gathers_until {real}")
    db.execute_sql("ALTER TABLE delivery ADD COLUMN batch_id VARCHAR(40)")
    db.execute_sql('CREATE INDEX "delivery_batch" ON "delivery" ("batch_id") WHERE batch_id IS NOT NULL')

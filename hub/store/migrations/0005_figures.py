"""Counters by the hour for pages, a hook's last result, and the phases of each try."""
# mypy: ignore-errors

from peewee import PostgresqlDatabase

PARTS = 20


def up(migrator, db):
    real = "DOUBLE PRECISION" if isinstance(db, PostgresqlDatabase) else "REAL"
    parts = ", ".join(f"within_{part} INTEGER NOT NULL" for part in range(PARTS))
    db.execute_sql(
        "CREATE TABLE result_hour (subject VARCHAR(40) NOT NULL, hour INTEGER NOT NULL, delivered INTEGER NOT NULL,"
        f" failed INTEGER NOT NULL, {parts}, PRIMARY KEY (subject, hour))"
    )
    db.execute_sql("CREATE INDEX result_hour_hour ON result_hour (hour)")
    db.execute_sql(
        "CREATE TABLE type_hour (project_id INTEGER NOT NULL, type VARCHAR(128) NOT NULL, hour INTEGER NOT NULL,"
        f" events INTEGER NOT NULL, deliveries INTEGER NOT NULL, last_at {real} NOT NULL,"
        " PRIMARY KEY (project_id, type, hour))"
    )
    db.execute_sql("CREATE INDEX type_hour_hour ON type_hour (hour)")
    for column in (f"last_at {real}", "last_status INTEGER", f"last_duration_s {real}"):
        db.execute_sql(f"ALTER TABLE hook ADD COLUMN {column}")
    db.execute_sql("ALTER TABLE attempt ADD COLUMN phases TEXT")

"""A hook's pace in the words that the field has for it: slow start, and how long its circuit breaker is
open.
"""
# mypy: ignore-errors


def up(migrator, db):
    db.execute_sql("ALTER TABLE hook RENAME COLUMN ramp TO slow_start")
    db.execute_sql("ALTER TABLE hook RENAME COLUMN gate_at TO open_until")

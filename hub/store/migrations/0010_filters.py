"""Which of the events that it wants a hook gets."""
# mypy: ignore-errors


def up(migrator, db):
    # By hand: neither engine rewrites the table for it.
    db.execute_sql("ALTER TABLE hook ADD COLUMN filter TEXT")

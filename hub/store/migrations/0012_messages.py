"""A hook may have a template of its own, and what its format needs besides the URL."""
# mypy: ignore-errors


def up(migrator, db):
    db.execute_sql("ALTER TABLE hook ADD COLUMN template TEXT")
    db.execute_sql("ALTER TABLE hook ADD COLUMN settings TEXT")

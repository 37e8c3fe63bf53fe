"""The tables of the models are those that the migrations make, on both engines."""

from hub.store import models, schema
from hub.store.database import Database


def described(database: Database) -> dict[str, object]:
    """Every table with its columns, keys and indexes, as the engine tells them."""
    found: dict[str, object] = {}
    for table in sorted(database.read(database._db.get_tables)):
        columns = database.read(lambda table=table: database._db.get_columns(table))  # type: ignore[misc]
        indexes = database.read(lambda table=table: database._db.get_indexes(table))  # type: ignore[misc]
        found[table] = (
            sorted((c.name, str(c.data_type).lower(), c.null, c.primary_key) for c in columns),
            sorted(
                (" ".join((i.sql or "").replace("IF NOT EXISTS ", "").split()), i.columns, i.unique)
                for i in indexes
            ),
        )
    return found


def test_a_new_database_has_the_tables_of_the_models(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        assert schema.migrate(database) != []
        migrated = described(database)
        tables = {name: what for name, what in migrated.items() if "migrat" not in name}
        assert set(tables) == {model._meta.table_name for model in models.TABLES}
        database.read(lambda: database._db.drop_tables(models.TABLES))
        database.read(lambda: database._db.create_tables(models.TABLES))
        assert described(database) == migrated
    finally:
        database.close()

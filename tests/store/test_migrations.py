"""Migrations, each by what it does to the rows of an older database."""

from playhouse.migrations import Runner

from hub.store import schema
from hub.store.database import Database


def test_an_older_database_keeps_what_it_knows_of_a_hooks_pace(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        with database.migrating() as db:
            Runner(db, str(schema.DIRECTORY)).up("0001_initial")
        columns = (
            "id, number, project_id, target_url, events, name, format, verify_ssl, manual_edit, origin_kind, created_by,"
            " created_at, updated_at, version, routing, state, consecutive_failures, counted_until, is_slow, in_flight,"
            " ramp, gate_at"
        )
        row = ("hook_1", 1, 1, "https://a.example/", "[]", "", "standard", True, False, "api", "ann", 1.0, 1.0, 1, 0, "failing",
               2, 5.0, True, 0, 1, 99.5)  # fmt: skip
        database.write(
            lambda: database.execute(
                f"INSERT INTO hook ({columns}) VALUES ({', '.join('?' * len(row))})", row
            )
        ).result()
        assert "0003_words_of_the_field" in schema.migrate(database)
        kept = database.read(
            lambda: database.execute("SELECT slow_start, open_until, state FROM hook").fetchall()
        )
        assert [tuple(one) for one in kept] == [(1, 99.5, "failing")]
    finally:
        database.close()

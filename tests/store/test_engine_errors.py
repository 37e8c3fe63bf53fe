"""What the engines' errors mean to people; which are conflicts and deadlocks, the tests of the database show
on both.
"""

import pytest

from hub.store.engine_errors import one_line, plain


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("database is locked", "another program holds it"),
        ("canceling statement due to lock timeout", "another program holds it"),
        ("database or disk is full", "its disk is full"),
        ("could not extend file: No space left on device", "its disk is full"),
        ("attempt to write a readonly database", "it can only be read"),
        ("cannot execute UPDATE in a read-only transaction", "it can only be read"),
        ("unable to open database file", "its file cannot be opened"),
        ("disk I/O error", "its disk does not work"),
        ("server closed the connection unexpectedly\n\tThis probably means …", "it does not answer"),
    ],
)
def test_people_are_told_what_it_means_and_the_log_what_was_said(said: str, meaning: str) -> None:
    assert plain(OSError(said)) == meaning
    assert "\n" not in one_line(OSError(said))

"""`hookhub user`."""

from tests.rigs.commands import lines_of, query, run
from tests.rigs.hubs import hookhub


def test_a_user_is_made_with_role_and_password(data: str) -> None:
    run("project", "create", "TRAVEL", "--data", data)
    arguments = (
        "user",
        "create",
        "zoë",
        "--project",
        "TRAVEL",
        "--role",
        "scrum_master",
        "--password-stdin",
        "--data",
        data,
    )
    done = hookhub(*arguments, stdin="correct horse battery\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "zoë\n", "")
    [(name, hashed, is_admin)] = query(data, "SELECT name, password_hash, is_admin FROM person")
    assert (name, is_admin) == ("zoë", 0)
    assert str(hashed).startswith("$argon2id$")
    assert query(data, "SELECT role FROM membership") == [("scrum_master",)]


def test_a_user_without_a_password_is_made_where_nobody_can_be_asked(made: str) -> None:
    assert run("user", "create", "bob", "--admin", "--data", made) == (0, "bob\n", "")
    assert query(made, "SELECT password_hash, is_admin FROM person") == [(None, 1)]


def test_a_password_is_set_for_a_user_who_is_there(made: str) -> None:
    run("user", "create", "anna", "--admin", "--data", made)
    arguments = ("user", "set-password", "anna", "--password-stdin", "--data", made)
    assert run(*arguments, stdin="correct horse battery\n") == (0, "anna\n", "")
    [(hashed,)] = query(made, "SELECT password_hash FROM person")
    assert str(hashed).startswith("$argon2id$")
    assert "correct horse" not in str(query(made, "SELECT * FROM audit"))
    assert run(*arguments, stdin="another one entirely\n")[0] == 0
    assert query(made, "SELECT password_hash FROM person") != [(hashed,)]


def test_users_are_listed_and_deleted(made: str) -> None:
    where = ("--data", made)
    run("user", "create", "anna", "--admin", *where)
    password = ("--password-stdin", *where)
    run(
        "user",
        "create",
        "bob",
        "--project",
        "OLD",
        "--role",
        "team_member",
        *password,
        stdin="correct horse\n",
    )
    assert lines_of("user", "list", *where) == [
        ["bob", "-", "-", "OLD", "team_member"],
        ["anna", "yes", "no", "password", "-"],
    ]
    assert run("user", "delete", "bob", *where) == (0, "bob\n", "")
    assert [line[0] for line in lines_of("user", "list", *where)] == ["anna"]
    assert run("user", "delete", "bob", *where)[0] == 1

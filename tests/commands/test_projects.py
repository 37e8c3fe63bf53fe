"""`hookhub project`."""

from tests.rigs.commands import lines_of, query, run
from tests.rigs.hubs import hookhub


def test_a_project_is_made_with_its_catalogue(data: str) -> None:
    done = hookhub(
        "project", "create", "TRAVEL", "--name", "Voyages à pied", "--catalogue", "icescrum", "--data", data
    )
    assert (done.returncode, done.stdout) == (0, "TRAVEL\n")
    assert done.stderr == f"Made a new hub in {data}\n"
    assert query(data, "SELECT key, name, catalogue FROM project") == [
        ("TRAVEL", "Voyages à pied", "icescrum")
    ]
    assert query(data, "SELECT connector FROM project_connector") == [("webhooks",)]
    assert query(data, "SELECT actor, action, object FROM audit") == [
        ("command line", "project.created", "TRAVEL")
    ]


def test_projects_are_listed_and_deleted(made: str) -> None:
    where = ("--data", made)
    run("project", "create", "TRAVEL", "--name", "Travel agency", "--catalogue", "icescrum", *where)
    assert lines_of("project", "list", *where) == [
        ["TRAVEL", "icescrum", "-", "Travel", "agency"],
        ["OLD", "open", "-", "OLD"],
    ]
    assert run("project", "delete", "TRAVEL", *where) == (0, "TRAVEL\n", "")
    assert [line[0] for line in lines_of("project", "list", *where)] == ["OLD"]
    code, out, err = run("project", "delete", "TRAVEL", *where)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert run("project", "create", "TRAVEL", *where)[0] == 0

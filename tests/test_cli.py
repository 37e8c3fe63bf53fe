"""The command line: every command, and how each error is told."""

import pytest

from hub import cli
from tests.rigs.commands import run
from tests.rigs.hubs import hookhub

pytestmark = pytest.mark.usefixtures("own_environment")


@pytest.mark.parametrize("name", [None, *cli.COMMANDS])
def test_every_command_has_help(name: str | None) -> None:
    code, out, err = run(*([name] if name else []), "--help")
    assert (code, err) == (0, "")
    assert out.startswith("Usage: hookhub")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "Missing command"),
        (("sevre",), 2, "No such command 'sevre'"),
        (("project",), 2, "Missing command"),
        (("project", "create"), 2, "Missing argument"),
        (("project", "create", "travel"), 2, "upper-case"),
        (("project", "create", "TRAVEL", "--catalogue", "jira"), 2, "'icescrum'"),
        (("project", "create", "OLD"), 1, "There is a project OLD already"),
        (("user", "create", "bob", "--role", "stakeholder"), 2, "project and role go together"),
        (("user", "create", "bob", "--project", "OLD", "--role", "king"), 2, "'scrum_master'"),
        (
            ("user", "create", "bob", "--project", "NEW", "--role", "stakeholder"),
            1,
            "hookhub project create NEW",
        ),
        (("user", "create", "anna"), 1, "There is a user anna already"),
        (("user", "create", " "), 2, "NAME: is missing"),
        (("user", "create", "bob", "--password-stdin"), 2, "standard input is empty"),
        (("project", "create", "NEW", "--name", "\udcff"), 2, "must be UTF-8 text"),
        (("user", "create", "\udcff"), 2, "control characters"),
        (("token", "create", "--scope", "read", "--name", "\0"), 2, "must be UTF-8 text"),
        (("user", "set-password", "nobody"), 1, "no user nobody"),
        (("user", "set-password", "anna"), 2, "--password-stdin"),
        (("token", "create", "--project", "OLD"), 2, "Missing option '--scope'"),
        (("project", "delete", "NEW"), 1, "There is no project 'NEW' (there is: OLD)"),
        (("user", "delete", "bob"), 1, "no user bob"),
        (("token", "list", "--project", "NEW"), 1, "There is no project 'NEW'"),
        (("token", "revoke", "tok_x"), 1, "no such token"),
        (("token", "create", "--project", "OLD", "--scope", "write"), 2, "'publish'"),
        (("token", "create", "--project", "OLD", "--scope", "admin"), 2, "--scope: admin is for the whole"),
        (("token", "create", "--project", "NEW", "--scope", "read"), 1, "There is no project 'NEW'"),
        (("token", "create", "--project", "OLD", "--app", "zap", "--scope", "read"), 2, "zapier"),
        (
            ("token", "create", "--project", "OLD", "--app", "zapier", "--scope", "manage"),
            2,
            "only publish, subscribe, read",
        ),
        (
            ("token", "create", "--app", "zapier", "--scope", "read"),
            2,
            "--project: is missing: an app's token belongs to one project",
        ),
        (("settings", "get", "failure_limits"), 2, "there are: failure_limit,"),
        (
            ("settings", "set", "failure_limits", "5"),
            2,
            "failure_limits: is no setting; there are: failure_limit,",
        ),
        (
            ("settings", "set", "max_event_bytes", "2M"),
            2,
            "max_event_bytes: is '2M', which is no number of bytes: write 1048576, 2 MB or 2 MiB.",
        ),
        (("settings", "set", "failure_limit", "five"), 2, "write 5"),
        (("settings", "set", "failure_limit", "NaN"), 2, "write 5"),
        (("settings", "set", "failure_limit", "-1"), 2, "from 0 to"),
        (("settings", "set", "retry_schedule_s", "-5"), 2, "each from 0 to 604800"),
        (("serve", "--port", "http"), 2, "--port"),
        (("serve", "--port", "65536"), 2, "--port"),
        (("serve", "--workers", "-1"), 2, "--workers"),
        (("serve", "--host", "no such host"), 1, "HUB_HOST"),
        (("version", "--short"), 2, "No such option"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(
    data: str, arguments: tuple[str, ...], code: int, says: str
) -> None:
    assert run("project", "create", "OLD", "--data", data)[0] == 0
    assert run("user", "create", "anna", "--data", data)[0] == 0
    where = ("--data", data) if len(arguments) > 1 else ()
    found, out, err = run(*arguments, *where)
    assert (found, out) == (code, "")
    assert err.count("\n") == 1
    assert says.lower() in err.lower()
    assert "Traceback" not in err


def test_a_misspelt_variable_is_one_line() -> None:
    done = hookhub("serve", HUB_PROT="8000")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "HUB_PROT is not a name the hub knows: did you mean HUB_PORT?\n"

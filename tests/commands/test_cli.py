"""The command line, as people and scripts use it: real processes on a real SQLite file."""

import json
import os
import re
import resource
import signal
import socket
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from hub import __version__, cli
from hub.commands import check, listing
from hub.commands import serving as serve_command
from hub.config import NAMES, Config, load
from hub.demo.receiver import Receiver, standard_fault
from hub.rules.settings import DEFINITIONS
from tests.rigs.hubs import PROGRAM, children, environ, hookhub, serving
from tests.rigs.waiting import until

TOKEN = re.compile(r"hub_[\w-]{43}\n")


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A data directory that does not exist yet."""
    return str(tmp_path / "data")


@pytest.fixture
def made(data: str) -> str:
    """A data directory with a hub in it, and the project OLD."""
    assert run("project", "create", "OLD", "--data", data)[0] == 0
    return data


def query(data: str, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(Path(data) / "hub.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    """One command in this process; exit code, stdout, stderr."""
    runner = CliRunner()
    with runner.isolation(stdin) as (out, err, _):
        code = cli.run(arguments)
        return code, out.getvalue().decode(), err.getvalue().decode()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (name for name in os.environ if name.startswith("HUB_") and not name.startswith("HUB_TEST_")):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


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


def test_a_token_is_printed_and_nothing_else(data: str) -> None:
    hookhub("project", "create", "TRAVEL", "--data", data)
    done = hookhub(
        "token",
        "create",
        "--project",
        "TRAVEL",
        "--scope",
        "publish",
        "--scope",
        "read",
        "--name",
        "ci",
        "--data",
        data,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert TOKEN.fullmatch(done.stdout)
    [(name, scopes, ending)] = query(data, "SELECT name, scopes, ending FROM token")
    assert (name, json.loads(str(scopes)), ending) == ("ci", ["publish", "read"], done.stdout.strip()[-4:])
    dump = "".join(map(str, query(data, "SELECT * FROM token") + query(data, "SELECT * FROM audit")))
    assert done.stdout.strip() not in dump


def test_a_token_of_an_app_switches_its_connector_on(data: str) -> None:
    run("project", "create", "TRAVEL", "--data", data)
    code, out, err = run(
        "token", "create", "--project", "TRAVEL", "--app", "zapier", "--scope", "subscribe", "--data", data
    )
    assert (code, err) == (0, "")
    assert TOKEN.fullmatch(out)
    assert query(data, "SELECT connector FROM project_connector ORDER BY 1") == [("webhooks",), ("zapier",)]


def test_a_server_wide_token_needs_no_project(made: str) -> None:
    code, out, _ = run("token", "create", "--scope", "admin", "--data", made)
    assert code == 0
    assert TOKEN.fullmatch(out)
    assert query(made, "SELECT project_id FROM token") == [(None,)]


def test_settings_are_shown_with_default_unit_and_range(made: str) -> None:
    code, out, err = run("settings", "get", "--data", made)
    assert (code, err) == (0, "")
    for name, definition in DEFINITIONS.items():
        assert f"{name} = " in out
        assert definition.unit in out
    assert "failure_limit = 5\n" in out
    assert run("settings", "get", "failure_limit", "--data", made) == (0, "5\n", "")


def test_a_setting_is_changed_for_every_process_and_audited(made: str) -> None:
    code, out, err = run("settings", "set", "retry_schedule_s", "[0.5, 60]", "--data", made)
    assert (code, err) == (0, "")
    assert out.startswith("retry_schedule_s = [0.5, 60] (was [5, 60,")
    done = hookhub("settings", "get", "retry_schedule_s", "--data", made)
    assert json.loads(done.stdout) == [0.5, 60]
    [(actor, fields)] = query(made, "SELECT actor, fields FROM audit WHERE action = 'settings.changed'")
    assert actor == "command line"
    assert json.loads(str(fields))["retry_schedule_s"][1] == [0.5, 60]


def test_config_hides_secrets_and_names_everything(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub:correct-horse@127.0.0.1:1/hub")
    code, out, err = run("config", "--data", data)
    assert (code, err) == (0, "")
    assert [line.partition("=")[0] for line in out.splitlines()] == list(NAMES)
    assert "k" * 40 not in out
    assert "correct-horse" not in out


def test_version_is_the_packages() -> None:
    assert run("version") == run("--version") == (0, f"hookhub {__version__}\n", "")


def lines_of(*arguments: str) -> list[list[str]]:
    """What a list prints below its head, in words."""
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    return [line.split() for line in out.splitlines()[1:]]


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


def test_tokens_are_listed_and_revoked(made: str) -> None:
    where = ("--data", made)
    text = run("token", "create", "--project", "OLD", "--scope", "read", "--name", "ci", *where)[1].strip()
    run("token", "create", "--scope", "admin", *where)
    rows = lines_of("token", "list", *where)
    assert [row[1:] for row in rows] == [
        ["-", "-", "admin", rows[0][4], "-", "-", "-"],
        ["OLD", "-", "read", f"…{text[-4:]}", "-", "-", "ci"],
    ]
    assert lines_of("token", "list", "--project", "OLD", *where) == rows[1:]
    assert text not in str(rows)
    token_id = rows[1][0]
    assert run("token", "revoke", token_id, *where) == (0, f"{token_id}\n", "")
    assert "revoked" in lines_of("token", "list", "--project", "OLD", *where)[0]
    assert run("token", "revoke", token_id, *where)[0] == 1


def test_a_list_is_not_cut_at_a_page() -> None:
    def page(before: str | None) -> list[str]:
        return {None: ["c", "b"], "b": ["a"], "a": []}[before]

    assert list(listing.pages(page, str)) == ["c", "b", "a"]


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
        (("settings", "set", "failure_limits", "5"), 2, "there are: failure_limit,"),
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


@pytest.mark.parametrize(
    "command", [("settings", "get"), ("serve", "--port", "0"), ("worker",), ("project", "create", "NEW")]
)
def test_a_database_that_cannot_be_opened_is_one_line(
    command: tuple[str, ...], data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub:correct-horse@127.0.0.1:1/hub")
    code, out, err = run(*command, "--data", data)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "HUB_DATABASE_URL" in err
    assert "correct-horse" not in err


@pytest.mark.parametrize(
    "command", [("settings", "get"), ("serve", "--port", "0"), ("worker",), ("config",), ("check",)]
)
def test_a_data_directory_that_cannot_be_made_is_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, out, err = run(*command, "--data", str(tmp_path / "file" / "data"))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "HUB_DATA_DIR" in err


@pytest.mark.parametrize("command", [("settings", "get"), ("serve", "--port", "0"), ("worker",)])
def test_a_file_that_is_no_database_is_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"this is no database" * 100)
    code, out, err = run(*command, "--data", str(tmp_path))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "cannot be opened" in err


@pytest.mark.parametrize("command", [("settings", "get"), ("serve", "--port", "0"), ("worker",), ("check",)])
def test_a_database_of_a_newer_hub_is_refused(command: tuple[str, ...], made: str) -> None:
    connection = sqlite3.connect(Path(made) / "hub.db")
    with connection:
        connection.execute(
            "INSERT INTO schema_migration (name, applied) VALUES ('9999_future', '2030-01-01')"
        )
    connection.close()
    code, out, err = run(*command, "--data", made)
    assert code == 1
    assert "newer hookhub" in out + err
    assert err.count("\n") == (0 if command == ("check",) else 1)


def test_a_misspelt_variable_is_one_line() -> None:
    done = hookhub("serve", HUB_PROT="8000")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "HUB_PROT is not a name the hub knows: did you mean HUB_PORT?\n"


def test_check_finds_a_good_set_up_good(made: str) -> None:
    code, out, err = run("check", "--data", made)
    assert (code, err) == (0, "")
    for subject in (
        "database:",
        "clock:",
        "workers:",
        "data directory:",
        "disk:",
        "secret key:",
        "base URL:",
        "outbound:",
        "open files:",
    ):
        assert subject in out


def test_check_does_not_migrate(made: str) -> None:
    connection = sqlite3.connect(Path(made) / "hub.db")
    with connection:
        connection.execute("DELETE FROM schema_migration WHERE name = '0002_what_was_sent'")
    connection.close()
    assert "due at the next start: 0002_what_was_sent" in run("check", "--data", made)[1]
    assert query(made, "SELECT name FROM schema_migration WHERE name = '0002_what_was_sent'") == []


def test_check_fails_when_the_key_does_not_fit(made: str) -> None:
    assert re.search(r"^ok +secret key: .* fits the database", run("check", "--data", made)[1], re.MULTILINE)
    key = Path(made) / "secret_key"
    key.write_text("k" * 40)
    code, out, _ = run("check", "--data", made)
    assert code == 1
    assert re.search(r"^error +secret key: .* does not fit the database", out, re.MULTILINE)
    key.unlink()
    code, out, _ = run("check", "--data", made)
    assert code == 1
    assert re.search(r"^error +secret key: .* is missing", out, re.MULTILINE)
    assert not key.exists()


@pytest.mark.parametrize("key", ["k" * 40, None])
def test_serve_and_worker_refuse_a_key_that_does_not_fit(made: str, key: str | None) -> None:
    path = Path(made) / "secret_key"
    path.unlink()
    if key is not None:
        path.write_text(key)
    for command in (("serve", "--port", "0"), ("worker",)):
        code, out, err = run(*command, "--data", made)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "secret key" in err
    assert path.exists() == (key is not None)


@pytest.mark.parametrize(
    "command",
    [
        ("worker",),
        ("check",),
        ("settings", "get"),
        ("settings", "set", "failure_limit", "3"),
        ("user", "create", "bob"),
        ("token", "create", "--scope", "admin"),
    ],
)
def test_only_serve_and_project_create_make_a_hub(command: tuple[str, ...], data: str) -> None:
    code, out, err = run(*command, "--data", data)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"no hub in {data}" in err
    assert not Path(data).exists()


def test_config_and_version_need_no_hub(data: str) -> None:
    assert run("config", "--data", data)[0] == run("version")[0] == 0
    assert not Path(data).exists()


def test_check_fails_when_the_database_is_away(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub:correct-horse@127.0.0.1:1/hub")
    code, out, err = run("check", "--data", data)
    assert (code, err) == (1, "")
    assert re.search(r"^error +database: .*HUB_DATABASE_URL", out, re.MULTILINE)
    assert re.search(r"^warning +secret key: .*HUB_SECRET_KEY", out, re.MULTILINE)


def configured(tmp_path: Path, **values: str) -> Config:
    return load({"HUB_DATA_DIR": str(tmp_path / "data"), **values})


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        ({}, "ok"),
        ({"HUB_HOST": "0.0.0.0"}, "warning"),
        ({"HUB_BASE_URL": "http://hub.example"}, "warning"),
        ({"HUB_BASE_URL": "https://hub.example", "HUB_HOST": "0.0.0.0"}, "ok"),
        ({"HUB_BASE_URL": "https://hub.example"}, "ok"),
    ],
)
def test_check_judges_the_base_url(tmp_path: Path, values: dict[str, str], mark: str) -> None:
    assert check.base_url(configured(tmp_path, **values)).mark == mark


def test_check_warns_of_a_data_directory_that_others_may_read(tmp_path: Path) -> None:
    loaded = configured(tmp_path)
    loaded.data_dir.mkdir(mode=0o700)
    assert next(check.data_directory(loaded)).mark == "ok"
    loaded.data_dir.chmod(0o755)
    found = next(check.data_directory(loaded))
    assert (found.mark, "chmod 700" in found.text) == ("warning", True)


def test_check_warns_of_too_few_open_files_and_of_a_hub_that_reaches_everything(tmp_path: Path) -> None:
    assert check.open_files(1024).mark == "warning"
    assert check.open_files(65_536).mark == check.open_files(resource.RLIM_INFINITY).mark == "ok"
    assert check.outbound(configured(tmp_path, HUB_OUTBOUND_ALLOW="0.0.0.0/0")).mark == "warning"
    assert "10.0.0.0/8" in check.outbound(configured(tmp_path, HUB_OUTBOUND_ALLOW="10.0.0.0/8")).text


def test_serve_prints_its_url_and_a_link_that_works_until_somebody_is_there(tmp_path: Path) -> None:
    with serving(tmp_path) as hub:
        link = hub.set_up_link
        assert len(hub.lines) == 3
        assert hub.lines[1] == f"Made a new hub in {tmp_path / 'data'}"
        assert link is not None
        assert link.startswith(f"{hub.url}/setup?token=")
        assert requests.Session().get(f"{hub.url}/healthz", timeout=10).status_code == 200
        assert hub.stop() == 0
    token = link.partition("token=")[2]
    assert token not in str(query(str(tmp_path / "data"), "SELECT * FROM setting"))
    with serving(tmp_path) as hub:
        assert hub.set_up_link not in (None, link)
        assert (
            requests.Session().get(link.replace(link.partition("/setup")[0], hub.url), timeout=10).status_code
            == 403
        )
        assert hub.stop(signal.SIGINT) == 0
    where = {"HUB_DATA_DIR": str(tmp_path / "data")}
    hookhub("user", "create", "anna", "--admin", **where)
    with serving(tmp_path) as hub:
        assert hub.set_up_link is not None, "anna cannot sign in"
        assert hub.stop() == 0
    hookhub("user", "set-password", "anna", "--password-stdin", stdin="correct horse battery\n", **where)
    with serving(tmp_path) as hub:
        assert hub.set_up_link is None
        assert len(hub.lines) == 1


def test_serve_makes_the_administrator_of_the_environment(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse battery\n")
    with serving(tmp_path, HUB_ADMIN_USERNAME="root", HUB_ADMIN_PASSWORD_FILE=str(password)) as hub:
        assert hub.set_up_link is None
        assert query(str(tmp_path / "data"), "SELECT name, is_admin FROM person") == [("root", 1)]
        assert "correct horse" not in hub.err.read_text() + hub.out.read_text()


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("root", "short", "HUB_ADMIN_PASSWORD must have at least 10"),
        (" ", "correct horse", "HUB_ADMIN_USERNAME"),
    ],
)
def test_an_administrator_of_the_environment_that_cannot_be_is_one_line(
    made: str, monkeypatch: pytest.MonkeyPatch, name: str, password: str, says: str
) -> None:
    monkeypatch.setenv("HUB_ADMIN_USERNAME", name)
    monkeypatch.setenv("HUB_ADMIN_PASSWORD", password)
    code, out, err = run("serve", "--port", "0", "--data", made)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert says in err


@pytest.mark.parametrize(
    ("trusted", "address"), [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.9"), ("10.0.0.0/8", "127.0.0.1")]
)
def test_only_a_trusted_proxy_is_believed_about_who_calls(tmp_path: Path, trusted: str, address: str) -> None:
    with serving(tmp_path, HUB_TRUSTED_PROXIES=trusted) as hub:
        link = str(hub.set_up_link)
        form = {
            "token": link.partition("token=")[2],
            "name": "anna",
            "password": "correct horse",
            "repeated": "correct horse",
        }
        answer = requests.Session().post(
            f"{hub.url}/setup", data=form, headers={"X-Forwarded-For": "203.0.113.9"}, allow_redirects=False
        )
        assert answer.status_code == 303
        told = query(str(tmp_path / "data"), "SELECT action, actor, address FROM audit ORDER BY id")
        assert told == [("user.created", "anna", address), ("user.signed_in", "anna", address)]


def test_commands_run_beside_a_serving_hub(tmp_path: Path) -> None:
    where = {"HUB_DATA_DIR": str(tmp_path / "data")}
    with serving(tmp_path) as hub:
        assert hookhub("project", "create", "TRAVEL", **where).returncode == 0
        token = hookhub("token", "create", "--project", "TRAVEL", "--scope", "read", **where).stdout.strip()
        assert hookhub("settings", "set", "failure_limit", "3", **where).returncode == 0
        answer = requests.Session().get(f"{hub.url}/api/v1/me", headers={"X-API-Key": token}, timeout=10)
        assert answer.json()["project"]["key"] == "TRAVEL"
        until(lambda: "1 deliver now" in hookhub("check", **where).stdout)


def test_check_says_whether_it_looked_at_the_running_hub(tmp_path: Path) -> None:
    where = {"HUB_DATA_DIR": str(tmp_path / "data")}
    with serving(tmp_path) as hub:
        until(lambda: "answers and is ready" in hookhub("check", HUB_BASE_URL=hub.url, **where).stdout)
        done = hookhub("check", HUB_BASE_URL=hub.url, **where)
        assert (
            f"ok       running hub: process {hub.process.pid} at {hub.url} answers and is ready"
            in done.stdout
        )
        assert "started with the base URL" not in done.stdout
        told_otherwise = hookhub("check", HUB_BASE_URL="https://hub.example", **where).stdout
        assert f"it was started with the base URL {hub.url}" in told_otherwise
        os.kill(hub.process.pid, signal.SIGSTOP)
        try:
            stopped = hookhub("check", HUB_BASE_URL=hub.url, **where)
        finally:
            os.kill(hub.process.pid, signal.SIGCONT)
        assert stopped.returncode == 1
        assert (
            f"error    running hub: process {hub.process.pid} at {hub.url} does not answer" in stopped.stdout
        )
    gone = hookhub("check", **where)
    assert (gone.returncode, gone.stderr) == (0, "")
    assert f"running hub: none serves {tmp_path / 'data'} now" in gone.stdout


def test_check_says_why_a_running_hub_is_not_ready(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "0"):
        done = hookhub("check", HUB_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert "is not ready: database ok, workers none" in done.stdout


def test_a_second_hub_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path):
        done = hookhub("serve", "--port", "0", "--data", str(tmp_path / "data"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "Another hub serves" in done.stderr


def test_a_taken_port_is_one_line(tmp_path: Path, data: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = hookhub("serve", "--port", str(port), "--data", data)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr


def test_the_log_of_a_hub_and_its_workers_is_json_when_asked_for(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2", HUB_LOG_FORMAT="json") as hub:
        hub.workers(1)
        assert hub.stop() == 0
        lines = [json.loads(line) for line in hub.err.read_text().splitlines()]
    assert [line["message"] for line in lines] == ["worker started", "worker stopped"]


def test_no_workers_means_that_nobody_delivers(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "0") as hub:
        answer = requests.Session().get(f"{hub.url}/readyz", timeout=10)
        assert (answer.status_code, answer.json()["checks"]["workers"]) == (503, "none")
        assert children(hub.process.pid) == []


def test_hubs_that_only_answer_and_a_worker_share_a_database(tmp_path: Path, database_url: str) -> None:
    where = {
        "HUB_DATABASE_URL": database_url,
        "HUB_SECRET_KEY": "k" * 40,
        "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    data = {"HUB_DATA_DIR": str(tmp_path / "data")}
    receiver, session = Receiver(), requests.Session()
    receiver.start()
    with serving(tmp_path, "--workers", "0", **where) as hub:
        worker = subprocess.Popen([*PROGRAM, "worker"], env=environ(**where, **data), stderr=subprocess.PIPE)
        try:
            assert hookhub("project", "create", "TRAVEL", **where, **data).returncode == 0
            scopes = [part for scope in ("publish", "subscribe") for part in ("--scope", scope)]
            token = hookhub("token", "create", "--project", "TRAVEL", *scopes, **where, **data).stdout.strip()
            session.headers["X-API-Key"] = token
            made = session.post(
                f"{hub.url}/api/v1/hooks", json={"target_url": receiver.url + "/in", "event": "*"}, timeout=10
            )
            receipt = session.post(
                f"{hub.url}/api/v1/events", json={"type": "story.create", "data": {"id": 1}}, timeout=10
            ).json()
            assert receiver.wait(lambda: receipt["id"] in receiver.accepted("/in"), 20)
            assert standard_fault(receiver.accepted("/in")[receipt["id"]], made.json()["secret"]) is None
            found = hookhub("check", **where, **data)
            assert (found.returncode, found.stderr) == (0, "")
            assert "workers: 1 deliver now" in found.stdout
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0
        finally:
            worker.kill()
            _, log = worker.communicate()
            session.close()
            receiver.stop()
    assert b"Traceback" not in log
    assert b"outcome=success" in log


def test_the_secret_key_and_data_are_the_owners_alone(tmp_path: Path) -> None:
    with serving(tmp_path):
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_the_file_limit_is_raised_as_far_as_it_may() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
        serve_command.raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, serve_command.OPEN_FILES_MAX)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

"""The configuration: every name of docs/configuration.md, and every way to get one wrong."""

import string
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config import NAMES, SECRET_NAMES, Config, load
from hub.errors import ConfigError

KEY = "k" * 32


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HUB_DATA_DIR": str(tmp_path / "data"), "HUB_SECRET_KEY": KEY}


def problems(environ: dict[str, str], **overrides: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(environ, **overrides)
    return str(caught.value)


def test_it_needs_nothing_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = load({})
    assert found == Config(
        data_dir=tmp_path / "hub-data",
        database_url=f"sqlite:///{tmp_path}/hub-data/hub.db",
        host="127.0.0.1",
        port=8000,
        base_url="http://127.0.0.1:8000",
        secret_key="",
        admin_username=None,
        admin_password=None,
        outbound_allow=(),
        outbound_ports=(),
        outbound_ca_file=None,
        smtp_url=None,
        smtp_password=None,
        mail_from=None,
        workers=1,
        log_level="info",
        log_format="text",
        trusted_proxies=(),
    )


def test_it_takes_every_name(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    environ = {
        "HUB_DATA_DIR": str(tmp_path),
        "HUB_DATABASE_URL": "postgres://hub:pw@db.example:5432/hub?sslmode=require",
        "HUB_HOST": "::1",
        "HUB_PORT": "8080",
        "HUB_BASE_URL": "https://hooks.example/hub/",
        "HUB_SECRET_KEY": KEY,
        "HUB_ADMIN_USERNAME": "ada",
        "HUB_ADMIN_PASSWORD": "pass word",
        "HUB_OUTBOUND_ALLOW": "127.0.0.0/8, fd00::/8,10.1.2.3/8",
        "HUB_OUTBOUND_PORTS": "591, 81,591",
        "HUB_OUTBOUND_CA_FILE": str(bundle),
        "HUB_SMTP_URL": "smtp://ada@mail.example",
        "HUB_SMTP_PASSWORD": "pa$$",
        "HUB_MAIL_FROM": "Our hub <hub@mail.example>",
        "HUB_WORKERS": "4",
        "HUB_LOG_LEVEL": "DEBUG",
        "HUB_LOG_FORMAT": "json",
        "HUB_TRUSTED_PROXIES": "10.0.0.1,::1",
    }
    assert set(environ) == set(NAMES)
    assert load(environ) == Config(
        data_dir=tmp_path,
        database_url="postgresql://hub:pw@db.example:5432/hub?sslmode=require",
        host="::1",
        port=8080,
        base_url="https://hooks.example/hub",
        secret_key=KEY,
        admin_username="ada",
        admin_password="pass word",
        outbound_allow=(ip_network("127.0.0.0/8"), ip_network("fd00::/8"), ip_network("10.0.0.0/8")),
        outbound_ports=(81, 591),
        outbound_ca_file=str(bundle),
        smtp_url="smtp://ada@mail.example:587",
        smtp_password="pa$$",
        mail_from="Our hub <hub@mail.example>",
        workers=4,
        log_level="debug",
        log_format="json",
        trusted_proxies=("10.0.0.1/32", "::1/128"),
    )


def test_the_command_line_wins_and_none_means_not_given(environ: dict[str, str], tmp_path: Path) -> None:
    environ |= {"HUB_PORT": "1234", "HUB_HOST": "192.0.2.1", "HUB_WORKERS": "3"}
    found = load(environ, port=9, data_dir=tmp_path / "other", host=None, workers=0)
    assert (found.port, found.data_dir, found.host, found.workers) == (9, tmp_path / "other", "192.0.2.1", 0)
    assert found.database_url == f"sqlite:///{tmp_path}/other/hub.db"


def test_a_field_that_does_not_exist_is_the_callers_fault(environ: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="no such field: prot"):
        load(environ, prot=1)


def test_an_empty_variable_is_not_given(environ: dict[str, str]) -> None:
    empty = dict.fromkeys((*NAMES, *(f"{name}_FILE" for name in SECRET_NAMES)), "")
    assert load(empty | environ) == load(environ)


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("0.0.0.0", "http://localhost:8000"),
        ("::", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("hub.example", "http://hub.example:8000"),
    ],
)
def test_it_is_reached_where_it_listens_unless_told_otherwise(
    environ: dict[str, str], host: str, base_url: str
) -> None:
    assert load(environ, host=host).base_url == base_url


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_may_come_from_a_file(environ: dict[str, str], tmp_path: Path, name: str) -> None:
    value = (
        "postgresql://hub@db/hub" if name == "HUB_DATABASE_URL" else " päss word with spaces that is long "
    )
    (tmp_path / "secret").write_text(value + "\r\n", encoding="utf-8")
    environ |= {"HUB_ADMIN_USERNAME": "ada", "HUB_ADMIN_PASSWORD": "x"}
    environ.pop(name, None)
    found = load(environ | {f"{name}_FILE": str(tmp_path / "secret")})
    assert getattr(found, name.removeprefix("HUB_").lower()) == value


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_and_its_file_together_are_refused(
    environ: dict[str, str], tmp_path: Path, name: str
) -> None:
    (tmp_path / "secret").write_text(KEY)
    assert f"{name} and {name}_FILE are both given" in problems(
        environ | {name: KEY, f"{name}_FILE": str(tmp_path / "secret")}
    )


@pytest.mark.parametrize(
    "content", [None, b"", b"\n", b"\xff\xfe"], ids=["missing", "empty", "blank", "not text"]
)
def test_a_secrets_file_that_cannot_be_used_is_refused(
    environ: dict[str, str], tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    del environ["HUB_SECRET_KEY"]
    assert f"HUB_SECRET_KEY_FILE names {path}" in problems(environ | {"HUB_SECRET_KEY_FILE": str(path)})
    assert not (tmp_path / "data").exists(), "it must not fall back to a key of its own"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("HUB_PROT", "HUB_PORT"),
        ("HUB_DATABASE", "HUB_DATABASE_URL"),
        ("HUB_SECRET_KEYFILE", "HUB_SECRET_KEY_FILE"),
        ("HUB_OUTBOUND_ALLOWED", "HUB_OUTBOUND_ALLOW"),
        ("HUB_PORT_FILE", "HUB_PORT"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_right_one(
    environ: dict[str, str], name: str, nearest: str
) -> None:
    assert problems(environ | {name: "1"}) == f"{name} is not a name the hub knows: did you mean {nearest}?"


def test_names_of_others_and_of_the_tests_are_not_its_business(environ: dict[str, str]) -> None:
    assert load(environ | {"HUBBLE": "1", "HOST": "x", "HUB_TEST_PG_URL": "x"}) == load(environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_PORT", "65536"),
        ("HUB_PORT", "-1"),
        ("HUB_PORT", "80a"),
        ("HUB_PORT", "٣"),
        ("HUB_PORT", "tcp://10.0.0.1:80"),
        ("HUB_WORKERS", "65"),
        ("HUB_WORKERS", "1.5"),
        ("HUB_LOG_LEVEL", "loud"),
        ("HUB_LOG_FORMAT", "xml"),
        ("HUB_OUTBOUND_ALLOW", "127.0.0.0/8,example.com"),
        ("HUB_OUTBOUND_PORTS", "81,0"),
        ("HUB_OUTBOUND_PORTS", "80-90"),
        ("HUB_OUTBOUND_PORTS", "65536"),
        ("HUB_TRUSTED_PROXIES", "*"),
        ("HUB_OUTBOUND_CA_FILE", "/nowhere/ca.pem"),
        ("HUB_SECRET_KEY", "k" * 31),
        ("HUB_ADMIN_USERNAME", "ada"),
        ("HUB_ADMIN_PASSWORD", "password"),
        ("HUB_BASE_URL", "hooks.example"),
        ("HUB_BASE_URL", "ftp://hooks.example"),
        ("HUB_BASE_URL", "https://"),
        ("HUB_BASE_URL", "https://hooks.example:http"),
        ("HUB_BASE_URL", "https://hooks.example/?a=b"),
        ("HUB_BASE_URL", "https://hooks.example/#"),
        ("HUB_BASE_URL", "https://ada:pw@hooks.example"),
        ("HUB_BASE_URL", "https://hooks.example/a b"),
        ("HUB_BASE_URL", "https://hooks.example/\r\nX: y"),
        ("HUB_DATABASE_URL", "mysql://hub@db/hub"),
        ("HUB_DATABASE_URL", "hub.db"),
        ("HUB_DATABASE_URL", "sqlite://"),
        ("HUB_DATABASE_URL", "sqlite:///"),
        ("HUB_DATABASE_URL", "sqlite:///:memory:"),
        ("HUB_DATABASE_URL", "postgresql://db"),
        ("HUB_DATABASE_URL", "postgresql://db/hub#x"),
        ("HUB_DATABASE_URL", "postgresql://db:port/hub"),
        ("HUB_DATABASE_URL", "postgresql://hub:pa#ss@db/hub"),
        ("HUB_DATABASE_URL", "postgresql://hub:pa?ss@db/hub"),
        ("HUB_DATABASE_URL", "postgresql://hub:12/ss@db/hub"),
    ],
)
def test_what_cannot_be_is_refused_by_name(environ: dict[str, str], name: str, value: str) -> None:
    assert name in problems(environ | {name: value})


def test_every_problem_is_named_at_once_on_one_line(environ: dict[str, str]) -> None:
    text = problems(
        environ | {"HUB_PROT": "1", "HUB_WORKERS": "many", "HUB_LOG_LEVEL": "loud", "HUB_BASE_URL": "x"},
        port="y",
    )
    assert [
        name
        for name in ("HUB_PROT", "HUB_WORKERS", "HUB_LOG_LEVEL", "HUB_BASE_URL", "HUB_PORT is")
        if name not in text
    ] == []
    assert "\n" not in text


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("sqlite:////var/lib/hub/hub.db", "sqlite:////var/lib/hub/hub.db"),
        ("postgres://hub@db/hub", "postgresql://hub@db/hub"),
        ("postgresql:///hub?host=/run/postgresql", "postgresql:///hub?host=/run/postgresql"),
        (
            "postgresql://postgres:@/postgres?host=/tmp/data",
            "postgresql://postgres:@/postgres?host=/tmp/data",
        ),
    ],
)
def test_a_database_keeps_its_url_as_given(environ: dict[str, str], given: str, found: str) -> None:
    assert load(environ | {"HUB_DATABASE_URL": given}).database_url == found


def test_a_relative_sqlite_path_is_made_absolute(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        load(environ | {"HUB_DATABASE_URL": "sqlite:///some/hub.db"}).database_url
        == f"sqlite:///{tmp_path}/some/hub.db"
    )


WORD = st.text(string.ascii_letters + string.digits + "%._~-", min_size=12, max_size=24)


@given(user=WORD, password=WORD, key=st.text(string.ascii_letters, min_size=32, max_size=40), admin=WORD)
def test_no_secret_is_ever_shown(user: str, password: str, key: str, admin: str) -> None:
    secrets = {password + "!1", key + "!2", admin + "!3"}
    for url in (
        f"postgresql://{user}:{password}!1@db:5432/hub",
        f"postgresql://{user}@db/hub?sslmode=require&password={password}!1",
    ):
        environ = {
            "HUB_DATABASE_URL": url,
            "HUB_SECRET_KEY": key + "!2",
            "HUB_ADMIN_USERNAME": "ada",
            "HUB_ADMIN_PASSWORD": admin + "!3",
        }
        found = load(environ)
        shown = found.shown()
        assert set(shown) == set(NAMES)
        assert found.database_url == url
        wrong = problems(
            environ
            | {"HUB_DATABASE_URL": url.replace("postgresql", "oracle"), "HUB_PROT": "1", "HUB_PORT": "x"}
        )
        assert [
            secret for secret in secrets for text in (repr(found), str(shown), wrong) if secret in text
        ] == []


def test_what_is_not_secret_is_shown(environ: dict[str, str]) -> None:
    shown = load(
        environ
        | {
            "HUB_DATABASE_URL": "postgresql://hub:pw@db:5432/hub?sslmode=require",
            "HUB_OUTBOUND_ALLOW": "10.0.0.1",
        }
    ).shown()
    assert shown["HUB_DATABASE_URL"] == "postgresql://hub:(hidden)@db:5432/hub?sslmode=require"
    assert shown["HUB_OUTBOUND_ALLOW"] == "10.0.0.1/32"
    assert (shown["HUB_SECRET_KEY"], shown["HUB_ADMIN_PASSWORD"]) == ("(hidden)", "")


def test_a_data_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"HUB_DATA_DIR names {tmp_path}/file, which is no directory." in problems(
        {"HUB_DATA_DIR": str(tmp_path / "file")}
    )
    assert f"HUB_DATA_DIR names {tmp_path}/file/data, which cannot be used" in problems(
        {"HUB_DATA_DIR": str(tmp_path / "file" / "data")}
    )


def test_reading_it_makes_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    found = load({"HUB_DATA_DIR": str(tmp_path / "data")})
    assert found.secret_key == ""
    load(environ)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"HUB_SMTP_URL": "mail.example:25"}, "HUB_SMTP_URL is not understood"),
        ({"HUB_SMTP_URL": "https://mail.example"}, "HUB_SMTP_URL is not understood"),
        ({"HUB_SMTP_URL": "smtp://"}, "HUB_SMTP_URL is not understood"),
        ({"HUB_SMTP_URL": "smtp://ada:pa55@mail.example"}, "give that as HUB_SMTP_PASSWORD"),
        ({"HUB_SMTP_URL": "smtp://mail.example"}, "belong together"),
        ({"HUB_MAIL_FROM": "hub@mail.example"}, "belong together"),
        ({"HUB_SMTP_URL": "smtp://mail.example", "HUB_MAIL_FROM": "the hub"}, "HUB_MAIL_FROM is 'the hub'"),
        (
            {
                "HUB_SMTP_URL": "smtp://mail.example",
                "HUB_MAIL_FROM": "a@b.example",
                "HUB_SMTP_PASSWORD": "pa55",
            },
            "names no user",
        ),
    ],
)
def test_a_mail_relay_is_given_whole(environ: dict[str, str], given: dict[str, str], problem: str) -> None:
    found = problems(environ | given)
    assert problem in found
    assert "pa55" not in found

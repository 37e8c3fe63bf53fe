"""Tests stand where one looks for them: those of `hub/a/b.py` in `tests/a/test_b.py`, those of
`connectors/a/b.py` in `tests/connectors/a/test_b.py`.

A long one is split by subject, as `test_b_SUBJECT.py` beside it. A folder of files that are alike has one test
module, by the folder's name.
"""

from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "connectors/apps": "connectors/test_apps.py",
    "connectors/formats": "connectors/test_formats.py",
    "connectors/messages": "connectors/messages/test_describe.py",
    "connectors/sources": "connectors/test_sources.py",
    "hub/store/migrations": "store/test_migrations.py",
}
PARTS = {
    "connectors/hmac_source.py": "connectors/test_sources.py",
    "connectors/inbound.py": "connectors/test_sources.py",
    "connectors/naming.py": "connectors/test_sources.py",
    "hub/engine/outcomes.py": "engine/test_delivery.py",
    "hub/operations/hook_preview.py": "web/api/test_hook_previews.py",
    "hub/rules/facts.py": "rules/test_filters.py",
    "hub/rules/filter_rows.py": "rules/test_filters.py",
    "hub/rules/filter_text.py": "rules/test_filters.py",
    "hub/rules/templating/filters.py": "rules/templating/test_template.py",
    "hub/rules/templating/reader.py": "rules/templating/test_template.py",
    "hub/rules/templating/run.py": "rules/templating/test_template.py",
    "hub/rules/templating/values.py": "rules/templating/test_template.py",
    "hub/targets/brokers/rabbitmq_channel.py": "targets/brokers/test_rabbitmq.py",
    "hub/targets/http/multi.py": "targets/http/test_exchange.py",
    "hub/targets/http/sending.py": "targets/http/test_exchange.py",
    "hub/targets/http/sites.py": "targets/http/test_exchange.py",
}
"""Parts of one thing, cut for their length: what they do together is tested by the name of the whole."""
ONLY_TYPES = ("hub/services.py", "hub/targets/transport.py", "hub/targets/brokers/client.py")
LINES_MAX = 400

MODULES = [
    path.relative_to(ROOT)
    for folder in ("hub", "connectors")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.name != "__init__.py"
]


def path_of_tests(module: Path) -> str:
    """Below `tests/`."""
    if (folder := module.parent.as_posix()) in FOLDERS:
        return FOLDERS[folder]
    below = module.relative_to("hub") if module.parts[0] == "hub" else module
    return PARTS.get(module.as_posix(), below.with_name(f"test_{module.name}").as_posix())


def has_tests(name: str) -> bool:
    path = ROOT / "tests" / name
    return path.is_file() and "def test_" in path.read_text()


def test_each_module_has_a_test_module_by_its_name() -> None:
    missing = {
        module.as_posix(): f"tests/{path_of_tests(module)}"
        for module in MODULES
        if module.as_posix() not in ONLY_TYPES and not has_tests(path_of_tests(module))
    }
    assert missing == {}, "write these test modules"


def test_no_exception_outlives_what_it_is_for() -> None:
    for name in (*PARTS, *ONLY_TYPES, *FOLDERS):
        assert (ROOT / name).exists(), name


def test_a_long_one_is_split_by_subject() -> None:
    tests = ROOT / "tests"
    lines = {
        path.relative_to(tests).as_posix(): len(path.read_text().splitlines())
        for path in tests.rglob("test_*.py")
    }
    long = {name for name, count in lines.items() if count > LINES_MAX}
    assert long == set()

"""`hookhub settings`."""

import json

from hub.rules.settings import DEFINITIONS
from tests.rigs.commands import query, run
from tests.rigs.hubs import hookhub


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

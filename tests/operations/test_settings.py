"""The server's settings are administrators', and count at once."""

import pytest

from hub.errors import Forbidden, Invalid
from hub.operations.settings import ServerSettings
from hub.rules.settings import Settings
from hub.store import audit
from tests.rigs.requesters import ADMIN, NOBODY, manager
from tests.rigs.stage import Stage


def test_a_change_is_in_force_and_in_the_trail_by_name_with_old_and_new(store: Stage) -> None:
    changes: list[bool] = []
    operations = ServerSettings(store.database, lambda: changes.append(True))
    assert operations.recent() == Settings()
    updated = operations.update(ADMIN, {"failure_limit": 7, "hold_days": 7, "retry_schedule_s": [1, 2]})
    assert updated == Settings(failure_limit=7, retry_schedule_s=(1, 2))
    assert operations.get(ADMIN) == operations.recent() == operations.recently() == updated
    operations.update(ADMIN, {"failure_limit": 7})
    [entry] = store.read(lambda: audit.entries(object_id="settings"))
    assert entry.fields == {
        "failure_limit": [5, 7],
        "retry_schedule_s": [[5, 60, 300, 1800, 7200, 18000, 36000, 86400], [1, 2]],
    }
    assert len(changes) == 2


def test_all_change_or_none(store: Stage) -> None:
    operations = ServerSettings(store.database)
    with pytest.raises(Invalid) as refused:
        operations.update(ADMIN, {"failure_limit": 3, "hold_days": -1, "nonsense": 1})
    assert [field for field, _ in refused.value.errors] == ["hold_days", "nonsense"]
    assert operations.get(ADMIN) == Settings()


def test_they_are_nobody_elses(store: Stage) -> None:
    operations = ServerSettings(store.database)
    for who in (NOBODY, manager(store.project)):
        with pytest.raises(Forbidden, match="admin"):
            operations.get(who)
        with pytest.raises(Forbidden, match="admin"):
            operations.update(who, {"failure_limit": 3})
    assert operations.get(ADMIN) == Settings()

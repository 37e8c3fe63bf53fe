"""Subscriptions, whichever door they come through: what is waited for, what is kept, what is refused."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.operations.subscriptions import Subscriptions
from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.store.projects import Project
from tests.rigs.engine import Engine
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S, until

MANAGER = Requester("a manager", frozenset({"manage"}))

Ending = Callable[[Subscriptions, Project, str], object]
ENDINGS: dict[str, Ending] = {
    "deleted": lambda subscriptions, project, hook: subscriptions.delete(MANAGER, project, hook),
    "switched off": lambda subscriptions, project, hook: subscriptions.switch(MANAGER, project, hook, False),
    "changed to be off": lambda subscriptions, project, hook: subscriptions.update(
        MANAGER, project, hook, HookChange(enabled=False)
    ),
    "changed in much, and off": lambda subscriptions, project, hook: subscriptions.update(
        MANAGER, project, hook, HookChange(enabled=False, name="x", events=("a",))
    ),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_a_hook_is_answered_to_be_off_only_when_what_was_taken_has_begun(
    database_url: str, tmp_path: Path, how: str
) -> None:
    """After the answer no further request may begin: a target that is off may be gone."""
    may_begin = threading.Event()

    def hold_senders() -> None:
        if threading.current_thread().name.startswith("sender"):
            may_begin.wait(DEADLINE_S)

    hub = Engine(database_url, tmp_path, prepare_thread=hold_senders)
    with hub, Receiver() as receiver:
        hook = hub.hook(receiver.url)
        hub.publish(1)
        until(lambda: hub.states(hook) == ["sending"])
        ending = threading.Thread(target=ENDINGS[how], args=(hub.services.subscriptions, hub.project, hook))
        ending.start()
        until(lambda: hub.row(hook).state in ("disabled", "gone"))
        assert ending.is_alive(), "it is not answered yet"
        may_begin.set()
        ending.join(DEADLINE_S)
        assert not ending.is_alive()
        receiver.wait_for(1)

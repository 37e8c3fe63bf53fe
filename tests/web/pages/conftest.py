"""What tests of pages may ask for: a manager of the project, an administrator, one hook, other settings for a
while.
"""

from collections.abc import Iterator

import pytest

from hub.rules.settings import Settings
from tests.rigs.api import Browser, LiveHub
from tests.rigs.hook_page import HookPage
from tests.rigs.receivers import Receiver


@pytest.fixture
def manager(live: LiveHub, project: str) -> Browser:
    return live.browser("mia", project=project, role="product_owner")


@pytest.fixture
def admin(live: LiveHub) -> Browser:
    return live.browser("root", is_admin=True)


@pytest.fixture
def hook(live: LiveHub, project: str, manager: Browser, receiver: Receiver) -> HookPage:
    return HookPage(live, project, manager, receiver)


@pytest.fixture
def restored(live: LiveHub) -> Iterator[None]:
    """The settings are as they were when the test is over."""
    yield
    live.client("admin", project=None).patch("/settings", json=Settings().as_dict())


@pytest.fixture
def late_retries(live: LiveHub, restored: None) -> None:
    """A first failure is the only one for an hour."""
    live.client("admin", project=None).patch("/settings", json={"retry_schedule_s": [3600]})


@pytest.fixture
def quick_retries(live: LiveHub, restored: None) -> None:
    """A hook is switched off after three failures, at once."""
    admin = live.client("admin", project=None)
    admin.patch("/settings", json={"retry_schedule_s": [0.05, 0.05, 0.05, 3600], "failure_limit": 3})

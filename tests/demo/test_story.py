"""The demo: it ends well only when everything that it tells has happened, and it leaves nothing behind."""

from collections.abc import Callable

import pytest

from hub.demo import story as demo
from hub.demo.receiver import Arrival, Receiver
from tests.rigs.waiting import DEADLINE_S


class Silent(Receiver):
    """Its apps never answer 2xx, as far as anybody can see."""

    def accepted(self, path: str) -> dict[str, Arrival]:
        return {}

    def wait(self, is_done: Callable[[], bool], timeout_s: float) -> bool:
        """It looks once: what is waited for will not come."""
        return is_done()


def test_it_fails_when_a_receiver_stays_silent() -> None:
    """A demo that cannot fail would prove nothing."""
    with pytest.raises(demo.DemoFailed, match="did not arrive at /board"):
        demo.run(lambda line: None, stays=False, receiver=Silent(), step_s=DEADLINE_S)

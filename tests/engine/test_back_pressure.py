"""Publishers wait longer while deliveries wait for their records, and no longer once none does."""

import pytest

from hub.engine.back_pressure import MOST_S, STEP_S, BackPressure


def test_the_pause_grows_while_the_hub_is_behind_and_shrinks_while_it_is_not() -> None:
    pressure = BackPressure()
    assert pressure.pause_s == 0
    for held_up in (1, 5):
        pressure.look(held_up)
    assert pressure.pause_s == pytest.approx(2 * STEP_S)
    pressure.look(5)
    assert pressure.pause_s == pytest.approx(STEP_S)
    for _ in range(3):
        pressure.look(5)
    assert pressure.pause_s == 0


def test_nobody_waits_longer_than_a_little_however_far_behind_it_is() -> None:
    pressure = BackPressure()
    for held_up in range(1, 1000):
        pressure.look(held_up)
    assert pressure.pause_s == MOST_S

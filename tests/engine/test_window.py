"""How many quick requests may be under way."""

from hub.engine.window import LEAST, WAIT_WANTED_S, Window


def test_it_shrinks_while_requests_wait_in_the_hub_and_grows_while_they_do_not() -> None:
    window = Window(512)
    assert window.size == 512
    for _ in range(1000):
        window.ended(WAIT_WANTED_S * 4)
    assert window.size == LEAST
    for _ in range(2000):
        window.ended(WAIT_WANTED_S / 4)
    assert window.size == 512


def test_one_that_waited_long_is_no_reason() -> None:
    window = Window(512)
    window.ended(WAIT_WANTED_S * 10)
    assert window.size == 512


def test_a_process_that_may_have_few_has_them_whatever_they_wait() -> None:
    window = Window(4)
    for _ in range(100):
        window.ended(1.0)
    assert window.size == 4

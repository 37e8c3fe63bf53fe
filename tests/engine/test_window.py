"""How many quick requests may be under way."""

from hub.engine.window import FIRST, LEAST, WAIT_WANTED_S, Window


def ended(window: Window, count: int, waited_s: float) -> None:
    for _ in range(count):
        window.ended(waited_s, under_way=window.size)


def test_it_shrinks_while_requests_wait_in_the_hub_and_grows_while_they_do_not() -> None:
    window = Window(512)
    ended(window, 2000, WAIT_WANTED_S / 4)
    assert window.size == 512
    ended(window, 1000, WAIT_WANTED_S * 4)
    assert window.size == LEAST
    ended(window, 2000, WAIT_WANTED_S / 4)
    assert window.size == 512


def test_it_begins_small_and_grows_to_its_least_whatever_its_requests_wait() -> None:
    window = Window(512)
    assert window.size == FIRST
    ended(window, 1000, WAIT_WANTED_S * 4)
    assert window.size == LEAST


def test_it_begins_anew_when_nothing_was_under_way() -> None:
    window = Window(512)
    ended(window, 2000, WAIT_WANTED_S / 4)
    assert window.size == 512
    window.begin_anew()
    assert window.size == FIRST


def test_it_does_not_grow_while_it_is_not_used() -> None:
    window = Window(512)
    for _ in range(1000):
        window.ended(0.0, under_way=FIRST // 2 - 1)
    assert window.size == FIRST


def test_one_that_waited_long_is_no_reason() -> None:
    window = Window(512)
    ended(window, 2000, WAIT_WANTED_S / 4)
    window.ended(WAIT_WANTED_S * 10, 512)
    assert window.size == 512


def test_a_process_that_may_have_few_has_them_whatever_they_wait() -> None:
    window = Window(4)
    ended(window, 100, 1.0)
    assert window.size == 4

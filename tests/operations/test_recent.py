"""What was looked up within the last second is kept."""

from hub.operations import recent
from hub.operations.recent import Recent


class Source:
    """Counts how often it is asked; `values` may be changed meanwhile."""

    def __init__(self, **values: int) -> None:
        self.values = values
        self.asked = 0
        self.at = 100.0

    def look_up(self, key: str) -> int | None:
        self.asked += 1
        return self.values.get(key)

    def kept(self) -> Recent[str, int]:
        return Recent(self.look_up, kept_s=1, clock=lambda: self.at)


def test_a_value_is_looked_up_once_a_second() -> None:
    source = Source(a=1)
    kept = source.kept()
    assert kept.recent("a") is None
    assert [kept.get("a"), kept.get("a"), kept.recent("a")] == [1, 1, 1]
    assert source.asked == 1
    source.values["a"] = 2
    source.at += 1
    assert kept.recent("a") is None
    assert kept.get("a") == 2


def test_what_is_forgotten_is_looked_up_at_once() -> None:
    source = Source(a=1)
    kept = source.kept()
    kept.get("a")
    source.values["a"] = 2
    kept.forget()
    assert kept.get("a") == 2


def test_what_is_not_there_is_looked_up_each_time() -> None:
    source = Source()
    kept = source.kept()
    assert [kept.get("a"), kept.get("a")] == [None, None]
    assert source.asked == 2
    source.values["a"] = 1
    assert kept.get("a") == 1


def test_it_keeps_no_more_than_so_many() -> None:
    kept = Recent(lambda key: key, clock=lambda: 0.0)
    for key in range(1, recent.KEPT_MAX + 10):
        kept.get(key)
    assert kept.recent(1) is None
    assert kept.recent(recent.KEPT_MAX + 9) == recent.KEPT_MAX + 9

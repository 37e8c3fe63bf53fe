"""A quantile read from the histogram is near the true one."""

from hypothesis import given
from hypothesis import strategies as st

from hub.rules import histogram

# Above the first part, which begins at nothing: there a quantile is off by milliseconds, whatever the ratio.
durations_ms = st.lists(st.floats(5.1, 23_000), min_size=1, max_size=200)


def counts_of(durations: list[float]) -> list[int]:
    counts = [0] * histogram.PARTS
    for duration_ms in durations:
        counts[histogram.part_of(duration_ms / 1000)] += 1
    return counts


@given(durations_ms, st.sampled_from([0.5, 0.95]))
def test_a_quantile_is_at_most_one_part_off(durations: list[float], share: float) -> None:
    ordered = sorted(durations)
    true = ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]
    read = histogram.quantile_ms(counts_of(durations), share)
    assert read is not None
    assert true / 1.7 <= read <= true * 1.7


@given(st.floats(0, 1e6))
def test_every_duration_has_a_part(duration_s: float) -> None:
    assert 0 <= histogram.part_of(duration_s) < histogram.PARTS


def test_bounds_belong_to_the_part_that_they_end() -> None:
    assert [histogram.part_of(ms / 1000) for ms in (0, 5, 5.01, 8, 23_600, 23_601)] == [0, 0, 1, 1, 18, 19]


def test_no_answers_have_no_quantile() -> None:
    assert histogram.quantile_ms([0] * histogram.PARTS, 0.5) is None


def test_what_took_longer_than_every_bound_counts_as_the_last_one() -> None:
    counts = [0] * (histogram.PARTS - 1) + [3]
    assert histogram.quantile_ms(counts, 0.95) == histogram.BOUNDS_MS[-1]

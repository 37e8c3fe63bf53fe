from hypothesis import given
from hypothesis import strategies as st

from hub.rules import bucket
from hub.rules.bucket import Bucket
from hub.rules.pace import RateLimit

NOW = 1_790_000_000.0
RATES = st.builds(RateLimit, st.integers(1, 500), st.floats(0.1, 86_400))


def test_a_bucket_is_full_at_first_and_fills_evenly() -> None:
    rate = RateLimit(20, 60)
    kept = bucket.filled(None, rate, NOW).taken(20)
    assert kept.whole == 0
    assert bucket.next_at(kept, rate) == NOW + 3
    assert bucket.filled(kept, rate, NOW + 2.9).whole == 0
    assert bucket.filled(kept, rate, NOW + 3).whole == 1
    assert bucket.filled(kept, rate, NOW + 1e6).whole == 20


def test_nothing_comes_before_the_end_of_a_pause_and_then_one_by_one() -> None:
    rate = RateLimit(20, 60)
    kept = bucket.emptied(NOW + 100)
    assert bucket.filled(kept, rate, NOW + 99).whole == 0
    assert bucket.next_at(kept, rate) == NOW + 103
    assert bucket.filled(kept, rate, NOW + 103).whole == 1


def test_a_bucket_from_a_clock_that_has_stepped_back_is_full() -> None:
    assert bucket.filled(bucket.emptied(NOW + 1e9), RateLimit(3, 1), NOW).whole == 3


def test_what_a_test_has_taken_comes_back_first() -> None:
    rate = RateLimit(1, 10)
    owing = bucket.filled(None, rate, NOW).taken(2)
    assert owing.whole == 0
    assert bucket.next_at(owing, rate) == NOW + 20


@given(RATES, st.lists(st.tuples(st.floats(0, 200), st.integers(0, 600)), max_size=30))
def test_in_no_span_are_there_more_requests_than_the_rate_allows(
    rate: RateLimit, steps: list[tuple[float, int]]
) -> None:
    now, kept = NOW, None
    begun: list[tuple[float, int]] = []
    for after_s, wanted in steps:
        now += after_s
        left = bucket.filled(kept, rate, now)
        taken = min(wanted, left.whole)
        begun.append((now, taken))
        kept = left.taken(taken)
    for first, (since, _) in enumerate(begun):
        total = 0
        for until, count in begun[first:]:
            total += count
            assert total <= rate.count + (until - since) * rate.count / rate.per_s + 0.01


@given(RATES, st.floats(-5, 0.9))
def test_when_the_next_token_is_said_to_come_it_has_come(rate: RateLimit, tokens: float) -> None:
    kept = Bucket(tokens, NOW)
    comes_at = bucket.next_at(kept, rate)
    assert comes_at >= NOW
    assert bucket.filled(kept, rate, comes_at + 1e-5).whole >= 1

"""A token bucket: how many requests may go now, by the rate of a hook or of a source.

Owns the arithmetic: full at first, it fills evenly up to `count`, and each request takes one token. Pure:
`now` is an argument, times are seconds of whichever clock. Step before: `store.claims` has locked the lane
that holds a hook's bucket. Step after: it takes what was claimed, and looks again when the next token comes.
"""

import math
from dataclasses import dataclass

from hub.rules.pace import RateLimit
from hub.rules.retry import RETRY_AFTER_MAX_S

_ROUNDING = 1e-6
"""Of a token: what adding up its parts may lose."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was left at a time; ahead of now, nothing comes before then."""

    tokens: float
    at: float

    @property
    def whole(self) -> int:
        """How many requests may begin."""
        return max(0, math.floor(self.tokens + _ROUNDING))

    def taken(self, requests: int) -> "Bucket":
        """After so many requests. A test goes whether there is a token or not: what it owes comes back
        first.
        """
        return Bucket(self.tokens - requests, self.at)


def filled(kept: Bucket | None, rate: RateLimit, now: float) -> Bucket:
    """The bucket as it is now; None: nobody has taken anything yet."""
    if kept is None or kept.at > now + RETRY_AFTER_MAX_S:  # a clock that has since stepped back
        return Bucket(float(rate.count), now)
    if kept.at >= now:
        return Bucket(min(kept.tokens, float(rate.count)), kept.at)
    tokens = kept.tokens + (now - kept.at) * rate.count / rate.per_s
    return Bucket(min(tokens, float(rate.count)), now)


def next_at(bucket: Bucket, rate: RateLimit) -> float:
    """When there is a token again."""
    return bucket.at + max(0.0, 1.0 - bucket.tokens) * rate.per_s / rate.count


def emptied(until: float) -> Bucket:
    """After a receiver has asked for a pause: no token comes before its end."""
    return Bucket(0.0, until)

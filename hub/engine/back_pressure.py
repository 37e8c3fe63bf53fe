"""Back-pressure: publishers wait a few milliseconds longer for their answers while the hub is behind.

Owns how long. Accepting costs less than delivering, so publishers that send the next event when the last is
answered would outrun the deliveries of it for as long as they like. Only what the hub is late with itself
counts, its records: a receiver that takes its time keeps no publisher waiting. Step before: the dispatcher
looks at its runs. Step after: the door for events answers so much later what is committed already.
"""

STEP_S = 0.001
MOST_S = 0.02


class BackPressure:
    """Of one process. One thread looks, any may ask."""

    def __init__(self) -> None:
        self.pause_s = 0.0
        self._held_up = 0

    def look(self, held_up: int) -> None:
        """Now and then: a little more where deliveries have waited for records since the last look, a little
        less where none has. `held_up`: how often one had to, ever.
        """
        is_behind, self._held_up = held_up > self._held_up, held_up
        self.pause_s = min(MOST_S, self.pause_s + STEP_S) if is_behind else max(0.0, self.pause_s - STEP_S)

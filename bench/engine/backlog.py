"""Whether the backlog of a dead hook stays out of the way: `python -m bench.engine.backlog [waiting
deliveries] [database url]`.

Ten healthy hooks get an event each 10 ms; the time to arrival is taken without a backlog, then with that many
deliveries waiting for a hook whose target refuses every connection, while it is failing and after it was
switched off. The ratios of the 99th percentiles are what counts; they should stay below 1.5.
"""

import json
import sys
import time

from bench.engine.stage import Receiver, Stage, stage
from hub.rules.payload import Published

EVENTS = 500
HEALTHY = 10
CLOSED_PORT_URL = "http://127.0.0.1:40009/"


def measure(on: Stage, receiver: Receiver, label: str, base_s: float | None = None) -> float:
    """Publish, wait for all arrivals, print the percentiles; returns the 99th in seconds."""
    receiver.lags_s()
    for _ in range(EVENTS):
        data = json.dumps({"sent_at": time.time()}).encode()
        on.hub.services.intake.accept(
            on.project_id, [Published("story.update", data, None, None)], remembers_types=True
        ).result()
        time.sleep(0.01)
    time.sleep(1)
    lags = receiver.lags_s()
    p99 = lags[int(len(lags) * 0.99)]
    ratio = f"   ratio {p99 / base_s:.2f}" if base_s else ""
    print(
        (
            f"{label:42s} {len(lags):6d} arrived   p50 {lags[len(lags) // 2] * 1e3:6.1f} ms   p99 "
            f"{p99 * 1e3:6.1f} ms{ratio}"
        ),
        flush=True,
    )
    return p99


def main() -> None:
    waiting = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    url = sys.argv[2] if len(sys.argv) > 2 else None
    receiver = Receiver()
    with stage(url) as on:
        on.tune(failure_limit=0, retry_schedule_s=[1] * 8)
        dead = on.add_hooks(CLOSED_PORT_URL, ["dead.*"])
        on.add_hooks(receiver.url, ["story.*"], HEALTHY)
        on.hub.start()
        measure(on, receiver, "warm-up")
        base_s = measure(on, receiver, "no backlog")
        on.fill("dead.end", dead, waiting, b'{"x":"' + b"y" * 100 + b'"}')
        measure(on, receiver, "just after it was written")
        measure(on, receiver, f"{waiting} wait for a failing hook", base_s)
        on.tune(failure_limit=5)
        time.sleep(3)
        measure(on, receiver, f"{waiting} held for a switched-off hook", base_s)
        measure(on, receiver, "the same again", base_s)
    receiver.close()


if __name__ == "__main__":
    main()

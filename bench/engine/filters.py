"""What filters cost who publishes: `python -m bench.engine.filters [hooks] [database url]`.

CPU of the whole process for each event: without a hook, and with many that have one row, six rows, or a
pattern, none of which lets the event through. Nothing is sent.
"""

import json
import sys
import time

from bench.engine.stage import Stage, stage
from hub.rules import filters
from hub.rules.filters import Filter
from hub.rules.payload import Published

URL = "http://127.0.0.1:40009/"
ROUNDS = 200
RUNS = 5
EVENT = {
    "id": 7,
    "name": "Checkout",
    "state": 2,
    "tags": ["shop", "web"],
    "feature": {"name": "Basket", "rank": 2},
    "description": "x" * 700,
    "tasks": [{"id": n, "state": n % 3, "name": f"task {n}"} for n in range(6)],
}
SETS = {
    "one row": "state = 1{n}",
    "six rows": 'state = 2\nname = "Checkout"\nfeature.rank > 1\ntags = "web"\ntasks.state = 1\nid = 1{n}',
    "a pattern": 'description like "*y?{n}*"',
}


def only_if(text: str) -> Filter:
    found = filters.read(text)
    assert isinstance(found, Filter)
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    url = sys.argv[2] if len(sys.argv) > 2 else None
    print(f"{'CPU ms an event':24s} {'':8s} per hook, µs")
    with stage(url) as on:
        bare = _measure(on)
        print(f"{'no hook':24s} {bare:8.3f}")
    for name, text in SETS.items():
        with stage(url) as on:
            for n in range(count):
                on.add_hooks(URL, ["*"], 1, only_if=only_if(text.format(n=n)))
            each = _measure(on)
            print(f"{f'{count} hooks, {name}':24s} {each:8.3f} {(each - bare) / count * 1e3:8.2f}")


def _measure(on: Stage) -> float:
    """Least of some runs, milliseconds of CPU."""
    event = [Published("story.update", json.dumps(EVENT).encode(), None, None)]

    def accept() -> None:
        on.hub.services.intake.accept(on.project_id, event, remembers_types=False).result()

    accept()
    found = []
    for _ in range(RUNS):
        began = time.process_time()
        for _ in range(ROUNDS):
            accept()
        found.append((time.process_time() - began) / ROUNDS * 1e3)
    return min(found)


if __name__ == "__main__":
    main()

"""Whether a project with very many hooks stays quick: `python -m bench.engine.hooks [hooks] [database url]`.

Times making a hook, listing a page, finding one by its target, and publishing an event that one hook wants,
with a hundred hooks and then with that many more. The ratios are what counts; apart from finding by target,
which reads the project's hooks, they should stay near 1.
"""

import sys
import time
from collections.abc import Callable

from bench.engine.stage import Stage, stage
from hub.rules.payload import Published
from hub.store import hooks

URL = "http://127.0.0.1:40009/"
ROUNDS = 50


def measure(on: Stage) -> dict[str, float]:
    """Milliseconds each."""
    on.add_hooks(URL, ["wanted.one"], 1)
    event = [Published("wanted.one", b"{}", None, None)]
    steps: dict[str, Callable[[], object]] = {
        "make a hook": lambda: on.add_hooks(URL, ["story.*"]),
        "list 200": lambda: on.database.read(lambda: hooks.find(on.project_id, limit=200)),
        "find by target": lambda: on.database.read(
            lambda: hooks.find(on.project_id, target_url=URL + "none")
        ),
        "publish": lambda: on.hub.services.intake.accept(
            on.project_id, event, remembers_types=False
        ).result(),
        "publish after a new hook": lambda: (
            on.add_hooks(URL, ["story.*"]),
            on.hub.services.intake.accept(on.project_id, event, remembers_types=False).result(),
        ),
    }
    found = {}
    for name, step in steps.items():
        step()  # the first reads what has changed since
        began = time.perf_counter()
        for _ in range(ROUNDS):
            step()
        found[name] = (time.perf_counter() - began) / ROUNDS * 1e3
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with stage(sys.argv[2] if len(sys.argv) > 2 else None) as on:
        on.add_hooks(URL, ["story.*"], 100)
        few = measure(on)
        for _ in range(count // 500):
            on.add_hooks(URL, ["story.*"], 500)
        many = measure(on)
    print(f"{'ms each':26s} 100 hooks  {count:6d} more   ratio")
    for name, before in few.items():
        print(f"{name:26s} {before:9.2f}  {many[name]:11.2f}  {many[name] / before:6.2f}")


if __name__ == "__main__":
    main()

"""`python -m bench`: the scenarios over HTTP, as a table and as JSON. docs/benchmarks.md says how to read it.

--short: a few seconds in all, for CI. --only NAME …: some scenarios. --seconds, --scale: how long and how
large. --url URL --token TOKEN [--pid PID]: a hub that runs already. --driver MODULE:CLASS: another program.
--json FILE.
"""

import argparse
import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.drivers import Driver, Elsewhere, Hookhub
from bench.processes import machine
from bench.scenarios import SCENARIOS, Bench, Json, Scenario, ceiling, take_floors

COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": float.__ge__,
    "<=": float.__le__,
    "<": float.__lt__,
    ">": float.__gt__,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", nargs="+", choices=sorted(SCENARIOS), metavar="NAME")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--scale", type=float)
    parser.add_argument("--url")
    parser.add_argument("--token", default="")
    parser.add_argument("--pid", type=int)
    parser.add_argument("--driver")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def maker(given: argparse.Namespace) -> Callable[..., Driver]:
    if given.url:
        return lambda *_, **__: Elsewhere(given.url, given.token, given.pid)
    if given.driver:
        module, _, name = given.driver.partition(":")
        made: Callable[..., Driver] = getattr(import_module(module), name)
        return lambda *_, **__: made()
    return Hookhub


def main() -> None:
    given = arguments()
    is_own = not (given.url or given.driver)
    bench = Bench(
        maker(given),
        given.seconds or (1.0 if given.short else 10.0),
        given.scale or (0.01 if given.short else 1.0),
        is_own,
    )
    names = given.only or [
        name
        for name, scenario in SCENARIOS.items()
        if (scenario.is_short or not given.short) and (is_own or not scenario.needs_own)
    ]

    found: Json = {"machine": machine(), "seconds": bench.seconds, "scale": bench.scale}
    say(f"{found['machine']}")
    found["ceiling"] = ceiling(bench)
    say(line("ceiling", found["ceiling"]))
    take_floors(bench)
    found["floors"] = bench.floors
    for name, figures in bench.floors.items():
        say(line(f"floor {name}", figures))

    found["scenarios"] = {}
    for name in names:
        figures = SCENARIOS[name].run(bench)
        figures["wanted"] = judged(SCENARIOS[name], figures)
        found["scenarios"][name] = figures
        say(line(name, figures))
    text = json.dumps(found, default=str)
    if given.json:
        given.json.write_text(text + "\n")
    print(text)


def judged(scenario: Scenario, figures: Json) -> Json:
    """What was wanted → whether it is so; None where it could not be measured."""
    return {
        f"{name} {how} {value:g}": None
        if figures.get(name) is None
        else COMPARE[how](float(figures[name]), float(value))
        for name, how, value in scenario.wanted
    }


def line(name: str, figures: Json) -> str:
    parts = [f"{key}={shown(value)}" for key, value in figures.items() if key != "wanted"]
    marks = {True: "yes", False: "NO", None: "not measured"}
    wanted = [f"{what}: {marks[met]}" for what, met in figures.get("wanted", {}).items()]
    return f"{name:22} " + "  ".join(parts) + ("".join(f"\n{'':22}   {one}" for one in wanted))


def shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def say(text: str) -> None:
    """For people; the JSON alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""Charts as SVG text, drawn by the server: sparklines, bars, lines, areas, and the phases of a try.

Pure functions of numbers. No styles and no scripts: the classes `c-*` and `p*` come from `hub.css`. Each
chart says its finding in its label, each hour its numbers in a `<title>`; the page puts a table of the same
numbers below it.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH = 240.0
"""Units of a plot, stretched to whatever width the page has."""
BASE = 93.0
"""The base line: below it is room for the tick that marks a failure without colour."""

_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


def spark(delivered: Sequence[int], failed: Sequence[int], label: str) -> Markup:
    """One bar an hour, the newest at the right, against the busiest hour; failures at the foot, ticked
    below.
    """
    top = max(1, *(good + bad for good, bad in zip(delivered, failed, strict=True)))
    parts = ['<path class="c-base" d="M0 20.5h97"/>']
    for place, (good, bad) in enumerate(zip(delivered, failed, strict=True)):
        x = place * 4 + 0.5
        bad_height = max(bad / top * 19, 2.0) if bad else 0.0
        good_height = min(max(good / top * 19, 1.0) if good else 0.0, 20 - bad_height)
        if good:
            parts.append(_rect("c-ok", x, 20 - bad_height - good_height, 3, good_height))
        if bad:
            parts.append(_rect("c-bad", x, 20 - bad_height, 3, bad_height) + _rect("c-bad", x, 22, 3, 2))

    shape = 'width="97" height="24" viewBox="0 0 97 24"'
    return Markup(f'<svg role="img" aria-label="{escape(label)}" {shape}>{"".join(parts)}</svg>')  # noqa: S704


def bars(hours: Sequence[str], delivered: Sequence[int], failed: Sequence[int], label: str) -> Markup:
    """Results per hour, stacked, failures at the base. `hours`: the words of each hour, such as `14:00`."""
    top = _rounded_up(max(1, *(good + bad for good, bad in zip(delivered, failed, strict=True))))
    width = WIDTH / len(hours)
    parts = []
    for place, (hour, good, bad) in enumerate(zip(hours, delivered, failed, strict=True)):
        x = place * width
        bad_height = max(bad / top * BASE, 2.0) if bad else 0.0
        good_height = min(good / top * BASE, BASE - bad_height)
        part = _hover(x, width, f"{hour}: {good} delivered, {bad} failed")
        if good:
            part += _rect(
                "c-ok", x + width * 0.12, BASE - bad_height - good_height, width * 0.76, good_height
            )
        if bad:
            part += _rect("c-bad", x + width * 0.12, BASE - bad_height, width * 0.76, bad_height)
            part += _rect("c-bad", x + width * 0.12, 96, width * 0.76, 4)
        parts.append(f"<g>{part}</g>")
    return _plot("".join(parts), label, top, _quarters(hours))


def durations(
    hours: Sequence[str], half_ms: Sequence[float | None], most_ms: Sequence[float | None], label: str
) -> Markup:
    """Time to answer per hour: half within (line), 95 % within (dashed); a gap where nothing answered. An
    hour between two gaps is as wide as itself.
    """
    top = _rounded_up(max((value for value in most_ms if value is not None), default=1))
    width = WIDTH / len(hours)

    def points(values: Sequence[float | None], at: Sequence[tuple[float, int]]) -> str:
        return " ".join(f"{x * width:.1f},{_y(values[place] or 0, top):.1f}" for x, place in at)

    inner = ""
    for run in _runs(half_ms):
        alone = [(run[0] + 0.1, run[0]), (run[0] + 0.9, run[0])]
        at = alone if len(run) == 1 else [(place + 0.5, place) for place in run]
        upper, middle = points(most_ms, at), points(half_ms, at)
        lower = points(half_ms, at[::-1])
        inner += f'<polygon class="c-area" points="{upper} {lower}"/>'
        inner += f'<polyline class="c-dash" points="{upper}"/><polyline class="c-line" points="{middle}"/>'
    for place, half in enumerate(half_ms):
        if half is not None:
            words = f"{hours[place]}: half within {half:g} ms, 95 % within {most_ms[place]:g} ms"
            inner += f"<g>{_hover(place * width, width, words)}</g>"
    return _plot(inner, label, top, _quarters(hours), " ms")


def area(
    values: Sequence[float],
    label: str,
    places: Sequence[str],
    unit: str = "",
) -> Markup:
    """A line over a filled area from 0; `places`: words below it, left to right."""
    highest = _rounded_up(max((1, *values)))
    step = WIDTH / max(1, len(values) - 1)
    line = " ".join(f"{place * step:.1f},{_y(value, highest):.1f}" for place, value in enumerate(values))
    inner = f'<polygon class="c-area" points="0,{BASE:g} {line} {WIDTH:g},{BASE:g}"/>'
    inner += f'<polyline class="c-line" points="{line}"/>'
    return _plot(inner, label, highest, places, unit)


def phases(durations_ms: Sequence[float | None], label: str) -> Markup:
    """The phases of one try as a bar, in order; a phase that took no time has no part."""
    total = sum(value for value in durations_ms if value) or 1
    x = 0.0
    parts = []
    for place, value in enumerate(durations_ms):
        if value:
            width = max(value / total * WIDTH, 1.2)
            parts.append(_rect(f"p{place % 2}", x, 0, max(width - 0.8, 0.6), 12))
            x += width
    shape = f'viewBox="0 0 {max(x - 0.8, 1):.2f} 12" preserveAspectRatio="none"'
    inside = "".join(parts)
    return Markup(f'<svg class="phase" role="img" aria-label="{escape(label)}" {shape}>{inside}</svg>')  # noqa: S704


def _plot(inner: str, label: str, top: float, places: Sequence[str], unit: str = "") -> Markup:
    heights = "".join(f"<span>{_number(value)}{escape(unit)}</span>" for value in (top, top / 2, 0))
    below = "".join(f"<span>{escape(place)}</span>" for place in places)
    grid = '<path class="c-grid" d="M0 .5h240M0 47h240"/>'
    base = '<path class="c-base" d="M0 93.5h240"/>'
    return Markup(  # noqa: S704
        f'<div class="plot"><div class="ys" aria-hidden="true">{heights}</div>'
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 240 100" preserveAspectRatio="none">'
        f'{grid}{inner}{base}</svg><div class="xs" aria-hidden="true">{below}</div></div>'
    )


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"/>'


def _hover(x: float, width: float, words: str) -> str:
    place = f'x="{x:.2f}" y="0" width="{width:.2f}" height="100"'
    return f'<title>{escape(words)}</title><rect fill="none" pointer-events="all" {place}/>'


def _y(value: float, top: float) -> float:
    return BASE - min(value / top, 1.0) * BASE


def _runs(values: Sequence[float | None]) -> list[list[int]]:
    """The places of values that stand side by side, without the gaps."""
    runs: list[list[int]] = [[]]
    for place, value in enumerate(values):
        if value is not None:
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _quarters(hours: Sequence[str]) -> list[str]:
    step = max(1, len(hours) // 4)
    return [*hours[:-1:step][:4], "now"]


def _rounded_up(value: float) -> float:
    """The next number that reads well on an axis: 0 < value ≤ result ≤ 1.34 × value, for values from 1."""
    scale = 1.0
    while value > 10 * scale:
        scale *= 10
    return next(step * scale for step in _STEPS if value <= step * scale)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"

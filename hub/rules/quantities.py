"""Numbers with units as people write them: `10`, `1,000`, `2 MiB`, `5m`, `[5, 60, 300]`.

Owns how such a text becomes a plain number of the unit that is asked for. Pure. MB is a million bytes and MiB
2^20, as IEC 80000-13 has them.
"""

import re

_NUMBER = re.compile(
    r"([+-]?(?:\d+|\d{1,3}(?:[,_ ]\d{3})+|\d+(?:_\d+)+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?) ?([A-Za-z]*)",
    re.ASCII,
)
_SPANS_S = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}
_SIZES = {
    **dict.fromkeys(("b", "byte", "bytes"), 1),
    **{"kb": 1000, "mb": 1000**2, "gb": 1000**3},
    **{"kib": 1024, "mib": 1024**2, "gib": 1024**3},
}
_EXAMPLES = {"seconds": "30, 0.5 or 5m", "days": "7, 0.5 or 12h", "bytes": "1048576, 2 MB or 2 MiB"}
LENGTH_MAX = 40


def read(text: str, unit: str) -> int | float:
    """The number of `unit`s; whole where it is one. Raises: ValueError saying what to write instead."""
    found = _NUMBER.fullmatch(" ".join(text.split())) if len(text) <= LENGTH_MAX else None
    factor = _factor(found[2], unit) if found is not None else None
    try:
        if found is None or factor is None:
            raise ValueError(text)
        digits = re.sub(r"[,_ ]", "", found[1])
        value = int(digits) if re.fullmatch(r"[+-]?\d+", digits) else float(digits)
    except ValueError:
        example = _EXAMPLES.get(unit, "5")
        raise ValueError(f"is {text[:LENGTH_MAX]!r}, which is no number of {unit}: write {example}") from None
    scaled = value * factor
    return int(scaled) if float(scaled).is_integer() else scaled


def split(text: str) -> list[str]:
    """The members of a list: separated by commas, or by blanks where there is no comma; brackets do not
    matter.
    """
    bare = text.strip().removeprefix("[").removesuffix("]").strip()
    if not bare:
        return []
    return [part.strip() for part in bare.split(",")] if "," in bare else bare.split()


def _factor(suffix: str, unit: str) -> float | None:
    """By what a number with this suffix is multiplied; None when the unit has no such suffix."""
    if not suffix:
        return 1
    if unit == "bytes":
        return _SIZES.get(suffix.lower())
    if unit in ("seconds", "days"):
        span_s = _SPANS_S.get(suffix.lower())
        return span_s if span_s is None or unit == "seconds" else span_s / 86_400
    return None

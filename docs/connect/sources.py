"""Writes the pages on how to connect each kind of source, from what the kind itself says.

With `--check` it writes nothing, and fails where a page is not what it would write.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from connectors import registry  # noqa: E402
from connectors.inbound import Source  # noqa: E402

FOLDER = Path(__file__).parent
GENERIC = "generic.md"
SECRET = {
    "hub": "Leave the secret empty: one is made, and shown once.",
    "sender": "Paste its secret, or make the source first and give it the secret as soon as the sender shows"
    " one; until then it refuses everything.",
    "nowhere": "There is no secret.",
}


def pages() -> dict[str, str]:
    """Name of the page → its text."""
    known = [registry.source(key) for key in registry.SOURCES]
    kinds = [kind for kind in known if kind.docs.startswith("connect/")]  # the others have pages by hand
    texts = {Path(kind.docs).name: page(kind) for kind in kinds if Path(kind.docs).name != GENERIC}
    generic = [kind for kind in kinds if Path(kind.docs).name == GENERIC]
    head = (
        "# Connect a sender that the hub does not know\n\n"
        "Each of these proves the sender in another way: take the first one that it can do. Whatever JSON"
        " object it sends is the event's"
        ' data, byte for byte; an array is wrapped as `{"items": …}`, and a form becomes an object of its'
        " fields.\n\n"
    )
    texts[GENERIC] = head + "\n".join(section(kind, "##") for kind in generic) + FOOT
    return texts


FOOT = """
What the sender is answered, how repeats are kept out, and where to look when nothing arrives stands in
[Sources](../sources.md).
"""


def page(kind: Source) -> str:
    return section(kind, "#", f"Connect {kind.name}") + FOOT


def section(kind: Source, mark: str, title: str = "") -> str:
    """One kind, its headings below `mark`."""
    theirs, ours = kind.example
    parts = [
        f"{mark} {title or kind.name}",
        f"{kind.summary} {theirs[:1].upper() + theirs[1:]} becomes `{ours}`.",
        f"{mark}# Set it up",
        numbered(kind),
        f"Or make the source with the API:\n\n{command(kind)}",
    ]
    if kind.settings:
        parts += [f"{mark}# Its settings", settings(kind)]
    parts += [f"{mark}# What proves the sender", kind.proof]
    if not kind.sends_again:
        parts.append(
            f"{kind.name} sends nothing again by itself: what comes while the hub is down or has"
            " no room is lost, unless somebody has it sent anew there."
        )
    if kind.vendor:
        parts.append(f"The vendor's own page: <{kind.vendor}>")
    return "\n\n".join(parts) + "\n"


def numbered(kind: Source) -> str:
    way = f"In the hub, open the project, *Sources*, *New source*, *{kind.name}*."
    first = f"{way} {SECRET[kind.secret_from]} Copy the address."
    steps = [step.format(url="*the source's address*", secret="*its secret*") for step in kind.steps]
    return "\n".join(f"{n}. {step}" for n, step in enumerate([first, *steps], 1))


def command(kind: Source) -> str:
    needed = [
        f'"{setting.key}": "…"' for setting in kind.settings if setting.is_required and not setting.default
    ]
    settings = f', "settings": {{{", ".join(needed)}}}' if needed else ""
    secret = ', "secret": "…"' if kind.secret_from == "sender" else ""
    return (
        '```sh\ncurl -sS https://hub.example/api/v1/sources -H "Authorization: Bearer $TOKEN"'
        " -H 'Content-Type: application/json' \\\n"
        f'  -d \'{{"kind": "{kind.key}"{secret}{settings}}}\'\n```'
    )


def settings(kind: Source) -> str:
    rows = [
        f"| `{one.key}` | {one.label} | {one.help}{choices(one.choices)} | {default(one.default)} |"
        for one in kind.settings
    ]
    return "\n".join(["| setting | on the page | what it is | left out |", "|---|---|---|---|", *rows])


def default(value: str) -> str:
    return f"`{value}`" if value else ""


def choices(values: Sequence[str]) -> str:
    return f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""


def main() -> None:
    for name, text in pages().items():
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            sys.exit(f"docs/connect/{name} is not what its source says: run `make format`.")


if __name__ == "__main__":
    main()

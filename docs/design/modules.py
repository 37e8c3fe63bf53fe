"""Writes `modules.md`: what each module of `hub` and `connectors` is, by the first sentence of its docstring.

With `--check` it writes nothing, and fails where the page is not what it would write.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = Path(__file__).with_name("modules.md")
HEAD = """# The modules

Every module, by the first sentence of its docstring. `make format` writes this page.
"""
LEFT_OUT = ("hub/store/migrations/",)


def sentence(path: Path) -> str:
    """The first one of the module's docstring; empty without a docstring."""
    words = " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0].split())
    return re.split(r"(?<=[.])\s(?=[A-Z`])", words)[0].rstrip(".").replace("|", "\\|")


def text() -> str:
    folders: dict[str, list[str]] = {}
    for root in ("connectors", "hub"):
        for path in sorted((ROOT / root).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if said := "" if name.startswith(LEFT_OUT) else sentence(path):
                folders.setdefault(path.parent.relative_to(ROOT).as_posix(), []).append(
                    f"| [`{path.name}`](../../{name}) | {said} |"
                )
    tables = [
        f"\n## {folder}\n\n| module | what it is |\n|---|---|\n" + "\n".join(rows) + "\n"
        for folder, rows in folders.items()
    ]
    return HEAD + "".join(tables)


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(text())
    elif PAGE.read_text() != text():
        sys.exit("docs/design/modules.md is not what the modules say: run `make format`.")

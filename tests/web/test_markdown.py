"""The Markdown of our documents as HTML: each mark, and nothing of it left in any of them."""

import re
from pathlib import Path

import pytest

from hub.web.markdown import anchor, html_of
from hub.web.pages.guides import title_of

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = sorted([*DOCS.glob("*.md"), *DOCS.glob("connect/*.md")])

PARTS = [
    ("two\nlines & <b>", "<p>two lines &amp; &lt;b&gt;</p>"),
    ("## A `b`, c", '<h2 id="a-b-c">A <code>b</code>, c</h2>'),
    ("- one\n  more\n- two", "<ul> <li>one more</li> <li>two</li> </ul>"),
    ("1. one\n2. two", "<ol> <li>one</li> <li>two</li> </ol>"),
    ("3. three", '<ol start="3"> <li>three</li> </ol>'),
    ("text:\n- one", "<p>text:</p> <ul> <li>one</li> </ul>"),
    ("**a `b*`** and *c*", "<p><strong>a <code>b*</code></strong> and <em>c</em></p>"),
    ("[a](b.md#c) [d](none.md)", '<p><a href="b.md#c">a</a> d</p>'),
    ("<https://a.example/?b&c>", '<p><a href="https://a.example/?b&amp;c" rel="noreferrer">https://a.example/?b&amp;c</a></p>'),
    ("![a picture](a.png)", "<p></p>"),
    ("[`a`](b.md)", '<p><a href="b.md"><code>a</code></a></p>'),
]  # fmt: skip


def link(to: str) -> str:
    return "" if to == "none.md" else to


@pytest.mark.parametrize(("text", "html"), PARTS)
def test_each_mark_becomes_its_element(text: str, html: str) -> None:
    assert " ".join(html_of(text, link).split()) == html


def test_a_table_and_code_are_as_they_are_written() -> None:
    table = html_of("| a | b |\n|---|---|\n| `x \\| y` | <z> |", link)
    assert '<th scope="col">a</th>' in table
    assert "<td><code>x | y</code></td>\n<td>&lt;z&gt;</td>" in table
    code = html_of("```sh\n# no heading\n\n- no *list*\n```\nafter", link)
    assert "# no heading\n\n- no *list*</pre>" in code
    assert code.rstrip().endswith("<p>after</p>")


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_nothing_of_the_marks_is_left_in_any_document(path: Path) -> None:
    text = path.read_text()
    assert title_of(text)
    html = str(html_of(text, link))
    shown = re.sub(r"<pre.*?</pre>|<code>.*?</code>", "", html, flags=re.S)
    assert not re.search(r"`|\*\*|\]\(|^\||<p>[-#] ", shown, re.M), re.findall(
        r".{30}(?:`|\*\*|\]\(|\|---)", shown
    )
    own = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert own <= {anchor(words) for words in re.findall(r"^#+ (.+)$", text, re.M)}

"""HTML: to text, and made safe."""

import time

import pytest

from normalizer.text.html import to_text
from normalizer.text.html_depth import readable
from normalizer.text.html_safe import sanitise


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("one \n  two", "one two"),
        ("中文\n  换行", "中文换行"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<ol><li>one</li><li>two<ul><li>deep</ul></ol>", "1. one\n2. two\n  - deep"),
        ("<table><tr><td>a<td>b<tr><td><td>c</table>", "a | b\nc"),
        ('<a href="https://e.org/x">here</a>', "here <https://e.org/x>"),
        ('<a href="https://e.org/">e.org</a>', "e.org"),
        ('<a href="mailto:a@b.c">a@b.c</a>', "a@b.c"),
        ("<a href='javascript:x'>no</a>", "no"),
        ('<img src=x alt="a cat">', "[a cat]"),
        ("said<blockquote>one<blockquote>two</blockquote></blockquote>after", "said\n\n> one\n>\n>> two\n\nafter"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<title>t</title><style>p{}</style><script>'</p>'</script>body", "body"),
        ("a &amp; b &#x4f60; &nbsp;&unknown; &#99999999999;", "a & b 你 \xa0&unknown; \ufffd"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ("<!-- no --> yes <![CDATA[no]]> <!doctype html>", "yes"),
        ('<a title=">">x</a>', "x"),
        ('<a href="never closed>one</a> two', "one two"),
        ("", ""),
    ],
)
def test_a_page_reads_as_it_looked(markup, text):
    """Paragraphs, lists, tables, links, quotes; what is never shown is not there."""
    assert to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "safe"),
    [
        ("<p onclick=x>a</p>", "<p>a</p>"),
        ("<script>x</script>a", "a"),
        ('<a href="&#x2003;javascript:x">a</a>', '<a rel="noopener noreferrer nofollow">a</a>'),
        ('<img src="https://e.org/x.png">', '<img data-remote-src="https://e.org/x.png">'),
        ('<img src="cid:1@x">', '<img src="cid:1@x">'),
        ('<img src="data:image/svg+xml;base64,AA">', "<img>"),
        ('<p style="color:red;position:fixed">a</p>', '<p style="color:red">a</p>'),
        ('<p style="color:red;background:url(//e.org)">a</p>', "<p>a</p>"),
        ('<p id="x" name="y">a</p>', "<p>a</p>"),
        ("<form action=x><input name=y>a</form>", "a"),
        ("<!-- x -->a", "a"),
        ("<iframe src=x>a</iframe>b", "b"),
    ],
)
def test_a_page_is_safe_to_show(markup, safe):
    """Nothing runs, nothing loads from elsewhere, nothing takes an id of the page around it."""
    assert sanitise(markup) == safe


HOSTILE = {
    "nested": "<div>" * 200_000,
    "unmatched": "<div></span>" * 80_000,
    "carried": "<p>" + "".join(f"<b id={i}>" for i in range(256)) + "<p>x" * 100_000,
    "attributes": "<div " + " ".join(f"a{i}=1" for i in range(100_000)) + ">x",
    "open tags": "<a " * 200_000 + '">',
    "open declarations": "<!" * 200_000,
    "open quotes": "<a '" * 100_000 + "'>" * 100_000,
    "scripts": "<script>" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_that_means_to_stall_does_not(name):
    """Text comes in linear time, and what cannot be sanitised in time is not tried."""
    start = time.process_time()
    to_text(HOSTILE[name])
    sanitise(HOSTILE[name])
    assert time.process_time() - start < 5


def test_deep_pages_are_not_sanitised():
    """The tree builder needs quadratic time for them."""
    assert not readable(HOSTILE["nested"])
    assert readable("<table><tr><td>" * 100)

"""HTML to text that reads as the page did: paragraphs, lists, tables, links and quotes.

One pass over the tags, linear in the input and without a tree: however deep or broken the markup is, the
words come out.
"""

from __future__ import annotations

import html
import re

from normalizer.text.html_page import Page

_BEHIND_NAME = r"(?:[^\"'>]++|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*"
_MARKUP = re.compile(
    rf"<(/?)([a-zA-Z][^\s/>]*)({_BEHIND_NAME})(>|\Z)"  # a tag, with `>` allowed in quoted values
    r"|<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<[!?/][^>]*+>",
    re.DOTALL,
)
_LOOSE_MARKUP = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)([^>]*+)(>)|<[!?/][^>]*+>")
"""For the rest of a page in which a quotation mark is never closed."""
_ATTRIBUTE = r"""(?:^|[\s/"'])%s\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
_HREF = re.compile(_ATTRIBUTE % "href", re.IGNORECASE)
_ALT = re.compile(_ATTRIBUTE % "alt", re.IGNORECASE)
_HUGE_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_RULE = "_" * 32
_MAX_LIST_DEPTH = 20
_MAX_LINK = 2000

_UNSEEN = frozenset(["script", "style", "template", "title"])
_ENDS = {
    name: re.compile(rf"</{name}(?=[\s/>])[^>]*>", re.IGNORECASE)
    for name in (*_UNSEEN, "textarea", "xmp", "noframes", "noembed")
}
"""Elements whose content is no markup, and where they end."""
_BLOCKS = frozenset(
    "address article aside body center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form header html legend main menu nav option section summary tbody tfoot thead tr".split()
)
_PARAGRAPHS = frozenset("h1 h2 h3 h4 h5 h6 p table".split())


def to_text(markup: str) -> str:
    """The text that a reader of `markup` sees.

    List entries begin with `- ` or their number, cells are parted by ` | `, links that do not show their
    address have it behind them in `<>`, quoted lines begin with `> `.
    """
    return _Reader().read(markup)


def unescape(text: str) -> str:
    """Character references resolved; unlike the standard function, huge numbers are no error."""
    return html.unescape(_HUGE_REFERENCE.sub("\ufffd", text)) if "&" in text else text


class _Reader:
    """Follows the tags of one page."""

    def __init__(self) -> None:
        self.page = Page()
        self.links: list[tuple[str, int]] = []
        self.lists: list[int | None] = []

    def read(self, markup: str) -> str:
        """The text of a page."""
        pattern, position, end = _MARKUP, 0, markup.rfind(">") + 1
        while token := pattern.search(markup, position, end):
            if token[2] and not token[4]:
                pattern = _LOOSE_MARKUP
                continue
            self.page.write(unescape(markup[position : token.start()]))
            position = token.end()
            name = token[2].lower() if token[2] else ""
            if name in _ENDS and not token[1]:
                position = self.skip(name, markup, position)
            elif name:
                self.tag(name, token[3], closing=bool(token[1]))
        self.page.write(unescape(markup[position:]))
        return self.page.finish()

    def skip(self, name: str, markup: str, position: int) -> int:
        """Pass over an element without markup; return where it ends."""
        end = _ENDS[name].search(markup, position)
        stop, after = end.span() if end else (len(markup), len(markup))
        if name not in _UNSEEN:
            self.page.write(markup[position:stop])
        return after

    def tag(self, name: str, attributes: str, *, closing: bool) -> None:
        """What a tag means to the lines."""
        if name in _BLOCKS or name == "br":
            self.page.end_line(always=name == "br")
        elif name in _PARAGRAPHS:
            self.page.end_paragraph()
        elif name == "a":
            self.link(attributes, closing=closing)
        elif name in ("td", "th") and not closing:
            self.page.end_cell()
        elif name == "img" and (alt := _attribute(_ALT, attributes)):
            self.page.write(f" [{alt}] ")
        elif name == "blockquote":
            self.page.quote(-1 if closing else 1)
        elif name == "hr":
            self.page.end_line()
            self.page.write(_RULE)
            self.page.end_line()
        elif name in ("ul", "ol", "li"):
            self.list_tag(name, closing=closing)
        elif name in ("pre", "listing", "plaintext"):
            self.page.end_paragraph()
            self.page.pre = max(self.page.pre + (-1 if closing else 1), 0)

    def link(self, attributes: str, *, closing: bool) -> None:
        """Behind the words of a link comes its address, unless they are the address."""
        if self.links:
            address, mark = self.links.pop()
            shown = self.page.since(mark)
            if shown and not _shows(shown, address):
                self.page.write(f" <{address}>")
        if not closing and (address := _attribute(_HREF, attributes)) and _is_shown(address):
            self.links.append((address, self.page.position()))

    def list_tag(self, name: str, *, closing: bool) -> None:
        """Begin or end a list or an entry of it."""
        if name == "li":
            self.page.end_line()
            self.page.lead = "" if closing else "  " * (len(self.lists) - 1) + self.bullet()
            return
        if closing:
            del self.lists[-1:]
        elif len(self.lists) < _MAX_LIST_DEPTH:
            self.lists.append(0 if name == "ol" else None)
        if self.lists:
            self.page.end_line()
        else:
            self.page.end_paragraph()

    def bullet(self) -> str:
        """What stands before a list entry."""
        if not self.lists or self.lists[-1] is None:
            return "- "
        self.lists[-1] += 1
        return f"{self.lists[-1]}. "


def _attribute(pattern: re.Pattern[str], attributes: str) -> str:
    """The value of an attribute on one line, or an empty string."""
    found = pattern.search(attributes)
    return " ".join(unescape(found[1] or found[2] or found[3] or "").split()) if found else ""


def _is_shown(address: str) -> bool:
    return address[:8].lower().startswith(("http://", "https://", "mailto:", "tel:")) and len(address) < _MAX_LINK


def _shows(shown: str, address: str) -> bool:
    """Whether the words of a link are its address."""
    bare = _bare(address)
    return bare in _bare(shown) or _bare(shown) == bare.partition("?")[0]


def _bare(address: str) -> str:
    """An address without what may be left out of it when it is written down."""
    for prefix in ("mailto:", "tel:", "https://", "http://", "www."):
        address = address.removeprefix(prefix)
    return address.strip().rstrip("/").lower()

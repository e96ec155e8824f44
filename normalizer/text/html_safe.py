"""HTML that can be shown in a helpdesk's page: nothing runs, nothing loads from elsewhere, nothing escapes.

Allowed is what describes text; everything else goes.  Pictures of other servers are kept as
`data-remote-src`, so that a reader can ask for them; those of the mail itself stay as `cid:`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from normalizer.text.html_depth import readable

if TYPE_CHECKING:
    import nh3

_REMOTE = "\ue0ff"
"""Marks a picture of another server until it has its own attribute; no input keeps this character.  One whose
low byte is rare is looked up at once."""
_SAFE_CSS = re.compile(r"(?:[\w\s#%.,:;!\"'+-]++|(?<=rgb)\([\d\s,.%]*\)|(?<=rgba)\([\d\s,.%]*\))*")
_RASTER = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*\Z", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\s\x00-\x20\x7f-\xa0\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_SCHEME = re.compile(r"([^/?#:]*):")
MAX_USUAL = 200
"""Characters of a style that is remembered once it was looked at."""
_TAGS = frozenset(
    "a abbr acronym address b bdi bdo big blockquote br caption center cite code col colgroup dd del "
    "details dfn div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre "
    "q rp rt ruby s samp small span strike strong sub summary sup table tbody td tfoot th thead time tr "
    "tt u ul var wbr".split()
)
_DROPPED_WITH_CONTENT = frozenset(
    "script style title template noscript noembed noframes iframe frameset object applet svg math select "
    "textarea xmp plaintext audio video".split()
)
_EVERYWHERE = frozenset("align bgcolor color dir height lang style title valign width".split())
_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(_EVERYWHERE),
    "a": {"href"},
    "img": {"src", "alt"},
    "font": {"face", "size"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_CSS = frozenset(
    "background-color border border-bottom border-collapse border-color border-left border-radius "
    "border-right border-spacing border-style border-top border-width color direction display font "
    "font-family font-size font-style font-variant font-weight height letter-spacing line-height "
    "list-style-type margin margin-bottom margin-left margin-right margin-top max-width min-width "
    "padding padding-bottom padding-left padding-right padding-top text-align text-decoration "
    "text-indent text-transform vertical-align white-space width word-break word-spacing word-wrap".split()
)
_LINKED = frozenset("http https mailto tel sms sip xmpp ftp cid mid geo".split())
_SCHEMES = _LINKED | {"data"}


def sanitise(markup: str) -> str | None:
    """`markup` without anything active or loaded from elsewhere; None where it cannot be read in time.

    Elements that only wrap text go and leave it.  A picture of another server becomes
    `<img data-remote-src="…">`.
    """
    if not readable(markup):
        return None
    if _REMOTE in markup:
        markup = markup.replace(_REMOTE, "")
    clean = _cleaner().clean(markup.replace("\x00", ""))
    if _REMOTE in clean:
        clean = clean.replace(f'src="{_REMOTE}', 'data-remote-src="')
    return clean.strip() or None


@cache
def _cleaner() -> nh3.Cleaner:
    import nh3  # noqa: PLC0415 - 6 ms that only mail with HTML costs

    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        filter_style_properties=_CSS,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def _attribute(_tag: str, name: str, value: str) -> str | None:
    """The value that an attribute may have, or None where it must go."""
    if name == "style":
        return value if (_is_usual if len(value) <= MAX_USUAL else _SAFE_CSS.fullmatch)(value) else None
    if name == "src":
        return _source(_INVISIBLE.sub("", value))
    if name == "href":
        scheme = _SCHEME.match(_INVISIBLE.sub("", value))
        return None if scheme and scheme[1].lower() not in _LINKED else value
    return value


@lru_cache(512)
def _is_usual(style: str) -> bool:
    """Whether a style is safe; the same few stand on most elements of a page, and of the next one."""
    return _SAFE_CSS.fullmatch(style) is not None


def _source(url: str) -> str | None:
    if url[:4].lower() == "cid:" or _RASTER.match(url):
        return url
    return f"{_REMOTE}{url}" if url.lower().startswith(("http://", "https://", "//")) else None

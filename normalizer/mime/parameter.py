"""Parameters of Content-Type and Content-Disposition: RFC 2045 section 5.1, RFC 2231, and what is sent instead."""

from __future__ import annotations

import re
from binascii import unhexlify
from functools import lru_cache
from itertools import islice

from normalizer.mime.charset import decode_text, is_utf8
from normalizer.mime.headers import decode

MAX_PARAMETERS = 100
_PARAMETER = re.compile(
    rb"""(?:;|(?<![;\s])\s)\s*+([^\s=;"]{1,200})\s*+=\s*+    # the name
    (?: "((?:[^"\\]++|\\.|\\\Z)*)(?:"|\Z)     # a quoted value
      | ([^;]*) )                             # or a bare one, which may hold blanks although it must not
    """,
    re.VERBOSE | re.DOTALL,
)
_ALONE = -1
"""The number of a section that is the whole value."""
_MAIN = re.compile(rb"\s*([^\s;]*)")
_SECTION = re.compile(r"(.+?)\*(\d{1,3})(\*?)")
_EXTENDED = re.compile(rb"[A-Za-z0-9_-]{2,40}'[A-Za-z-]{0,20}'[^']*%[0-9A-Fa-f]{2}")
"""A value of RFC 2231 whose name lacks the asterisk."""
_HALF_LABEL = re.compile(rb"([A-Za-z]{2,10}[A-Za-z0-9_-]{1,30})'(?=[^']*\Z)")
"""A charset before a single apostrophe, where two belong."""
_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2}){1,999}")
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_ONE_PARAMETER = re.compile(
    rb"""([^\s;"]{0,100})
    (?: ;\s{0,9}([A-Za-z-]{1,20})=(?: "([^"\\?%\x80-\xff]{0,100})" | ([A-Za-z0-9_.:-]{1,100}) ) )?
    ;?""",
    re.VERBOSE,
)


def parse_value(value: bytes, hint: str | None = None) -> tuple[str, dict[str, str]]:
    """The value before the first semicolon, in lower case, and the parameters, decoded, by name in lower case.

    Of a parameter that is there in both forms the extended one (RFC 2231 section 4) counts.  `hint` is the
    charset of raw bytes.
    """
    if not value:
        return "", {}
    return _one_parameter(value) or _many_parameters(value, hint)


def _one_parameter(value: bytes) -> tuple[str, dict[str, str]] | None:
    """What nearly every field has, read at once."""
    plain = _ONE_PARAMETER.fullmatch(value)
    if not plain:
        return None
    name, quoted, bare = plain.group(2, 3, 4)
    content = (quoted or bare or b"").decode("latin-1")
    return plain[1].decode("latin-1").lower(), {name.decode("ascii").lower(): content} if name else {}


def _many_parameters(value: bytes, hint: str | None) -> tuple[str, dict[str, str]]:
    main = _MAIN.match(value)
    assert main is not None
    return main[1].decode("latin-1").lower(), _parameters(value, main.end(), hint)


def _parameters(value: bytes, start: int, hint: str | None) -> dict[str, str]:
    simple: dict[str, bytes] = {}
    sections: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for found in islice(_PARAMETER.finditer(value, start), MAX_PARAMETERS):
        name, quoted, bare = found.groups()
        key, number, extended = _section(name)
        content = bare.strip() if quoted is None else _unescaped(quoted)
        if number is None and not _EXTENDED.match(content):
            simple.setdefault(key, content)
        elif number is None:
            sections.setdefault(key, {}).setdefault(_ALONE, (content, True))
        else:
            sections.setdefault(key, {}).setdefault(number, (content, extended))
    decoded = {key: decode(content, hint) for key, content in simple.items()}
    for key, parts in sections.items():
        if _ALONE in parts:
            decoded[key] = _joined({_ALONE: parts[_ALONE]}, hint)
        elif 0 in parts or key not in decoded:
            decoded[key] = _joined(parts, hint)
    return decoded


@lru_cache(maxsize=256)
def _section(name: bytes) -> tuple[str, int | None, bool]:
    """The parameter that a name means, which section of its value (RFC 2231), and whether that is percent-encoded.

    >>> _section(b"Name"), _section(b"name*"), _section(b"name*1")
    (('name', None, False), ('name', -1, True), ('name', 1, False))
    """
    key = name.decode("latin-1").lower()
    if section := _SECTION.fullmatch(key):
        return section[1], int(section[2]), bool(section[3])
    return (key[:-1], _ALONE, True) if key.endswith("*") else (key, None, False)


def _unescaped(quoted: bytes) -> bytes:
    return _QUOTED_PAIR.sub(rb"\1", quoted) if b"\\" in quoted else quoted


def _joined(sections: dict[int, tuple[bytes, bool]], hint: str | None) -> str:
    """RFC 2231: the sections in order of their numbers, each percent-encoded or not, in the charset of the first.

    Neighbours are joined before they are decoded, because mailers split them inside an escape.
    """
    charset: str | None = None
    pieces: list[bytes] = []
    encoded = b""
    for _, (content, extended) in sorted(sections.items()):
        if not extended:
            pieces += [_unquote(encoded), content]
            encoded = b""
        elif not pieces and not encoded and content.count(b"'") >= 2:
            label, _, encoded = content.split(b"'", 2)
            charset, encoded = label.decode("latin-1") or None, encoded.strip(b'"')
        elif not pieces and not encoded and (half := _HALF_LABEL.match(content)):
            charset, encoded = half[1].decode("latin-1"), content[half.end() :]
        else:
            encoded += content
    pieces.append(_unquote(encoded))
    joined = b"".join(pieces)
    if charset is None and b"=?" in joined:
        return decode(joined, hint)
    return decode_text(joined, charset or (None if is_utf8(joined) else hint))


def _unquote(value: bytes) -> bytes:
    """`value` free of its percent-encoding; what is no escape stays as it is."""
    return _ESCAPES.sub(lambda run: unhexlify(run[0].replace(b"%", b"")), value)

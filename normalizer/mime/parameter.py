"""Parameters of Content-Type and Content-Disposition: RFC 2045 section 5.1, RFC 2231, and what is sent instead."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from normalizer.mime.charset import decode_text
from normalizer.mime.headers import decode

MAX_PARAMETERS = 100
_PARAMETER = re.compile(
    rb"""[;\s]\s*([^\s=;"]{1,200})\s*=\s*    # the name
    (?: "((?:[^"\\]+|\\.)*+)(?:"|\Z)          # a quoted value
      | ([^;]*) )                             # or a bare one, which may hold blanks although it must not
    """,
    re.VERBOSE | re.DOTALL,
)
_MAIN = re.compile(rb"\s*([^\s;]*)")
_SECTION = re.compile(r"(.+?)\*(\d{1,3})(\*?)")
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_ATOM = rb"[A-Za-z0-9!#$&^_.+*-]+"
_PLAIN_TYPE = re.compile(  # what nearly every part has, read at once
    rb"(" + _ATOM + rb"/" + _ATOM + rb")(?:;\s*charset=\"?([A-Za-z0-9_.:-]+)\"?)?;?", re.IGNORECASE
)


def parse_value(value: bytes, hint: str | None = None) -> tuple[str, dict[str, str]]:
    """The value before the first semicolon, in lower case, and the parameters, decoded, by name in lower case.

    Of a parameter that is there in both forms the extended one (RFC 2231 section 4) counts.  `hint` is the
    charset of raw bytes.
    """
    if plain := _PLAIN_TYPE.fullmatch(value):
        charset = {"charset": plain[2].decode("ascii")} if plain[2] else {}
        return plain[1].decode("ascii").lower(), charset
    main = _MAIN.match(value)
    assert main is not None
    return main[1].decode("latin-1").lower(), _parameters(value, main.end(), hint)


def _parameters(value: bytes, start: int, hint: str | None) -> dict[str, str]:
    simple: dict[str, bytes] = {}
    sections: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for count, found in enumerate(_PARAMETER.finditer(value, start)):
        if count == MAX_PARAMETERS:
            break
        key = found[1].decode("latin-1").lower()
        content = found[3].strip() if found[2] is None else _QUOTED_PAIR.sub(rb"\1", found[2])
        if section := _SECTION.fullmatch(key):
            sections.setdefault(section[1], {}).setdefault(int(section[2]), (content, bool(section[3])))
        elif key.endswith("*"):
            sections.setdefault(key[:-1], {}).setdefault(0, (content, True))
        else:
            simple.setdefault(key, content)
    decoded = {key: decode(content, hint) for key, content in simple.items()}
    decoded |= {key: _joined(parts, hint) for key, parts in sections.items()}
    return decoded


def _joined(sections: dict[int, tuple[bytes, bool]], hint: str | None) -> str:
    """RFC 2231: the sections in order of their numbers, each percent-encoded or not, in the charset of the first."""
    charset: str | None = None
    pieces: list[bytes] = []
    for content, extended in (sections[number] for number in sorted(sections)):
        piece = content
        if extended and not pieces and content.count(b"'") >= 2:
            label, _, piece = content.split(b"'", 2)
            charset = label.decode("latin-1") or None
        pieces.append(unquote_to_bytes(piece) if extended else piece)
    joined = b"".join(pieces)
    if charset is None and b"=?" in joined:
        return decode(joined, hint)
    return decode_text(joined, charset or (None if _is_utf8(joined) else hint))


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

"""Header fields: where they are, and what their values say.

RFC 5322 with the obsolete syntax, RFC 2047 encoded words, RFC 6532 raw UTF-8, and raw bytes of other
charsets as older mailers send them.  Every function is linear in its input and none raises.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from normalizer.mime.charset import decode_text
from normalizer.mime.transfer import base64

Fields = dict[str, list[bytes]]

_FIELD = re.compile(rb"^([!-9;-~]{1,200}+)(?:[ \t]|\r?\n[ \t]){0,99}:", re.MULTILINE)
"""How a field begins; what follows is its value, with all lines that do not begin another."""
_WORD = re.compile(rb"=\?([^?\s]{0,60})\?([bBqQ])\?((?s:.*?))\?=")
_BROKEN_ESCAPE = re.compile(rb"=(?:([0-9A-F])[ \r\n]{1,9}([0-9A-F])|[ \r\n]{1,9}([0-9A-F]{2}))")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile(r"[ \t\r\n]+")
_MESSAGE_ID = re.compile(rb"<([^<>]{1,500})>")
_CLOCK = (
    rb"(\d{1,2})\s*[:.]\s*(\d{1,2})(?:\s*[:.]\s*(\d{1,2}))?(?:[.,]\d+)?\s*([AaPp][Mm]\b)?\s*"
    rb"((?:[A-Za-z]{1,5}\s?)?[+-]\d{1,2}:?\d{0,2}|[A-Za-z]{1,5})?"
)
"""Hour, minute, second, half of the day, and zone."""
_DATE = re.compile(
    rb"(?:[A-Za-z]{1,9}\.?,?\s*)?(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*\.?[\s-]+(\d{4}|\d{2})[\s,]+" + _CLOCK
)
_MONTH_FIRST = re.compile(rb"([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(?:(\d{4}|\d{2}),?\s+)?" + _CLOCK + rb"\s*(\d{4})?")
_YEAR_FIRST = re.compile(rb"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T\s]+" + _CLOCK)
_COMMENT = re.compile(rb"\([^()]*\)")
_MONTHS = {name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_ZONES = {
    name: hours
    for hours, names in {
        -10: b"HST", -9: b"AKST", -8: b"PST AKDT", -7: b"MST PDT", -6: b"CST MDT", -5: b"EST CDT", -4: b"EDT",
        1: b"CET MET MEZ WEST BST", 2: b"EET CEST MEST MESZ", 3: b"MSK EEST", 4: b"MSD", 7: b"ICT WIB",
        8: b"HKT SGT AWST", 9: b"JST KST", 10: b"AEST", 11: b"AEDT", 12: b"NZST", 13: b"NZDT",
    }.items()
    for name in names.split()
}  # fmt: skip
"""Names that mean one zone: those of RFC 5322 section 4.3, and others that mail programs write."""
_OFFSET = re.compile(rb"([+-])(\d{1,2}?)(?::?(\d{2}))?\Z")
_MAX_IDS = 50
_SHORT = 1000


def read_fields(head: bytes) -> Fields:
    """The fields of a header block: the values of each name (in lower case), in order and as they stand.

    A line that can be no field continues the one before: mailers break lines and forget to indent.
    """
    fields: Fields = {}
    _, *found = _FIELD.split(head)
    for name, value in zip(found[::2], found[1::2], strict=True):
        fields.setdefault(_key(name), []).append(value)
    return fields


@lru_cache(maxsize=1024)
def _key(name: bytes) -> str:
    return name.decode("ascii").lower()


def unfold(value: bytes) -> bytes:
    r"""A field's value in one line, free of the blanks around it.

    >>> unfold(b" one\r\n two\r\n")
    b'one two'
    """
    value = value.strip(b" \t\r\n")
    if b"\n" not in value:
        return value
    line = value.replace(b"\r\n", b"\n").replace(b"\n ", b" ").replace(b"\n\t", b"\t")
    if b"\n" not in line:
        return line
    line, *stray = line.split(b"\n")
    return b" ".join((line.rstrip(b" \t"), *stray))


def decode(value: bytes, hint: str | None = None) -> str:
    """The text of an unstructured field value: encoded words (RFC 2047) decoded, blanks made one space.

    Neighbouring words of one charset are joined before they are decoded, because mailers split them
    inside a character.  Raw bytes are read as UTF-8, else as `hint`, the charset of the mail's text.
    """
    if b"=?" not in value and b"\x1b" not in value and value.isascii():
        return _clean(b" ".join(value.split()).decode("ascii"))
    if value.isascii():
        hint = None  # it says nothing of this value, which is then remembered for all who ask
    return _remembered(value, hint) if len(value) < _SHORT else _decoded(value, hint)


def _decoded(value: bytes, hint: str | None) -> str:
    text = "".join(_words(value, hint)) if b"=?" in value else _raw(value, hint)
    return _clean(_spaced(text))


def _spaced(text: str) -> str:
    """`text` with every run of blanks made one space, and none at its ends."""
    blank = "  " in text or "\t" in text or "\n" in text or "\r" in text
    return (_SPACES.sub(" ", text) if blank else text).strip()


_remembered = lru_cache(maxsize=256)(_decoded)
"""Several steps look at the same few fields of a mail."""


def _clean(text: str) -> str:
    return text if text.isprintable() else _UNSEEN.sub("", text)


def _raw(value: bytes, hint: str | None) -> str:
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    try:
        return value.decode("utf-8") if b"\x1b" not in value else decode_text(value, None)
    except UnicodeDecodeError:
        return decode_text(value, hint)


def _words(value: bytes, hint: str | None) -> list[str]:
    """The pieces of a value with encoded words, in order."""
    pieces: list[str] = []
    run: list[bytes] = []
    charset, position = "", 0
    for word in _WORD.finditer(value, 0, value.rfind(b"?=") + 2):
        label, encoding, text = word.groups()
        between, position = value[position : word.start()], word.end()
        neighbours, before, charset = run and not between.strip(), charset, _charset(label)
        if run and not (neighbours and charset == before):
            pieces.append(decode_text(b"".join(run), before))
            run = []
        if not neighbours:
            pieces.append(_raw(between, hint))
        if encoding in b"bB":
            run.append(base64(text))
        else:
            run.append(a2b_qp(_whole(text) if b" " in text else text.replace(b"\n", b""), header=True))
    if run:
        pieces.append(decode_text(b"".join(run), charset))
    pieces.append(_raw(value[position:], hint))
    return pieces


def _whole(text: bytes) -> bytes:
    """A quoted word without the lines that were broken inside an escape."""
    return _BROKEN_ESCAPE.sub(rb"=\1\2\3", text).replace(b"\n", b"")


def words_charset(value: bytes) -> str | None:
    """The charset of the first encoded word in a value."""
    word = _WORD.search(value, 0, value.rfind(b"?=") + 2)
    return _charset(word[1]) if word else None


@lru_cache(maxsize=64)
def _charset(label: bytes) -> str:
    """The charset of an encoded word, without the language that RFC 2231 section 5 lets follow it."""
    return label.partition(b"*")[0].decode("latin-1").lower()


def ids(value: bytes) -> tuple[str, ...]:
    """The message ids of an In-Reply-To or References field, in order, without their angle brackets.

    Of a longer list the first and the last remain: the origin, and what is nearest.
    """
    if not value:
        return ()
    found = [one.decode("utf-8", "replace") for one in _MESSAGE_ID.findall(value)]
    if not found and value.strip() and b" " not in value.strip():
        found = [value.strip(b"<> \t").decode("utf-8", "replace")[:500]]
    unique = list(dict.fromkeys(filter(None, ("".join(one.split()) for one in found))))
    return tuple(unique[:1] + unique[1 - _MAX_IDS :] if len(unique) > _MAX_IDS else unique)


def date(value: bytes) -> datetime | None:
    """The instant of a Date field in UTC (RFC 5322 section 3.3, obsolete and common wrong forms), or None.

    A time without a zone, or with one that nobody knows, is taken for UTC (section 4.3).
    """
    value = value[:200]
    if b"(" in value:
        value = _COMMENT.sub(b" ", _COMMENT.sub(b" ", value))
    if found := _DATE.search(value):
        day, month, year, *clock = found.groups()
        return _instant(year, _MONTHS.get(month.lower(), 0), day, clock)
    if found := _MONTH_FIRST.search(value):
        month, day, year, *clock, after = found.groups()
        return _instant(year or after or b"0000", _MONTHS.get(month.lower(), 0), day, clock)
    if found := _YEAR_FIRST.search(value):
        year, number, day, *clock = found.groups()
        return _instant(year, int(number), day, clock)
    return None


def _instant(year: bytes, month: int, day: bytes, clock: Sequence[bytes | None]) -> datetime | None:
    """The moment that these parts name, None where there is none; a leap second is the one before it."""
    hour, minute, second, half, zone = clock
    assert hour
    assert minute
    hours = int(hour) if half is None else int(hour) % 12 + 12 * (half in (b"PM", b"pm", b"Pm"))
    try:
        local = datetime(
            _year(year), month, int(day), hours, int(minute), min(int(second or 0), 59), tzinfo=_zone(zone)
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _year(year: bytes) -> int:
    """Two digits are of this century up to 49 (RFC 5322 section 4.3)."""
    return int(year) + (0 if len(year) == 4 else 2000 if int(year) < 50 else 1900)


@lru_cache(maxsize=256)
def _zone(zone: bytes | None) -> timezone:
    """The zone of an offset, or of a name; `GMT+8` is the offset, `MET-1` the name."""
    found = _OFFSET.search(zone or b"")
    name = (zone or b"")[: found.start() if found else None].strip().upper()
    if found and (found[3] or name not in _ZONES):
        offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(-offset if found[1] == b"-" else offset)
    return timezone(timedelta(hours=_ZONES.get(name, 0)))

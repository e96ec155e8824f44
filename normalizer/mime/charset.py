"""Text out of bytes whose charset was declared wrongly, vaguely or not at all.

The ladder: what was declared, read as the senders' systems mean it (a label of 1990 stands for its
vendor's superset of today) -> UTF-8 where the bytes are -> detection -> replacement.  Nothing here raises.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from encodings.aliases import aliases
from functools import lru_cache

from normalizer.mime import iso2022jp

_DETECTED_BYTES = 64 * 1024
_TOLERATED_ERRORS = 0.02
"""Characters of a declared multibyte charset that may be broken before the declaration is disbelieved."""

_NOT_TEXT = frozenset(
    "base64_codec bz2_codec hex_codec idna mbcs punycode quopri_codec rot_13 uu_codec zlib_codec".split()
)
_UNLISTED = frozenset("cp1006 cp720 cp737 cp856 cp874 koi8_t koi8_u utf_8_sig".split())
_KNOWN = frozenset(aliases.values()) - _NOT_TEXT | _UNLISTED
"""Python's codecs for text, by module: a label from a mail never reaches the codec registry unchecked."""

_MEANT = {
    "ascii": "ascii",
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "utf_8_sig": "utf_8",
    "iso8859_8_i": "cp1255",
    "iso8859_8_e": "cp1255",
    "iso8859_8": "cp1255",
    "iso8859_6_i": "iso8859_6",
    "iso8859_6_e": "iso8859_6",
    # labels that Python does not know
    "iso_gb2312": "gb18030",
    "gb": "gb18030",
    "gb_2312_80": "gb18030",
    "csgb2312": "gb18030",
    "gb18030_2000": "gb18030",
    "euc_cn": "gb18030",
    "euc_tw": "big5hkscs",
    "cn_big5": "big5hkscs",
    "cn_gb": "gb18030",
    "hz_gb_2312": "hz",
    "ks_c_5601": "cp949",
    "ks_c_5601_1987": "cp949",
    "ks_c_5601_1989": "cp949",
    "ksc5601": "cp949",
    "ks_x_1001": "cp949",
    "korean": "cp949",
    "uhc": "cp949",
    "sjis": "cp932",
    "sjis_win": "cp932",
    "ms_kanji": "cp932",
    "windows_31j": "cp932",
    "cswindows31j": "cp932",
    "eucjp_ms": "euc_jis_2004",
    "eucjp_win": "euc_jis_2004",
    "cp51932": "euc_jis_2004",
    "euc_jp": "euc_jis_2004",
    "iso_2022_jp_ms": "iso2022_jp",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp50222": "iso2022_jp",
    "iso2022_jp_1": "iso2022_jp",
    "cp20866": "koi8_r",
    "cp21866": "koi8_u",
    "koi8": "koi8_r",
    "koi8_ru": "koi8_u",
    "cp28591": "cp1252",
    "cp28592": "iso8859_2",
    "cp28605": "iso8859_15",
    "cp65000": "utf_7",
    "cp65001": "utf_8",
    "cp936": "gb18030",
    "cp54936": "gb18030",
    "cp1200": "utf_16_le",
    "cp1201": "utf_16_be",
    "cp20127": "ascii",
    "unicode_1_1_utf_7": "utf_7",
    "unicode_2_0_utf_7": "utf_7",
    "csunicode11utf7": "utf_7",
    "utf_7_imap": "utf_7",
    "unicode_1_1_utf_8": "utf_8",
    "unicode_2_0_utf_8": "utf_8",
    "x_utf_8": "utf_8",
    "utf8mb4": "utf_8",
    "unicode": "utf_16",
    "ucs_2": "utf_16",
    "iso_10646_ucs_2": "utf_16",
    "iso_10646_ucs_4": "utf_32",
    "macintosh": "mac_roman",
    "mac": "mac_roman",
}
_CODE_PAGE = re.compile(r"(?:microsoft_|x_)?(?:windows|win|cp|ms|msdos|ibm|codepage)_?(\d{3,5})", re.ASCII)
_ISO_8859 = re.compile(r"(?:x_)?iso_?8859_?(\d{1,2})(?:_\d{4}|_i|_e)?", re.ASCII)
_JAPANESE_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\([JI]|\$\([DOPQ])")
_KOREAN_ESCAPE = b"\x1b$)C"
_CHINESE_ESCAPE = b"~{"
_BOMS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32_le"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)
_MARKS = tuple(mark for mark, _ in _BOMS)
_WESTERN = frozenset({"cp1252", "iso8859_15", "mac_roman"})
_UNLIKE_UTF8 = ("iso8859_", "cp125", "koi8", "mac_roman")
"""Codecs in which hardly a word looks like UTF-8; a text that does is it, whatever is declared."""
_ASCII = bytes(range(0x80))
_FEW = 2
_LETTERS = re.compile(r"[^\W\d_]+")
_TELLTALE = dict.fromkeys(
    ("gb18030", "big5hkscs", "cp949", "cp932", "euc_jis_2004", "johab"), re.compile(rb"[\xe1-\xef][\x80-\xbf]{2}")
) | {"cp874": re.compile(rb"\xe0[\xb8\xb9]")}
"""Of codecs in which a word can look like UTF-8, what stands in UTF-8 alone."""
_MENDED = frozenset({"utf_8", "cp1258"})
_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]")
_MAY_BE_UTF8 = re.compile(rb"[\x00-\x7f]*+[\xc2-\xf4][\x80-\xbf]")
_VAGUE = _WESTERN | {"ascii", "utf_8"}
"""What is named out of habit."""
_LADDERS = {
    "cp932": ("shift_jis", "cp932", "shift_jis_2004"),
    "euc_jis_2004": ("euc_jp", "euc_jis_2004"),
    "big5hkscs": ("big5hkscs", "cp950"),
}


_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BEYOND_ASCII = bytes(range(0x80, 0x100))
_EXCHANGED = bytes(c ^ 0x20 if c >= 0xC0 else c for c in range(256))
_OF_TWO_CASES = frozenset({"cp1251", "koi8_r", "koi8_u"})
_SMALL = bytes(c + 32 if c in _CAPITALS or (0xC0 <= c <= 0xDE and c != 0xD7) else c for c in range(256))


@lru_cache(maxsize=512)
def codec(label: str) -> str | None:
    """The Python codec that a charset label means in practice, or None where it means nothing.

    >>> codec("GB2312"), codec("ks_c_5601-1987"), codec("x-unknown")
    ('gb18030', 'cp949', None)
    """
    name = re.sub(r"[^a-z0-9]+", "_", label[:60].partition("(")[0].lower()).strip("_")
    if found := _CODE_PAGE.fullmatch(name):
        name = f"cp{found[1]}"
    elif found := _ISO_8859.fullmatch(name):
        name = f"iso8859_{found[1]}"
    for candidate in (name, name.removeprefix("x_"), name.removeprefix("cs")):
        python = aliases.get(candidate, candidate)
        meant = _MEANT.get(candidate) or _MEANT.get(python, python)
        if meant in _KNOWN or meant in _MEANT.values():
            return meant
    return None


def decode_text(content: bytes, declared: str | None) -> str:
    """The text of `content`, as its sender most probably meant it; never raises.

    `declared` is the charset parameter as it was sent, or None.  A byte order mark goes; line ends stay.
    """
    if content.isascii() and b"\x1b" not in content and not (declared or _CHINESE_ESCAPE in content):
        return content.decode("ascii")
    if content.startswith(_MARKS):
        mark, unicode = next(pair for pair in _BOMS if content.startswith(pair[0]))
        return content[len(mark) :].decode(unicode, "replace")
    name = codec(declared) if declared else None
    text = None if name is None else _as_declared(content, name)
    return _as_found(content, name) if text is None else text


def decode_undeclared(content: bytes, hint: str | None, beside: bytes) -> str:
    """The text of `content`, of which nothing is declared; never raises.

    UTF-8 where it is that; else `hint`, the charset of what stands beside it, where that can be told from
    others; else what both look like together, since a word or two say little.
    """
    name = codec(hint) if hint else None
    if name and name not in _VAGUE and not is_utf8(content):
        text = _strictly(content, name)
        if text is not None:
            return text
    if beside.isascii() or is_utf8(content) or is_utf8(beside):
        return decode_text(content, None)
    return decode_text(content, detect(beside + b"\n" + content))


def _as_declared(content: bytes, name: str) -> str | None:
    """The text if the declaration can be true, else None."""
    if name == "utf_8":
        return _utf8(content)
    if name == "iso2022_jp" or (name == "ascii" and b"\x1b" in content and _JAPANESE_ESCAPE.search(content)):
        return iso2022jp.decode(content)
    if name in ("utf_16", "utf_32"):
        name += "_le" if _little_endian(content) else "_be"
    if name.startswith(_UNLIKE_UTF8) and not content.isascii() and is_utf8(content):
        return _word_or_two(content, name)
    if (tell := _TELLTALE.get(name)) and _MAY_BE_UTF8.match(content) and is_utf8(content) and tell.search(content):
        return None
    text = _strictly(content, name)
    if text is not None or name == "ascii" or is_utf8(content):
        return text
    return _tolerably(_leniently(content, name))


def _word_or_two(content: bytes, name: str) -> str | None:
    """The text of what is UTF-8 as well, if that gives little and the declared codec gives words; else None.

    A letter of UTF-8 read wrongly is a capital and a sign, or a capital inside a word, but there are words that
    are two such letters.
    """
    few = set(content.translate(None, _ASCII).decode("utf-8"))
    if name in _WESTERN or len(few) > _FEW or max(few) >= "\u0800":
        return None
    text = _strictly(content, name)
    beyond = [] if text is None else [word for word in _LETTERS.findall(text) if not word.isascii()]
    signs = text is None or not _LETTERS.sub("", text).isascii()
    return None if signs or not all(map(_is_word, beyond)) else text


def _is_word(letters: str) -> bool:
    """Whether letters are of one script, and capital as those of a word are."""
    scripts = {unicodedata.name(one, "").partition(" ")[0] for one in letters}
    return len(scripts) == 1 and (letters.istitle() or letters.islower() or letters.isupper())


def _utf8(content: bytes) -> str | None:
    """The text if it is UTF-8, with a few errors at most, else None."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        paired = _paired(content) if b"\xed" in content else None
        return _tolerably(content.decode("utf-8", "replace")) if paired is None else paired
    return _mended(content, text, "utf_8") if b"\xc2" in content else text


def _tolerably(text: str) -> str | None:
    """`text` if few of its characters are broken, else None."""
    return text if text.count("\ufffd") <= max(1, _TOLERATED_ERRORS * len(text)) else None


def _as_found(content: bytes, declared: str | None) -> str:
    """The text by what the bytes look like; the declared codec serves where nothing is recognised."""
    if not _has_escapes(content) and (text := _strictly(content, "utf_8")) is not None:
        return text
    if _JAPANESE_ESCAPE.search(content):
        return iso2022jp.decode(content)
    name = detect(content) or declared or "utf_8"
    if name in ("ascii", "utf_8") and not _mostly_utf8(content):
        name = "cp1252"
    text = _strictly(content, name)
    return _leniently(content, name) if text is None else text


def _strictly(content: bytes, name: str) -> str | None:
    """The text if one of the codecs that stand for `name` reads every byte, the standard before its extensions."""
    for candidate in _LADDERS.get(name, (name,)):
        try:
            text = content.decode(candidate)
        except UnicodeDecodeError:
            continue
        return _mended(content, text, candidate) if candidate in _MENDED else text
    return None


def _paired(content: bytes) -> str | None:
    """The text of UTF-8 in which halves of pairs are characters, as programs in Java write it (CESU-8)."""
    try:
        return content.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        return None


def _mended(content: bytes, text: str, name: str) -> str:
    """`text` without what programs that convert it do to it.

    The Vietnamese code page keeps accents apart from their letters.  Characters of Windows that were taken for
    those of Latin-1 are control characters in UTF-8, where nobody means these.
    """
    if name == "cp1258":
        return unicodedata.normalize("NFC", text)
    return text.translate(_CP1252) if b"\xc2" in content and _CONTROLS.search(content) else text


def _leniently(content: bytes, name: str) -> str:
    """The text with U+FFFD for what has no meaning; Windows-1252 gives its gaps the meaning of Latin-1."""
    if name == "cp1252":
        return content.decode("latin-1").translate(_CP1252)
    text = content.decode(_LADDERS.get(name, (name,))[0], "replace")
    return _mended(content, text, name) if name in _MENDED else text


def detect(content: bytes) -> str | None:
    """The codec that a statistical detector believes in, or None; looks at the first 64 KiB.

    Capitals of one Cyrillic codec are the small letters of another, and detectors know words in small letters:
    what is likelier with small and large exchanged is in capitals.
    """
    sample = _in_small_letters(content[:_DETECTED_BYTES])
    name, confidence = _believed(sample)
    if name and name.startswith(_UNLIKE_UTF8):
        other, more = _believed(sample.translate(_EXCHANGED))
        if more > confidence and other in _OF_TWO_CASES:
            return other
    return name


def _believed(content: bytes) -> tuple[str | None, float]:
    """The codec that the detector believes in, and how much.

    Codecs of mainframes, of DOS and of old Macintoshes are left out: nobody mails in them without saying so, and
    what is told apart by a few letters would be taken for them.
    """
    import chardet  # noqa: PLC0415 - 50 ms that only undeclared charsets cost
    from chardet.enums import EncodingEra  # noqa: PLC0415

    eras = EncodingEra.MODERN_WEB | EncodingEra.LEGACY_ISO | EncodingEra.LEGACY_REGIONAL
    found = chardet.detect(content, encoding_era=eras)
    return (codec(found["encoding"]) if found["encoding"] else None), found["confidence"]


def _in_small_letters(content: bytes) -> bytes:
    """A text of Latin capitals in the small letters that detectors know, which stand in the same place behind them."""
    capitals = len(content) - len(content.translate(None, _CAPITALS))
    small = len(content) - len(content.translate(None, _CAPITALS.lower()))
    beyond = len(content) - len(content.translate(None, _BEYOND_ASCII))
    return content.translate(_SMALL) if capitals > 4 * small and capitals > 2 * beyond else content


def _has_escapes(content: bytes) -> bool:
    return content.isascii() and (
        _JAPANESE_ESCAPE.search(content) is not None or _KOREAN_ESCAPE in content or _CHINESE_ESCAPE in content
    )


def is_utf8(content: bytes) -> bool:
    """Whether bytes are UTF-8 as they stand; ASCII is."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(content: bytes) -> bool:
    text = content.decode("utf-8", "replace")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return beyond > 5 * text.count("\ufffd")


def _little_endian(content: bytes) -> bool:
    """UTF-16 without its mark is big-endian by RFC 2781, little-endian by habit: spaces and digits tell."""
    return content[1::2].count(0) >= content[::2].count(0)


_CP1252 = {c: bytes([c]).decode("cp1252", "replace") for c in range(0x80, 0xA0)} | {
    c: chr(c) for c in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}

"""The words of a compressed RTF, the body of many a winmail.dat: MS-OXRTFCP, MS-OXRTFEX.

What Outlook made out of a page is the page again; of any other RTF the text is left.  Takes time linear in the
size of the RTF, which is bounded.
"""

from __future__ import annotations

import html
import re
from struct import Struct as Layout
from typing import NamedTuple

from normalizer.mime.charset import codec, decode_text

MAX_SIZE = 1024 * 1024
"""Bytes of RTF that are read."""
_HEAD = Layout("<IIII")
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,9})?[ ]?"  # 1, 2: a control word and its number
    rb"|\\'([0-9a-fA-F]{2})"  # 3: a byte of a character
    rb"|\\([^a-zA-Z])"  # 4: a control symbol
    rb"|([{}])"  # 5: the edge of a group
    rb"|([^\\{}\r\n]+)",  # 6: text
    re.DOTALL,
)
_SAID = {
    "par": "\n", "line": "\n", "row": "\n", "sect": "\n", "page": "\n", "tab": "\t", "cell": "\t", "lquote": "‘",
    "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•", "endash": "–", "emdash": "—",
}  # fmt: skip
_SYMBOLS = {b"~": "\xa0", b"_": "-", b"\n": "\n", b"\r": "\n", b"\\": "\\", b"{": "{", b"}": "}"}
_UNSEEN = frozenset(
    "colortbl stylesheet info pict header footer headerl headerr footerl footerr objdata themedata listtable "
    "listoverridetable rsidtbl filetbl revtbl fldinst sp".split()
)
_SEEN = "shpinst"
"""What holds the words of a drawn box, although it is marked as nothing for readers that do not know it."""
_CHARSETS = {
    128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip


def decompress(content: bytes) -> bytes:
    """RTF out of the form in which Outlook stores it; what is damaged gives what it has."""
    if len(content) < _HEAD.size:
        return b""
    _, size, kind, _ = _HEAD.unpack_from(content)
    size = min(size, MAX_SIZE)
    if kind == _STORED:
        return content[_HEAD.size : _HEAD.size + size]
    return _inflated(content, size) if kind == _COMPRESSED else b""


def _inflated(content: bytes, size: int) -> bytes:
    """The bytes that runs of literals and of references to what stood before them mean."""
    out = bytearray(_DICTIONARY)
    end = len(out) + size
    position = _HEAD.size
    while position < len(content) and len(out) < end:
        flags, position = content[position], position + 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += content[position : position + 1]
                position += 1
                continue
            token, position = int.from_bytes(content[position : position + 2]), position + 2
            back = (len(out) - (token >> 4)) % _WINDOW
            if not back or position > len(content):
                return bytes(out[len(_DICTIONARY) : end])
            for _ in range((token & 15) + 2):
                out.append(out[-back] if back <= len(out) else 0)
    return bytes(out[len(_DICTIONARY) : end])


def read(rtf: bytes) -> tuple[str, str]:
    """The text and the page in an RTF, of which one is empty."""
    if not rtf.startswith(b"{\\rtf"):
        return "", ""
    reader = _Reader(is_page=b"\\fromhtml" in rtf[:200])
    said = reader.read(rtf[:MAX_SIZE])
    said = said.strip("\0\n")
    return ("", said) if reader.is_page else (said, "")


class _State(NamedTuple):
    """What holds to the end of a group."""

    unseen: bool = False
    """Whether nothing in it is shown."""
    tag: bool = False
    """Whether it holds the source of a page."""
    twin: bool = False
    """Whether it says again in RTF what the page says."""
    fonts: bool = False
    """Whether it is the table of fonts."""
    fallback: int = 1
    """How many characters stand in for one that is given by its number."""
    charset: str | None = None


class _Reader:
    """Follows the control words of one RTF."""

    def __init__(self, *, is_page: bool) -> None:
        self.is_page = is_page
        self.said: list[str] = []
        self.state = _State()
        self.groups: list[_State] = []
        self.fonts: dict[int, str] = {}
        self.font = 0
        self.code_page = "cp1252"
        self.bytes = bytearray()
        self.skip = 0
        self.starred = False

    def read(self, rtf: bytes) -> str:
        """All that is shown."""
        position = 0
        while token := _TOKEN.search(rtf, position):
            position = token.end()
            word, number, code, symbol, edge, text = token.groups()
            if code:
                self.byte(int(code, 16))
            elif text:
                self.text(text)
            elif edge:
                self.edge(edge)
            elif symbol:
                self.symbol(symbol)
            elif word == b"bin":
                position += max(int(number or 0), 0)
            else:
                self.word(word.decode("ascii"), None if number is None else int(number))
        self.flush()
        return "".join(self.said).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def say(self, text: str) -> None:
        """Add what is shown; in a page, words that are no source are escaped."""
        self.flush()
        if self.state.unseen or self.state.twin or self.state.fonts:
            return
        self.said.append(text if self.state.tag or not self.is_page else html.escape(text, quote=False))

    def flush(self) -> None:
        """Say the bytes that were collected, in the charset of their font."""
        if self.bytes:
            content, self.bytes = bytes(self.bytes), bytearray()
            self.say(_decoded(content, self.state.charset or self.code_page))

    def byte(self, code: int) -> None:
        """A byte of a character, unless it stands in for one that was said."""
        if self.skip:
            self.skip -= 1
        else:
            self.bytes.append(code)

    def text(self, text: bytes) -> None:
        """Words; bytes among them belong to characters of the same charset."""
        text, self.skip = text[self.skip :], max(self.skip - len(text), 0)
        if text.isascii() and not self.bytes:
            self.say(text.decode("ascii"))
        else:
            self.bytes += text

    def edge(self, edge: bytes) -> None:
        """Begin or end a group."""
        self.flush()
        self.starred, self.skip = False, 0
        if edge == b"{":
            self.groups.append(self.state)
        elif self.groups:
            self.state = self.groups.pop()

    def symbol(self, symbol: bytes) -> None:
        """A character that is written with a backslash, or what is said of a group."""
        if symbol == b"*":
            self.starred = True
        elif self.skip and symbol not in b"\r\n":
            self.skip -= 1
        elif said := _SYMBOLS.get(symbol):
            self.say(said)

    def word(self, word: str, number: int | None) -> None:
        """What a control word means."""
        self.flush()
        starred, self.starred, self.skip = self.starred, False, 0
        if word == "u" and number is not None:
            self.say(_character(number))
            self.skip = self.state.fallback
        elif said := _SAID.get(word):
            self.say("\r\n" if self.state.tag and said == "\n" else said)
        elif word == "htmltag":
            self.state = self.state._replace(tag=True, twin=False)
        elif word == "htmlrtf":
            self.state = self.state._replace(twin=self.is_page and number != 0)
        elif word == "uc":
            self.state = self.state._replace(fallback=min(max(number or 0, 0), 8))
        elif word == "ansicpg":
            self.code_page = codec(f"cp{number}") or self.code_page
        elif word == "fonttbl":
            self.state = self.state._replace(fonts=True)
        elif word in ("f", "fcharset"):
            self.choose(word, number or 0)
        elif word in _UNSEEN or (starred and word != _SEEN):
            self.state = self.state._replace(unseen=True)

    def choose(self, word: str, number: int) -> None:
        """A font, or in the table of fonts what is said of it."""
        if word == "f":
            self.font = number
        if not self.state.fonts and word == "f":
            self.state = self.state._replace(charset=self.fonts.get(number))
        elif self.state.fonts and number in _CHARSETS and word == "fcharset":
            self.fonts[self.font] = _CHARSETS[number]


def _decoded(content: bytes, charset: str) -> str:
    """The text of a few bytes; there can be so many of these that none is looked at to find another charset."""
    try:
        content.decode(charset)
    except UnicodeDecodeError:
        return content.decode(charset, "replace")
    return decode_text(content, charset)


def _character(number: int) -> str:
    """The character of a signed number; halves of a pair are put together when all is read."""
    return chr(number % 0x10000)

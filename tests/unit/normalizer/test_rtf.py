"""The body of a winmail.dat that is RTF and nothing else."""

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.mime.rtf import MAX_SIZE, decompress, read
from tests.unit.normalizer.test_tnef import attribute, properties, winmail
from tests.unit.normalizer.understood import multipart, understand

STORED, COMPRESSED = 0x414C454D, 0x75465A4C


def stored(rtf: bytes) -> bytes:
    """RTF as Outlook stores it where it does not compress it."""
    return struct.pack("<IIII", len(rtf) + 12, len(rtf), STORED, 0) + rtf


def text(rtf: str) -> str:
    """The text in the body of an RTF."""
    return read(rb"{\rtf1\ansi\ansicpg1252" + rtf.encode("latin-1") + b"}")[0]


@pytest.mark.parametrize(
    ("rtf", "said"),
    [
        (r"{\fonttbl{\f0\fswiss Arial;}}\f0 Hello,\par I cannot\line log in.\par", "Hello,\nI cannot\nlog in."),
        (r"{\*\generator Riched20;}{\colortbl;\red0;}{\info{\title x}}a", "a"),
        (r"caf\'e9 \{au\} lait\~\\", "café {au} lait\xa0\\"),
        (r"\u20320?\u22909?", "你好"),
        (r"{\uc2\u20320\'c4\'e3}b", "你b"),
        (r"\u-10179?\u-8704?", "😀"),
        (r"{\fonttbl{\f1\fnil\fcharset134 SimSun;}}\f1\'c4\'e3\'ba\'c3\f0  caf\'e9", "你好 café"),
        (r"{\fonttbl{\f1\fcharset128 M;}}{\f1\'83e\'83X\'83g}", "テスト"),
        (r"\ldblquote a\rdblquote\emdash b\tab c", "“a”—b\tc"),
        (r"{\field{\*\fldinst HYPERLINK x}{\fldrslt here}}", "here"),
        ("a\\bin3 {}}b", "ab"),
        (r"{\object\objemb{\*\objclass x}{\*\objdata 0105}{\result my words\par}}", "my words"),
        (r"{\shp{\*\shpinst\shpleft0{\sp{\sn shapeType}{\sv 202}}{\shptxt box words}}}", "box words"),
        (r"a\u8217\par tail", "a’\ntail"),
        (r"a\u8209\_tail", "a‑tail"),
        (r"{\ansicpg9999 caf\'e9}", "café"),
        (r"\u", ""),
        ("}}}{{{a", "a"),
    ],
)
def test_the_words_of_an_rtf_are_read(rtf, said):
    """Paragraphs, characters of any charset, and nothing of what is not shown."""
    assert text(rtf) == said


def test_a_page_is_the_page_again():
    """Outlook keeps the source of a page in groups, beside the same in RTF."""
    rtf = (
        rb"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p title=\'22\{\}\'22>}\htmlrtf \par {\b \htmlrtf0 1 < 2 \'e9"
        rb"\htmlrtf }\htmlrtf0{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0{\*\mhtmltag84 x}{\*\htmltag72 </p>}}"
    )
    assert read(rtf) == ("", '<p title="{}">1 &lt; 2 é&nbsp;</p>')


def test_compressed_rtf_repeats_what_stood_before():
    """Literals, references to the words that every RTF has, and to those just written."""
    begin, again, end = (struct.pack(">H", place << 4 | size - 2) for place, size in ((0, 6), (214, 4), (221, 2)))
    run = b"\x51" + begin + b" ab" + again + b"}" + end
    assert decompress(struct.pack("<IIII", 0, 100, COMPRESSED, 0) + run) == b"{\\rtf1 ababab}"
    assert decompress(struct.pack("<IIII", 0, 9, COMPRESSED, 0) + run) == b"{\\rtf1 ab"
    assert decompress(run) == b""


def test_words_that_are_only_in_the_rtf_are_the_text():
    """A mail whose body Outlook packed away is not empty."""
    rtf = stored(rb"{\rtf1\ansi I cannot log in.\par}")
    part = b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"
    body = winmail(attribute(1, 0x00069003, properties((0x102, 0x1009, rtf))))
    assert understand(multipart("mixed", part + body)).message.text == "I cannot log in."


@given(st.binary())
def test_nothing_raises(content):
    """Whatever the bytes are."""
    decompress(struct.pack("<IIII", 0, 5000, COMPRESSED, 0) + content)
    read(b"{\\rtf1" + content)
    read(b"{\\rtf1\\fromhtml1" + content)


@pytest.mark.parametrize("fill", [b"{", b"\\u1", b"\\'e9", b"{\\htmltag ", b"\\bin9 ", b"\\'81\\'81\\b "])
def test_reading_takes_bounded_time(fill):
    """However long and deep it is."""
    start = time.thread_time()
    read(b"{\\rtf1\\fromhtml1" + fill * 1_000_000)
    read(b"{\\rtf1\\ansicpg9999 " + fill * 1_000_000)
    decompress(struct.pack("<IIII", 0, 2**31, COMPRESSED, 0) + b"\xff" * (4 * MAX_SIZE))
    assert time.thread_time() - start < 5


@pytest.mark.parametrize(("empty", "words"), [(2, "I cannot log in."), (3, "")])
def test_the_first_few_packed_bodies_are_looked_into(empty, words):
    """A mail may bring many, and each takes time."""
    head = b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"
    bodies = [stored(rb"{\rtf1}")] * empty + [stored(rb"{\rtf1 I cannot log in.}")]
    parts = [head + winmail(attribute(1, 0x00069003, properties((0x102, 0x1009, one)))) for one in bodies]
    assert understand(multipart("mixed", *parts)).message.text == words

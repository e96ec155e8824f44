"""Transfer encodings, whole and damaged."""

import pytest

from normalizer.mime.transfer import decode_transfer, encoding, is_prose
from normalizer.mime.uu import cut_out


@pytest.mark.parametrize(
    ("content", "decoded"),
    [
        (b"aGVs\r\nbG8=\r\n", b"hello"),
        (b"aGVsbG8", b"hello"),
        (b"aGVs*bG8=", b"hello"),
        (b"aGVsbG8=\n\n-- \nthe list's footer", b"hello"),
        (b"aGVsbG8= more", b"hello"),
        (b"aGVsbG8=\naGVsbG8=", b"hellohello"),
        (b"aGVsbG8h!", b"hello!"),
        (b"aGVsb", b"hel"),
        (b"====", b""),
        (b"", b""),
    ],
)
def test_base64_gives_what_it_has(content, decoded):
    """Missing padding, foreign characters, several ends and text behind them are no obstacle."""
    assert decode_transfer(content, "base64") == decoded


@pytest.mark.parametrize(
    ("content", "prose"),
    [
        (b"Hello, I cannot log in.\r\n\r\nThanks\r\nAnn Example\r\n", True),
        ("你好\r\n".encode(), True),
        (b"aGVsbG8=\r\n", False),
        (b"aGVs bG8=\r\naGVsbG8h\r\naGVsbG8h\r\n", False),
        (b"aGVsbG8=\n\n-- \na list's footer\nof several lines\nand words\n", False),
        (b"aGVsbG8= and words", False),
        (b"aGVsbG8\r\n a blank\r\n", False),
        (b"SSBj YW5u b3Qg bG9n IGlu IHRv IG15 IHdh bGxl dA==", False),
        (b"SSBjYW5ub3QgbG9nIGludG8gbXkgd2FsbGV0LiBQbGVhc2UgaGVscCBtZSB0 byBnZXQgaXQgYmFjay4=\r\n", False),
        (b"\xef\xbb\xbfSSBjYW5ub3QgbG9nIGlu", False),
        (b"\xc2\xa0SSBjYW5ub3QgbG9nIGlu", False),
        (b"I cannot log in to my wallet", True),
        (b"My address 0x52908400098527886E0F7030069857D2E4169EE7 is empty", True),
        (b"", False),
    ],
)
def test_words_that_nobody_encoded_are_told_from_base64(content, prose):
    """Some programs declare an encoding and forget to use it; a list's footer is no sign of that."""
    assert is_prose(content) is prose


@pytest.mark.parametrize(
    ("content", "decoded"),
    [
        (b"caf=C3=A9", "café".encode()),
        (b"one=\r\ntwo", b"onetwo"),
        (b"one=  \r\ntwo", b"onetwo"),
        (b"1=2 and =ZZ", b"1=2 and =ZZ"),
        (b"one= \t\ntwo", b"onetwo"),
        (b"a =3D \r\nb= \r\nc", b"a = \r\nbc"),
        (b"=3D \r\nb", b"= \r\nb"),
        (b"=c3=a9", "é".encode()),
        (b"end=", b"end"),
    ],
)
def test_quoted_printable_keeps_what_is_no_escape(content, decoded):
    """RFC 2045 section 6.7, and equals signs that stand for themselves."""
    assert decode_transfer(content, "quoted-printable") == decoded


UU = b"begin 644 cat.txt\n#0V%T\n`\nend\n"


def test_uuencode_is_decoded():
    """The transfer encoding of before MIME."""
    assert decode_transfer(UU, "uuencode") == b"Cat"


def test_a_file_in_the_middle_of_a_text_is_cut_out():
    """The text loses the file, and nothing else."""
    text, files = cut_out(b"before\n" + UU + b"after\n")
    assert (text, [(file.name, file.content) for file in files]) == (b"before\nafter\n", [(b"cat.txt", b"Cat")])


def test_a_file_without_a_name_is_cut_out():
    """Its first line is as long as the first line of a file is."""
    line = b"M" + b"0V%T" * 15 + b"\n"
    text, files = cut_out(b"begin 644 \n" + line + b"`\nend\n")
    assert (text, [(file.name, file.content) for file in files]) == (b"", [(b"", b"Cat" * 15)])


def test_a_sentence_that_begins_with_begin_is_text():
    """Only a file is a file."""
    text = b"begin 644 steps from here\nand then turn left\n"
    assert cut_out(text) == (text, [])


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"Base64", "base64"),
        (b" quoted-printable (sort of)", "quoted-printable"),
        (b"x-uuencode", "uuencode"),
        (b"8bit", None),
        (b"7-bit", None),
        (b"", None),
    ],
)
def test_encodings_are_known_by_any_spelling(value, name):
    """What cannot be told is none."""
    assert encoding(value) == name

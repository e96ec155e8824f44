"""Structure: what is a part of what, however badly it is written."""

import pytest

from normalizer.mime.parse import MAX_DEPTH, MAX_PARTS, leaves, parse
from tests.unit.normalizer.understood import HEAD, mail, multipart

PLAIN = b"Content-Type: text/plain\r\n\r\n"


def contents(raw: bytes) -> list[bytes]:
    """The contents of all leaves."""
    return [leaf.content for leaf in leaves(parse(raw))]


def test_parts_are_cut_at_their_boundary():
    """The line end before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1)."""
    assert contents(multipart("mixed", PLAIN + b"one\r\n", PLAIN + b"two")) == [b"one\r\n", b"two"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"--edge\n\none\n--edge\n\ntwo", [b"one", b"two"]),
        (b"preamble\n--edge\n\none\n--edge--\nepilogue", [b"one"]),
        (b"--edge  \n\none\n--edge--", [b"one"]),
        (b"--edge\n\none\n--edgewise\ntwo\n--edge--", [b"one\n--edgewise\ntwo"]),
        (b"--edge\n\none\n--edge-->\nepilogue", [b"one"]),
        (b"--edge\n\none\n--edge-- the end\nepilogue", [b"one"]),
        (b"--edge\n\none\n--edge--x\ntwo", [b"one\n--edge--x\ntwo"]),
        (b"--edge\n\none--edge--", [b"one"]),
        (b"--other\n\none\n--other--", [b"one"]),
        (b"----=_other\nContent-Type: text/plain\n\none\n----=_other--", [b"one"]),
        (b"------ drawn ------\nno parts", [b"------ drawn ------\nno parts"]),
        (b"no parts at all", [b"no parts at all"]),
    ],
    ids=[
        "unclosed",
        "preamble and epilogue",
        "padded",
        "longer line",
        "astray behind the end",
        "words behind the end",
        "longer end",
        "glued end",
        "wrong boundary",
        "wrong boundary of dashes",
        "drawn line",
        "no parts",
    ],
)
def test_broken_multiparts_keep_their_words(body, found):
    """A multipart that breaks the rules still gives what was written in it."""
    assert contents(mail("multipart/mixed; boundary=edge", body).replace(b"\r\n", b"\n")) == found


def test_a_multipart_without_boundary_parameter_is_cut_at_its_first_dashes():
    """A missing boundary parameter loses nothing."""
    assert contents(mail("multipart/mixed", b"--x\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--x--\r\n")) == [b"one", b"two"]


def test_a_parameter_without_semicolon_is_found():
    """Some mailers forget the semicolon before the boundary."""
    raw = HEAD + b'Content-Type: multipart/mixed\r\n\tboundary="x"\r\n\r\n--x\r\n\r\none\r\n--x--'
    assert contents(raw) == [b"one"]


@pytest.mark.parametrize("fill", [b"A", b"-", b"A-", b"--edg", b"--edge "], ids=str)
def test_a_delimiter_is_found_at_any_distance(fill):
    """Bodies with dashes and without end where their boundary stands, whatever their length."""
    for size in range(900, 1100):
        body = (fill * size)[:size] + b"."
        assert contents(multipart("mixed", PLAIN + body, PLAIN + b"two")) == [body, b"two"]


def test_a_long_body_may_be_the_last():
    """A part that nothing closes goes to the end."""
    raw = multipart("mixed", PLAIN + b"A" * 5000)
    assert contents(raw[: raw.index(b"\r\n--edge--")]) == [b"A" * 5000]


def test_an_inner_multipart_ends_where_the_outer_says():
    """An unclosed part does not swallow its siblings."""
    inner = b"Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n\r\none"
    assert contents(multipart("mixed", inner, PLAIN + b"two")) == [b"one", b"two"]


def test_delimiters_of_a_part_that_is_over_still_divide():
    """Boundaries used in the wrong order are structure, not text."""
    inner = b"Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\none"
    assert contents(multipart("mixed", inner, b"\r\ntwo\r\n--in\r\n\r\nthree")) == [b"one", b"two", b"three"]


@pytest.mark.parametrize(
    "before", [b"From ann Sun Mar  1 11:00:00 2026\r\n", b"\xef\xbb\xbf", b"\r\n\r\n", b">From x\n"]
)
def test_what_stands_before_the_header_is_passed_over(before):
    """Mbox lines, byte order marks and empty lines are no header."""
    assert parse(before + HEAD + b"\r\nhi").field("subject") == b"Hello"


def test_bare_carriage_returns_end_lines_where_nothing_else_does():
    """A mail of a classic Macintosh is read, also where something added lines of another kind."""
    root = parse((HEAD + b"\r\nhi").replace(b"\r\n", b"\r"))
    assert (root.field("subject"), root.content) == (b"Hello", b"hi")
    root = parse(b"From: a@b.c\rSubject: Hello\n\r1\r\n2\r\n3")
    assert (root.field("subject"), root.content) == (b"Hello", b"1\r\n2\r\n3")


def test_a_bare_carriage_return_in_a_text_stays():
    """Lines that end as they should make it a character like others."""
    assert parse(HEAD + b"\r\na\rb\r\n").content == b"a\rb\r\n"


def test_a_continuation_that_is_not_indented_continues():
    """A header line that can be no field belongs to the one before."""
    assert parse(b"Subject: one\r\ntwo three\r\nTo: x@y.z\r\n\r\n").field("subject") == b"one two three"


@pytest.mark.parametrize(
    ("raw", "subject", "body"),
    [
        (b"Subject: one\r\n \r\nHello,\r\n\r\nmore", b"one", b"Hello,\r\n\r\nmore"),
        (b"Subject: one\n\t \n--edge", b"one", b"--edge"),
        (b"Subject: one\n \n two\n\nbody", b"one  two", b"body"),
        (b"Subject: one\n \nTo: x@y.z\n\nbody", b"one", b"body"),
        (b"Subject: one\nTo: x@y.z\nbody at once", b"one", b"body at once"),
        (b"Subject: one\n", b"one", b""),
        (b"Hello,\n\nI cannot log in.", None, b"Hello,\n\nI cannot log in."),
    ],
    ids=["blank", "tab", "folded", "field", "no line", "no body", "no header"],
)
def test_a_body_begins_where_the_header_can_not_go_on(raw, subject, body):
    """A line of blanks parts them unless the header goes on below it; where no line does, no words are lost."""
    root = parse(raw)
    assert (root.field("subject"), root.content) == (subject, body)


def test_a_part_without_header_and_empty_line_is_text():
    """Programs that put parts together by hand forget the empty line."""
    assert contents(multipart("mixed", b"Hello,\r\n\r\nmore", b"only this")) == [b"Hello,\r\n\r\nmore", b"only this"]


def test_a_message_inside_is_a_child_and_a_content():
    """The message inside a message/rfc822 can be read, and kept as it was sent."""
    inner = HEAD + b"\r\ninside"
    part = parse(multipart("mixed", b"Content-Type: message/rfc822\r\n\r\n" + inner)).children[0]
    assert (part.content, part.children[0].content) == (inner, b"inside")


def test_a_message_inside_may_be_encoded():
    """RFC 2046 forbids it and mailers do it."""
    body = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogYQoKYg=="
    assert parse(multipart("mixed", body)).children[0].children[0].field("subject") == b"a"


def test_a_text_that_is_not_encoded_as_it_says_is_read_as_it_is():
    """Garbage would stand in the place of the customer's words."""
    raw = mail("text/plain", b"Hello, I cannot log in.\r\n", "Content-Transfer-Encoding: base64")
    assert parse(raw).content == b"Hello, I cannot log in.\r\n"


def test_depth_is_bounded():
    """Parts nested deeper than any mailer nests stay as they are."""
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(40_000))
    (leaf,) = leaves(parse(nested))
    assert leaf.defects == ("parts nested too deep",)
    assert nested.count(b"boundary") - leaf.content.count(b"boundary") == MAX_DEPTH + 1


def test_the_number_of_parts_is_bounded_and_nothing_is_lost():
    """What is beyond the bound is in the last part that is read."""
    found = contents(multipart("mixed", *(b"\r\npart %d" % number for number in range(10_000))))
    assert len(found) <= MAX_PARTS
    assert b"part 9999" in found[-1]


@pytest.mark.parametrize(
    "words",
    [
        b"Note: please help\nthe words of mine",
        b"Hello: my wallet: empty",
        b"http://scam.example took my coins\n\nmore",
    ],
)
def test_the_first_words_of_a_part_without_header_are_no_field(words):
    """Some programs forget the empty line above a text, and words may have a colon behind them."""
    assert contents(multipart("mixed", words, b"Content-Type: text/plain\n\ntwo")) == [words, b"two"]
    assert contents(multipart("mixed", b"X-Field: a\n\none")) == [b"one"]

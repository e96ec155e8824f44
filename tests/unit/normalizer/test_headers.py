"""Header fields: words, addresses, dates, ids and parameters."""

import time
import tracemalloc
from datetime import UTC, datetime

import pytest

from model.ticket import Address
from normalizer.mime.address import MAX_ADDRESSES, addresses
from normalizer.mime.head import read_head
from normalizer.mime.headers import date, decode, ids, read_fields, unfold, words_charset
from normalizer.mime.parameter import parse_value


def read(head: bytes) -> dict[str, list[bytes]]:
    """Every field of a header block, unfolded."""
    return {name: [unfold(value) for value in values] for name, values in read_fields(head).items()}


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        (b"Subject: one\r\nTO:two\r\n", {"subject": [b"one"], "to": [b"two"]}),
        (b"Received: a\nSubject: b\nreceived: c\n", {"received": [b"a", b"c"], "subject": [b"b"]}),
        (b"Subject: one\r\n two\r\n\tthree\r\n", {"subject": [b"one two\tthree"]}),
        (b"Subject: one  \r\nstray: no, \r\n", {"subject": [b"one"], "stray": [b"no,"]}),
        (b"Subject: one  \nastray words\n more\nTo: b", {"subject": [b"one astray words more"], "to": [b"b"]}),
        (b"astray\nSubject: one\n", {"subject": [b"one"]}),
        (b"Subject \t: one\nTo\r\n : two\n", {"subject": [b"one"], "to": [b"two"]}),
        (b"Subject:\r\n one\r\n \r\n", {"subject": [b"one"]}),
        (b"Subject: a\n" + b"n" * 201 + b": b\n", {"subject": [b"a " + b"n" * 201 + b": b"]}),
        (b": nameless\n", {}),
        (b"", {}),
    ],
)
def test_fields_are_found_by_name(head, fields):
    """Names in any case, values folded, lines that can be no field, and blanks before the colon."""
    assert read(head) == fields


@pytest.mark.parametrize("line", [b" \n", b"astray\n", b"\t=?u?q?\n"])
def test_a_header_is_read_in_little_more_than_its_size(line: bytes) -> None:
    """A field that is folded a hundred thousand times takes memory by its bytes, not by its lines."""
    head = b"Subject: one\n" + line * 100_000
    tracemalloc.start()
    try:
        assert list(read_fields(head)) == ["subject"]
        assert tracemalloc.get_traced_memory()[1] < 4 * len(head)
    finally:
        tracemalloc.stop()


def test_no_header_is_too_long():
    """Neither lines that continue nor lines that can be no field make a header expensive."""
    head = b"Subject: a\n" + b" \n" * 400_000 + b"b\n" * 400_000 + b"n" * 400_000 + b" " * 400_000 + b"\nTo: c\n"
    fields = read(head)
    assert (list(fields), fields["to"], len(fields["subject"][0])) == (["subject", "to"], [b"c"], 1_200_002)


def test_a_header_that_stands_in_two_mails_is_read_in_the_charset_of_each():
    """What is remembered of a short header holds for mails of one charset."""
    head = b"Content-Disposition: attachment; filename*=%C4%E3%BA%C3.txt\r\n"
    assert [read_head(head, hint).filename for hint in ("gb2312", "koi8-r")] == ["你好.txt", "дЦ╨ц.txt"]


def test_an_address_that_stands_in_two_mails_is_read_in_the_charset_of_each():
    """What is remembered of a short field holds for mails of one charset."""
    value = "发票".encode("gbk") + b" <a@b.c>"
    assert [addresses(value, hint)[0].name for hint in ("gb2312", "koi8-r")] == ["发票", "╥╒ф╠"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?Q?caf=C3=A9?= au lait", "café au lait"),
        (b"=?utf-8?B?5L2g?= =?utf-8?B?5aW9?=", "你好"),
        (b"=?utf-8?B?5L2g5Q==?=\r\n =?utf-8?B?pb0=?=", "你好"),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?utf-8*en?Q?hi?=", "hi"),
        (b"=?utf-8?Q?what??=", "what?"),
        (b"=?utf-8?Q?a b?=", "a b"),
        (b"=?utf-8?Q?caf=C\r\n 3=A9_=\r\n C3=A9?=", "café é"),
        (b"=?nonsense?Q?caf=C3=A9?=", "café"),
        (b"=??Q?caf=C3=A9?=", "café"),
        ("raw 你好".encode(), "raw 你好"),
        (b"=?utf-8?Q?never closed", "=?utf-8?Q?never closed"),
        (b"a\x00b\x07c", "abc"),
    ],
)
def test_words_are_decoded(value, text):
    """RFC 2047 with the mistakes that mailers make, and raw bytes."""
    assert decode(value) == text


def test_raw_bytes_are_read_in_the_charset_of_the_mail():
    """A header of raw GBK is readable where the body names GBK."""
    assert decode("发票".encode("gbk"), "gb2312") == "发票"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"ann@example.org", [("", "ann@example.org")]),
        (b"Ann <Ann@Example.org>", [("Ann", "ann@example.org")]),
        (b'"Smith, Ann" <a@b.c>, Bob <b@b.c>', [("Smith, Ann", "a@b.c"), ("Bob", "b@b.c")]),
        (b"a@b.c (Ann)", [("Ann", "a@b.c")]),
        (b"=?utf-8?Q?a,b?= <a@b.c>", [("a,b", "a@b.c")]),
        (b'"=?utf-8?B?5L2g5aW9?=" <a@b.c>', [("你好", "a@b.c")]),
        (b"Team: a@b.c, b@b.c; c@b.c", [("", "a@b.c"), ("", "b@b.c"), ("", "c@b.c")]),
        (b"undisclosed-recipients:;", []),
        (b"Ann <a@b.c> Bob <b@b.c>", [("Ann", "a@b.c"), ("Bob", "b@b.c")]),
        (b"Ann <a@b.c> <A@b.c>", [("Ann", "a@b.c")]),
        (b"a@b.c b@b.c", [("", "a@b.c"), ("", "b@b.c")]),
        (b"Ann a@b.c Bob b@b.c", [("Ann", "a@b.c"), ("Bob", "b@b.c")]),
        (b"a@b.c\n: astray", [("", "a@b.c"), ("astray", "")]),
        (b"Ann <a@b.c", [("Ann", "a@b.c")]),
        (b"Ann <<a@b.c>>", [("Ann", "a@b.c")]),
        (b"Ann <mailto:a@b.c>, mailto:b@b.c", [("Ann", "a@b.c"), ("", "b@b.c")]),
        (b'"support@wallet.example"@evil.example', [("", "support@wallet.example@evil.example")]),
        (b"=?utf-8?Q?Ann_=3Ca=40b.c=3E?=", [("Ann <a@b.c>", "")]),
        (b'"Ann <a@b.c>', [("Ann", "a@b.c")]),
        (b"Ann Smith", [("Ann Smith", "")]),
        (b"<@route.example:a@b.c>", [("", "a@b.c")]),
        (b"Ann <a(one \\) two)@ b(three).c>", [("Ann", "a@b.c")]),
        (b"Team:a@b.c,b@b.c;", [("", "a@b.c"), ("", "b@b.c")]),
        (b"The Team:Ann <a@b.c>, b@b.c;", [("Ann", "a@b.c"), ("", "b@b.c")]),
        (b"a . b @ c . d", [("", "a.b@c.d")]),
        (b"a(one)@b.c (Ann)", [("Ann", "a@b.c")]),
        (b"<Ann Smith>", [("Ann Smith", "")]),
        (b"a(one(two)three)@b.c", [("one(two)three", "a@b.c")]),
        (b"<>", [("", "")]),
        (b"", []),
    ],
)
def test_addresses_are_read(value, found):
    """RFC 5322 section 3.4 with the mistakes that mailers make."""
    assert addresses(value) == tuple(Address(name=name, address=address) for name, address in found)


@pytest.mark.parametrize(
    "value",
    [
        b"a@evil.example:ceo@bank.example;",
        b"a@evil.example x:ceo@bank.example;",
        b"<a@evil.example> g:<ceo@bank.example>;",
        b"a@evil.example: ceo@bank.example",
        b'"ceo@bank.example" a@evil.example',
        b'"ceo@bank.example" a @ evil.example',
        b'a@evil.example "ceo@bank.example"',
        b'"ceo@bank.example": a@evil.example;',
        b"=?utf-8?q?ceo@bank.example?= a@evil.example",
        b"=?utf-8?q? ceo@bank.example ?= a@evil.example",
    ],
)
def test_nobody_takes_the_place_of_the_first_address(value):
    """Neither the name of a group, nor a quoted string or an encoded word, hides who else is named."""
    assert addresses(value)[0].address == "a@evil.example"


@pytest.mark.parametrize("value", [b'a@bank.example"x"y.evil.example', b'"ceo@bank.example x"@evil.example'])
def test_a_quoted_string_inside_an_address_is_a_part_of_it(value):
    """What stands in quotation marks neither ends a domain nor is one."""
    assert [one.address.endswith("evil.example") for one in addresses(value)] == [True]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"<=?utf-8?q?ceo=40bank.example?=>", "ceo@bank.example"),
        (b"<=?utf-8?q?ceo@bank.example?=>", "ceo@bank.example"),
        (b"=?utf-8?q?ceo@bank.example?=", "ceo@bank.example"),
        (b"=?utf-8?q?:ceo@bank.example:?=", ":ceo@bank.example:"),
        (b"=?utf-8?q?ceo=40bank.example?=@evil.example", "ceo@bank.example@evil.example"),
    ],
)
def test_an_address_in_an_encoded_word_is_a_name(value, name):
    """RFC 2047 section 5: no server has checked it, in angle brackets or without."""
    assert addresses(value) == (Address(name=name),)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"alice@x.com [SMTP:alice@x.com]; bob@y.com", [("", "alice@x.com"), ("", "bob@y.com")]),
        (b"A B [mailto:a@b.c]; [c@d.e]", [("A B", "a@b.c"), ("", "c@d.e")]),
        (b"Team 10:30 <team@x.com>; b@y.com", [("Team 10:30", "team@x.com"), ("", "b@y.com")]),
        ("客服:小王 <a@b.c>; c@d.e".encode(), [("客服:小王", "a@b.c"), ("", "c@d.e")]),
        (b"user@[IPv6:2001:db8::1]; b@c.d", [("", "user@[ipv6:2001:db8::1]"), ("", "b@c.d")]),
        (b"user@[127.0.0.1]", [("", "user@[127.0.0.1]")]),
        (b"http://x.example/; a@b.c", [("http://x.example/", ""), ("", "a@b.c")]),
        (b"Team:a@b.c;Others:c@d.e;", [("", "a@b.c"), ("", "c@d.e")]),
    ],
)
def test_colons_and_brackets_of_a_list_are_read(value, found):
    """Not every colon ends the name of a group, and square brackets are of an address only around a literal."""
    assert addresses(value) == tuple(Address(name=name, address=address) for name, address in found)


@pytest.mark.parametrize(
    ("start", "unit", "end"),
    [
        (b"<", b"(\\", b"@>"),
        (b"@ ", b"a", b""),
        (b"", b"a", b""),
        (b"", b"@", b""),
        (b"@ a", b" . ", b""),
        (b'"@ a', b" ", b'b"'),
        (b"a", b"@[", b""),
        (b"a@[", b":y", b""),
        (b"", b"a:b ", b";"),
        (b"", b'"a@b" ', b"c@d"),
    ],
)
def test_time_is_linear(start, unit, end):
    """Ten times the addresses take about ten times as long, whatever they repeat."""

    def seconds(length: int) -> float:
        value = start + unit * (length // len(unit)) + end
        began = time.process_time()
        addresses(value)
        return time.process_time() - began

    assert seconds(100_000) < 40 * max(seconds(10_000), 0.004)


def test_the_number_of_addresses_is_bounded():
    """A mail to everybody names some of them."""
    assert len(addresses(b", ".join(b"u%d@b.c" % number for number in range(40_000)))) == MAX_ADDRESSES


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (b"Sun, 01 Mar 2026 12:00:00 +0100", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"1 Mar 26 11:00 GMT", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 06:00:00 EST", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 11:00:00 +0000 (UTC)", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", datetime(1997, 11, 21, 15, 55, 6, tzinfo=UTC)),
        (b"2026-03-01T11:00:00Z", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 11:00:60 +0000", datetime(2026, 3, 1, 11, 0, 59, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 19:00:00 +08:00", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 19:00:00 GMT+0800 (CST)", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 19:00:00 UTC+8", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 05:00:00 -600", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 12:00:00 CET", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 12:00:00 MET-1", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, 1 Mar 2026 11:0:0 (a (nested) comment) XYZ", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun 1 Mar 2026 06:00:00 AM EST", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sunday, March 1, 2026 12:00 pm +0100", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun Mar  1 11:00:00 2026", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun Mar 1 12:00:00 +0100 2026", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun, Mar 01 26 11:00:00", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"2026-03-01 19:00:00 +0800", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"2026/3/1 11:00", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (b"Sun Mar 1 11:00:00", None),
        (b"1 Mrz 2026 11:00:00 +0000", None),
        (b"31 Feb 2026 11:00:00 +0000", None),
        (b"1 Jan 0000 00:00:00 +0000", None),
        (b"1 Jan 2026 00:00:00 +9999", None),
        (b"yesterday", None),
    ],
)
def test_dates_are_instants(value, moment):
    """RFC 5322 section 3.3, its obsolete forms and ISO 8601; what is none is None."""
    assert date(value) == moment


def test_ids_are_unique_and_in_order():
    """References may be repeated and badly parted."""
    assert ids(b"<a@x><b@x>, junk <a@x>") == ("a@x", "b@x")


def test_of_many_ids_the_origin_and_the_nearest_remain():
    """A thread of years still joins its conversation."""
    found = ids(b" ".join(b"<%d@x>" % number for number in range(1000)))
    assert (found[0], found[-1], len(found)) == ("0@x", "999@x", 50)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b'attachment; filename="a b.png"', "a b.png"),
        (b"attachment; filename=a b.png", "a b.png"),
        (b'attachment; filename="one; two.png"', "one; two.png"),
        (b"attachment; filename*=utf-8''%E4%BD%A0.png", "你.png"),
        (b"attachment; filename=utf-8''%E4%BD%A0.png", "你.png"),
        (b"attachment; filename*=utf-8''\"%E4%BD%A0.png\"", "你.png"),
        (b"attachment; filename*=utf-8'%E4%BD%A0.png", "你.png"),
        (b"attachment; filename*0=a; filename*=utf-8''b; filename*1=c", "b"),
        (b"attachment; filename=a; filename*1=b", "a"),
        (b"attachment; filename=\"100%25 o''clock.png\"", "100%25 o''clock.png"),
        (b"attachment; filename=x.png; filename*=utf-8''%E4%BD%A0.png", "你.png"),
        (b"attachment; filename*0*=utf-8''%E4%BD; filename*1*=%A0.png", "你.png"),
        (b"attachment; filename*0*=utf-8''%E; filename*1*=4%BD%A0.png", "你.png"),
        (b'attachment; filename*1="b.png"; filename*0="a"', "ab.png"),
        (b'attachment; filename="=?gb2312?B?xOO6ww==?=.png"', "你好.png"),
        ('attachment; filename="发票.png"'.encode("gbk"), "发票.png"),
        (b'attachment; filename="a\\"b.png"', 'a"b.png'),
        (b'attachment; filename="never closed.png', "never closed.png"),
    ],
)
def test_file_names_are_read(value, name):
    """RFC 2045 and RFC 2231 with the mistakes that mailers make."""
    assert parse_value(value, "gbk")[1]["filename"] == name


@pytest.mark.parametrize(
    ("read_value", "value"),
    [
        (words_charset, b"=?a?q?x" * 14_000),
        (parse_value, b"text/plain;" + b" " * 30_000 + b"x"),
        (parse_value, b"text/plain; x" + b" " * 30_000 + b"x"),
        (addresses, b"<" + b" " * 100_000 + b"a@b>" + b"<a@b>" * 20_000),
    ],
    ids=["words without an end", "blanks before a name", "blanks behind a name", "one address again and again"],
)
def test_a_value_takes_linear_time(read_value, value):
    """However it is made."""
    start = time.thread_time()
    read_value(value)
    assert time.thread_time() - start < 0.5

"""The words of IMAP's wire, for every input."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email import imap, imap_wire
from connectors.email.imap import Literal, Part
from connectors.email.imap_wire import arrived, attributes, decode_mailbox, encode_mailbox, fetched, numbers, uid_set


@pytest.mark.parametrize("module", [imap, imap_wire])
def test_the_examples_hold(module) -> None:
    """What the docstrings show is what the functions do."""
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("INBOX", '"INBOX"'),
        ("Entwürfe", '"Entw&APw-rfe"'),
        ("~peter/mail/台北/日本語", '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("😀", '"&2D3eAA-"'),
        ("R&D", '"R&-D"'),
    ],
)
def test_mailbox_names_are_modified_utf_7(name: str, wire: str) -> None:
    """The examples of RFC 3501 section 5.1.3, and what else people call their folders."""
    assert encode_mailbox(name) == wire


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_mailbox_name_survives_the_wire(name: str) -> None:
    """Encoding loses nothing, and needs nothing but printable ASCII."""
    wire = encode_mailbox(name)[1:-1].replace('\\"', '"').replace("\\\\", "\\")

    assert wire.isascii()
    assert wire.isprintable()
    assert decode_mailbox(wire) == name


@given(st.text())
def test_decoding_never_raises(wire: str) -> None:
    """Whatever a server calls a folder can be shown."""
    assert isinstance(decode_mailbox(wire), str)


@given(st.sets(st.integers(1, 400)))
def test_a_sequence_set_names_each_uid_once(uids: set[int]) -> None:
    """What is written as ranges is what was meant."""
    spans = [span.split(":") for span in uid_set(sorted(uids)).split(",") if span]

    assert [uid for span in spans for uid in range(int(span[0]), int(span[-1]) + 1)] == sorted(uids)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1)).map(lambda time: time.replace(microsecond=0)))  # noqa: DTZ001
def test_arrival_is_read_in_utc(time: datetime) -> None:
    """Every INTERNALDATE in UTC is the time that it names."""
    moment = time.replace(tzinfo=UTC)

    assert arrived(moment.strftime("%d-%b-%Y %H:%M:%S +0000").encode()) == moment


@given(st.binary(max_size=60))
def test_nonsense_is_no_time_and_no_numbers(text: bytes) -> None:
    """Nothing that a server says makes the readers of its words raise."""
    assert arrived(text) is None or isinstance(arrived(text), datetime)
    assert isinstance(attributes(text), dict)
    assert isinstance(numbers([text, b"done"]), list)


_PART = st.one_of(
    st.binary(max_size=40),
    st.binary(max_size=20).map(Literal),
    st.sampled_from(
        [b"1 FETCH (UID 1 BODY[] {3}", b"1 FETCH (", b")", b' FLAGS (a "b") UID 2)', b"2 FETCH (UID 2 X NIL)"]
    ),
)


@given(st.lists(_PART, max_size=8))
def test_any_lines_are_read_as_responses_or_left_out(parts: list[Part]) -> None:
    """Reading FETCH responses never raises, and gives no value that is not there."""
    for items in fetched(parts):
        assert all(isinstance(value, bytes | Literal) for value in items.values())

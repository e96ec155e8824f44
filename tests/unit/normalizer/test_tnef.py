"""winmail.dat: files and text that only Outlook reads."""

import struct

import pytest

from normalizer.mime.tnef import SIGNATURE, open_tnef
from tests.unit.normalizer.understood import multipart, understand


def attribute(level: int, name: int, content: bytes) -> bytes:
    """An attribute with its checksum (MS-OXTNEF section 2.1.3.1)."""
    return struct.pack("<BII", level, name, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def properties(*values: tuple[int, int, bytes]) -> bytes:
    """MAPI properties of variable length: type, number, content."""
    written = b"".join(
        struct.pack("<HHII", kind, number, 1, len(content)) + content + b"\0" * (-len(content) % 4)
        for kind, number, content in values
    )
    return struct.pack("<I", len(values)) + written


def winmail(*attributes: bytes) -> bytes:
    """A TNEF stream."""
    return SIGNATURE + b"\x01\x00" + b"".join(attributes)


FILE = (
    attribute(2, 0x00069002, b"\0" * 14),
    attribute(2, 0x00018010, b"REPORT~1.TXT\0"),
    attribute(2, 0x0006800F, b"content"),
    attribute(2, 0x00069005, properties((0x1F, 0x3707, "Bericht über.txt\0".encode("utf-16-le")))),
)


def test_a_file_has_its_long_name():
    """The name of eight and three characters is for others."""
    opened = open_tnef(winmail(*FILE))
    assert opened
    assert [(one.name, one.content) for one in opened.files] == [("Bericht über.txt", b"content")]


def test_the_files_take_the_place_of_the_winmail():
    """An agent sees files, not a container."""
    part = b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    draft = understand(multipart("mixed", b"\r\nhi", part + winmail(*FILE)))
    assert [file.filename for file in draft.files] == ["Bericht über.txt"]


def test_a_damaged_winmail_is_kept_beside_what_was_in_it():
    """What cannot be read whole can be looked at by a person."""
    part = b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"
    draft = understand(multipart("mixed", b"\r\nhi", part + winmail(*FILE)[:-60]))
    assert [file.filename for file in draft.files] == ["winmail.dat", "REPORT~1.TXT"]


def test_text_that_is_only_in_the_winmail_is_the_text():
    """A mail whose body Outlook packed away is not empty."""
    body = attribute(1, 0x00069003, properties((0x1E, 0x1000, b"packed\0")))
    part = b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"
    assert understand(multipart("mixed", part + winmail(body))).message.text == "packed"


def test_files_of_a_message_inside_come_along():
    """An embedded message is opened."""
    inner = b"\x07\x03\x02\x00" + b"\0" * 12 + winmail(*FILE)
    outer = winmail(attribute(2, 0x00069002, b"\0" * 14), attribute(2, 0x00069005, properties((0x0D, 0x3701, inner))))
    opened = open_tnef(outer)
    assert opened
    assert [one.name for one in opened.files] == ["", "Bericht über.txt"]


@pytest.mark.parametrize("end", range(0, len(winmail(*FILE)), 7))
def test_a_cut_winmail_gives_what_it_has(end):
    """At whatever byte it ends."""
    opened = open_tnef(winmail(*FILE)[:end])
    assert opened is None or len(opened.files) <= 1

"""Opaque S/MIME signatures: what they hold is read."""

import time
from base64 import encodebytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.mime.pkcs7 import is_enveloped, is_signed, signed_content
from tests.unit.normalizer.understood import mail, understand

PHRASE = b"abandon ability about absurd access action actor adapt alarm album alley amount\r\n"
ENTITY = b"Content-Type: text/plain\r\n\r\nI cannot log in.\r\n"
SEQUENCE, SET, EXPLICIT, OCTETS = 0x30, 0x31, 0xA0, 0x04


def der(tag: int, *values: bytes) -> bytes:
    """A value of the definite form."""
    content = b"".join(values)
    size = len(content).to_bytes(4)
    return bytes([tag, 0x84]) + size + content


def ber(tag: int, *values: bytes) -> bytes:
    """A value of the indefinite form."""
    return bytes([tag, 0x80]) + b"".join(values) + b"\x00\x00"


def oid(last: int) -> bytes:
    """The object identifier of a kind of content in RFC 5652."""
    return bytes.fromhex("06092a864886f70d0107") + bytes([last])


def signature(*octets: bytes, write=der) -> bytes:
    """A signature around an octet string."""
    algorithms, certificates = der(SET), der(0xA1)
    encapsulated = write(SEQUENCE, oid(1), *(write(EXPLICIT, one) for one in octets))
    return write(
        SEQUENCE, oid(2), write(EXPLICIT, write(SEQUENCE, b"\x02\x01\x01", algorithms, encapsulated, certificates))
    )


def signed_mail(content: bytes, media_type: str = "application/pkcs7-mime; name=smime.p7m") -> bytes:
    """A mail that is nothing but a signature."""
    return mail(media_type, encodebytes(content), "Content-Transfer-Encoding: base64")


@pytest.mark.parametrize(
    "content",
    [
        signature(der(OCTETS, ENTITY)),
        signature(ber(0x24, der(OCTETS, ENTITY[:20]), der(OCTETS, ENTITY[20:])), write=ber),
    ],
    ids=["definite", "indefinite in pieces"],
)
@pytest.mark.parametrize(
    "media_type",
    [
        "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
        'application/octet-stream; name="smime.p7m"',
        "application/pkcs7-signature; name=smime.p7m",
    ],
)
def test_a_signed_mail_is_read_and_its_signature_kept(content, media_type):
    """The words of a customer whose mail program signs are not hidden by it."""
    draft = understand(signed_mail(content, media_type))
    assert draft.message.text == "I cannot log in.\n"
    assert [(file.filename, file.content) for file in draft.files] == [("smime.p7m", content)]


def test_a_signature_around_a_secret_is_not_kept():
    """What stands in clear in a signature is in no file of the ticket, where the text of the mail is without it."""
    draft = understand(signed_mail(signature(der(OCTETS, ENTITY + PHRASE))))

    assert "abandon" not in draft.message.text
    assert not any(b"abandon" in file.content for file in draft.files)
    assert {one.where for one in draft.safety.redacted} == {"text", "attachment"}


@pytest.mark.parametrize("named", ["application/pkcs7-signature", "application/octet-stream; name=smime.p7s"])
def test_a_detached_signature_that_holds_the_words_again_hides_no_secret(named):
    """The words are shown once, and what was taken out of them is not in the signature beside them."""
    encoded = encodebytes(signature(der(OCTETS, ENTITY + PHRASE)))
    draft = understand(
        b"From: a@b.c\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n" + PHRASE + b"\r\n--s\r\n"
        b"Content-Type: " + named.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded + b"--s--\r\n"
    )

    assert draft.message.text == "[seed phrase removed]\n"
    assert not any(b"abandon" in file.content for file in draft.files)


def test_a_signed_document_is_a_file():
    """What is signed may be an invoice and no mail."""
    draft = understand(signed_mail(signature(der(OCTETS, b"%PDF-1.7\n\n")), 'application/pkcs7-mime; name="a.pdf.p7m"'))
    assert (draft.message.text, len(draft.files)) == ("", 1)


@pytest.mark.parametrize(
    ("content", "media_type", "encrypted"),
    [
        (der(SEQUENCE, oid(3)), "application/pkcs7-mime; name=smime.p7m", True),
        (der(SEQUENCE, oid(3)), "application/octet-stream; name=smime.p7m", True),
        (b"damaged", "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", True),
        (signature(), "application/pkcs7-mime; smime-type=certs-only; name=smime.p7c", False),
        (signature(), "application/pkcs7-mime; name=smime.p7c", False),
        (b"damaged", "application/octet-stream; name=smime.p7m", False),
    ],
)
def test_what_is_encrypted_is_told_from_what_is_signed(content, media_type, encrypted):
    """The agent is told that a mail is encrypted only where it is."""
    assert ("encrypted" in understand(signed_mail(content, media_type)).message.text) is encrypted


@given(st.binary() | st.binary().map(signature) | st.binary().map(lambda tail: signature()[:30] + tail))
def test_nothing_raises(content):
    """Whatever the bytes are."""
    assert signed_content(content) is None or is_signed(content)
    assert not (is_signed(content) and is_enveloped(content))


@pytest.mark.parametrize(
    "fill", [b"\x30\x80", b"\x04\x00", b"\x24\x80\x04\x00\x00\x00"], ids=["deep", "many", "pieces"]
)
def test_reading_takes_bounded_time(fill):
    """However many values a signature has, or however deep they are."""
    start = time.thread_time()
    signed_content(signature(ber(0x24, fill * 1_000_000), write=ber))
    assert time.thread_time() - start < 2


def test_no_value_reaches_beyond_the_one_it_is_in():
    """Pieces that overlap would make much of little."""
    count = 2000
    pieces = b"".join(b"\x24\x05\x04\x83" + (7 * (count - 1 - i)).to_bytes(3) for i in range(count))
    assert signed_content(signature(der(0x24, pieces))) is None

"""What holds for every mail, also for those that nobody has thought of."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from normalizer.mime.tnef import SIGNATURE, open_tnef
from normalizer.text.html import to_text
from normalizer.text.html_safe import sanitise
from tests.unit.normalizer.understood import HEAD, understand

FRAGMENTS = [
    b"Content-Type: multipart/mixed; boundary=b\n\n", b"--b\n", b"--b--\n", b"\n\n", b"\r\n", b"\r", b"\x00",
    b"Content-Type: text/html; charset=", b"gb2312", b"utf-7", b"utf-16", b"iso-2022-jp", b"\x1b$B", b"+2AA-",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Type: message/rfc822\n\n", b"=?utf-8?B?", b"?=", b"=E4", b"begin 644 x\n", b"M" + b"A" * 60 + b"\n",
    b"end\n", b"<div>", b"<a href='", b"&#x0;", b"&#99999999;", b"From: ", b"To: ",
    b"Date: Sun, 1 Mar 2026 11:00:00 +0000\n", b"Content-Disposition: attachment; filename*0*=", b"%E4%BD",
    b"Content-Type: application/ms-tnef\n\n", SIGNATURE + b"\x01\x00",
    b"Content-Type: text/calendar\n\nBEGIN:VEVENT\nDTSTART:2026", b"format=flowed", b"> ", b"On x wrote:\n",
    b"\xff\xfe", b"\xed\xa0\x80",
]  # fmt: skip
MAILS = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=20), max_size=40).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(MAILS)
def test_no_bytes_raise_and_the_draft_is_json(raw):
    """Whatever comes, there is a draft, and it can be written down as UTF-8."""
    msgspec.json.encode(understand(raw).message)


@settings(max_examples=100, deadline=None)
@given(MAILS)
def test_the_same_bytes_are_the_same_draft(raw):
    """Nothing but the bytes decides."""
    assert understand(HEAD + raw) == understand(HEAD + raw)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("<>/ab \"'=!-&#x;\n"), max_size=200))
def test_any_markup_has_a_text_and_a_safe_page(markup):
    """Tags may be cut, mixed and quoted in every way."""
    to_text(markup)
    assert "<script" not in (sanitise(markup) or "")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_winmail_is_opened_or_refused(content):
    """Damage ends the reading, and never raises."""
    open_tnef(SIGNATURE + b"\x01\x00" + content)
    assert open_tnef(content) is None or content.startswith(SIGNATURE)


def test_what_fuzzing_found_stays_fixed():
    """A marker of a forward with a line of no field behind it."""
    understand(HEAD + b"\r\n---- Forwarded message ---- nothing here\r\n")

"""The chain: a mail in, a draft out."""

import hashlib
import time
from dataclasses import dataclass

import msgspec
import pytest

from model.draft import Context
from normalizer.fit import MAX_FILES
from normalizer.mime.attachment import file
from normalizer.normalize import normalize
from normalizer.precheck import MAX_BOUNDARIES, MAX_HEADER, MAX_SIZE, MAX_TAGS, suspicious
from normalizer.stub import stub
from tests.unit.normalizer.understood import HEAD, NOW, envelope, mail, multipart, understand

PLAIN = b"Content-Type: text/plain\r\n\r\n"
HTML = b"Content-Type: text/html\r\n\r\n"
EVENT = 512 * 1024


def png(name: str = "a.png", fields: bytes = b"") -> bytes:
    """A part that is a picture."""
    return b'Content-Type: image/png; name="%s"\r\n%s\r\n\x89PNG\r\n\x1a\n' % (name.encode(), fields)


class TestBody:
    """What is text, what is a page, what is a file."""

    def test_text_and_page_of_an_alternative_are_one_message(self):
        """Neither is a file."""
        draft = understand(multipart("alternative", PLAIN + b"one", HTML + b"<b>one</b>"))
        assert (draft.message.text, draft.message.html, draft.files) == ("one", "<b>one</b>", ())

    def test_texts_are_joined_in_order(self):
        """A text below a picture is still text."""
        draft = understand(multipart("mixed", PLAIN + b"one", png(), PLAIN + b"two"))
        assert draft.message.text == "one\ntwo"
        assert [file.filename for file in draft.files] == ["a.png"]

    def test_a_page_alone_is_the_text_too(self):
        """The text is rendered from the page."""
        assert understand(mail("text/html", b"<p>one</p><p>two</p>")).message.text == "one\n\ntwo"

    @pytest.mark.parametrize(
        "fields", [b"Content-Disposition: attachment\r\n", b"Content-Disposition: inline; filename=x.txt\r\n"]
    )
    def test_named_or_attached_text_is_a_file(self, fields):
        """Only unnamed inline text is what was said."""
        draft = understand(multipart("mixed", PLAIN + b"one", b"Content-Type: text/plain\r\n" + fields + b"\r\ntwo"))
        assert (draft.message.text, len(draft.files)) == ("one", 1)

    def test_texts_with_names_are_the_text_where_there_is_no_other(self):
        """Telephones send the words of a message as a file; it is found by its name too."""
        part = b'Content-Type: text/plain; name="text_0.txt"\r\nContent-Disposition: inline\r\n\r\nhello'
        draft = understand(multipart("mixed", png(), part, b"\r\n \r\n"))
        assert (draft.message.text, [file.filename for file in draft.files]) == ("hello", ["a.png", "text_0.txt"])

    @pytest.mark.parametrize(("content", "text"), [(b"hello", "hello"), (b"\x01\x02\xfd", "")])
    def test_a_mail_of_one_part_with_a_name_is_text_if_it_can_be(self, content, text):
        """Programs that name no media type send pictures so too."""
        draft = understand(mail("; name=test", content))
        assert (draft.message.text, len(draft.files)) == (text, 0 if text else 1)

    def test_an_attached_text_is_not_the_text(self):
        """Who attaches a file has nothing to say about it."""
        part = b'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="a.csv"\r\n\r\n1,2'
        assert understand(multipart("mixed", part)).message.text == ""

    def test_a_text_of_another_kind_is_read_where_there_is_no_other(self):
        """Kinds of text that nobody knows are read as plain text (RFC 2046 section 4.1.4)."""
        assert understand(mail("text/enriched", b"<bold>hello</bold>")).message.text == "<bold>hello</bold>"

    def test_flowed_lines_are_joined(self):
        """Lines that were wrapped for the way are one (RFC 3676)."""
        draft = understand(mail("text/plain; format=flowed", b"one \r\ntwo\r\n-- \r\nAnn\r\n"))
        assert draft.message.text.rstrip() == "one two\n-- \nAnn"

    def test_a_message_without_anything_is_a_draft(self):
        """An empty file is a message too."""
        assert understand(b"").message.text == ""

    def test_nul_is_left_out(self):
        """Many databases refuse it, and the ticket with it."""
        assert understand(HEAD + b"\r\na\x00b").message.text == "ab"

    def test_a_calendar_is_told(self):
        """An invitation has a line that a person can read."""
        event = b"METHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Call\\, again\r\nDTSTART:20260301T120000Z\r\n"
        draft = understand(multipart("alternative", PLAIN + b"hi", b"Content-Type: text/calendar\r\n\r\n" + event))
        assert draft.message.text == "hi\n\n[Invitation: Call, again, 2026-03-01 12:00 UTC]"

    def test_an_encrypted_mail_says_so(self):
        """The agent knows why there is nothing to read."""
        parts = [
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
            b"Content-Type: application/octet-stream\r\n\r\nx",
        ]
        draft = understand(multipart("encrypted", *parts))
        assert "encrypted" in draft.message.text
        assert len(draft.files) == 2

    def test_a_signed_mail_is_read_and_its_signature_kept(self):
        """The signature can still be verified."""
        signature = b"Content-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----"
        draft = understand(multipart("signed", PLAIN + b"one", signature))
        assert (draft.message.text, [file.filename for file in draft.files]) == ("one", ["attachment.asc"])


class TestFiles:
    """What comes with a mail."""

    def test_a_file_is_described(self):
        """Name, types, size, digest, inline and Content-ID."""
        fields = b"Content-ID: <1@x>\r\nContent-Transfer-Encoding: base64\r\n"
        page = HTML + b'<img src="cid:1@x">'
        part = b'Content-Type: application/octet-stream; name="../../a.png"\r\n' + fields + b"\r\niVBORw0KGgo="
        (found,) = understand(multipart("related", page, part)).files
        assert (found.filename, found.media_type) == (".._.._a.png", "image/png")
        assert found.declared_media_type == "application/octet-stream"
        assert (found.inline, found.content_id, found.content) == (True, "1@x", b"\x89PNG\r\n\x1a\n")
        assert found.sha256 == hashlib.sha256(found.content).hexdigest()

    @pytest.mark.parametrize(
        ("sent", "safe"),
        [
            ("/etc/passwd", "passwd"),
            ("a/b.txt", "a_b.txt"),
            ("inv\u202egpj.exe", "invgpj.exe"),
            ("con.txt", "_con.txt"),
            ("..", "attachment.bin"),
            ("a" * 300 + ".png", "a" * 116 + ".png"),
            ("tab\tand\nline.txt", "tab and line.txt"),
        ],
    )
    def test_names_are_safe(self, sent, safe):
        """No path, nothing unseen, nothing reserved, not too long."""
        assert file(sent, b"x", "application/octet-stream").filename == safe

    def test_a_program_is_marked(self):
        """Whatever it says it is."""
        draft = understand(multipart("mixed", PLAIN + b"one", b'Content-Type: image/png; name="cat.png.exe"\r\n\r\nx'))
        assert "Caution" in draft.message.text
        assert "Caution" not in draft.message.new_text

    def test_a_message_inside_is_a_file_with_a_name(self):
        """A forwarded mail can be opened."""
        (file,) = understand(
            multipart("mixed", PLAIN + b"see", b"Content-Type: message/rfc822\r\n\r\n" + HEAD + b"\r\nx")
        ).files
        assert (file.filename, file.media_type) == ("Hello.eml", "message/rfc822")

    def test_a_picture_without_a_name_is_named_by_what_it_is(self):
        """A wrong media type makes no wrong name."""
        part = b"Content-Type: image/x-unheard-of\r\n\r\n\x89PNG\r\n\x1a\n"
        assert understand(multipart("mixed", PLAIN + b"see", part)).files[0].filename == "image.png"

    def test_of_very_many_files_the_rest_is_in_the_original(self):
        """A ticket stays small, and nothing is lost."""
        raw = multipart("mixed", PLAIN + b"many", *(png(f"{number}.png") for number in range(600)))
        draft = understand(raw)
        assert len(draft.files) == MAX_FILES + 1
        assert (draft.files[-1].filename, draft.files[-1].content) == ("message.eml", raw)
        assert "600 attachments" in draft.message.text


class TestPeople:
    """Who asks, and who may follow up."""

    def test_the_sender_asks(self):
        """Reply-To is where answers go, not who asks."""
        draft = understand(HEAD + b"Reply-To: bob@example.org\r\n\r\nhi")
        assert [one.value for one in draft.requester.identities] == ["ann@example.org"]
        assert draft.message.reply_to[0].address == "bob@example.org"

    def test_only_senders_may_follow_up(self):
        """A recipient is no participant of a customer's mail."""
        assert understand(HEAD + b"\r\nhi").participants == ("email:ann@example.org",)

    def test_recipients_of_our_own_mail_may_follow_up(self):
        """A mail of ours was sent to those who will answer."""
        draft = understand(
            b"From: help@example.com\r\nTo: ann@example.org\r\n\r\nhi", own_addresses=("help@example.com",)
        )
        assert draft.participants == ("email:help@example.com", "email:ann@example.org")

    def test_a_mail_that_we_forward_is_its_authors(self):
        """Who forwards a customer's mail opens the customer's case."""
        forward = (
            b"---------- Forwarded message ---------\r\nFrom: Ann <ann@example.org>\r\n"
            b"Date: x\r\nSubject: s\r\nTo: x@y.z\r\n\r\nhelp"
        )
        draft = understand(
            b"From: help@example.com\r\nSubject: Fwd: s\r\n\r\n" + forward, own_addresses=("help@example.com",)
        )
        assert draft.requester.identities[0].value == "ann@example.org"

    def test_thread_keys_are_nearest_first(self):
        """The message that is answered comes before its ancestors."""
        draft = understand(HEAD + b"In-Reply-To: <c@x>\r\nReferences: <a@x> <b@x> <c@x>\r\n\r\nhi")
        assert (draft.thread_keys, draft.own_keys) == (("c@x", "b@x", "a@x"), ("1@example.org",))

    @pytest.mark.parametrize(
        ("trusted", "joinable", "dmarc"),
        [(("mx.example.com",), False, "fail"), (("other",), True, None), ((), True, None)],
    )
    def test_only_trusted_results_count(self, trusted, joinable, dmarc):
        """Anybody can write an Authentication-Results field."""
        raw = (
            b"Authentication-Results: mx.example.com; spf=pass (a; b) smtp.mailfrom=x; dmarc=fail\r\n"
            + HEAD
            + b"\r\nhi"
        )
        draft = understand(raw, trusted_authserv=trusted)
        assert (draft.joinable, draft.safety.authentication.dmarc) == (joinable, dmarc)


class TestFingerprint:
    """The same mail is the same wherever it is found."""

    def test_line_ends_and_encodings_do_not_count(self):
        """Servers change them on the way."""
        plain = mail("text/plain; charset=utf-8", "café\r\n".encode())
        encoded = mail("text/plain; charset=utf-8", b"Y2Fmw6kK", "Content-Transfer-Encoding: base64", "Received: later")
        assert understand(plain).fingerprint == understand(encoded).fingerprint

    @pytest.mark.parametrize("other", [b"Date: Mon", b"Message-ID: <2@x>", b"From: Bob"])
    def test_another_mail_is_another(self, other):
        """Date, Message-ID and From tell mails apart."""
        assert understand(HEAD + b"\r\nhi").fingerprint != understand(other + b"\r\n" + HEAD + b"\r\nhi").fingerprint


class TestLimits:
    """An event stays under 512 KiB, and what does not fit is attached."""

    def test_a_long_text_is_cut_and_attached(self):
        """At a marked place, and whole beside."""
        text = "一行文字，很长。\n" * 100_000
        draft = understand(mail("text/plain; charset=utf-8", text.encode()))
        assert draft.files[-1].content.decode().strip() == text.strip()
        assert "[…]" in draft.message.text
        assert len(msgspec.json.encode(draft.message)) < EVENT

    def test_a_text_of_megabytes_is_attached_as_it_came(self):
        """Its beginning is shown, the rest is not even read."""
        text = b"words and words\r\n" * 500_000
        draft = understand(mail("text/plain", text))
        assert [file.content for file in draft.files] == [text]
        assert len(draft.message.text) < 200_000

    def test_a_large_page_is_attached(self):
        """The text stays."""
        page = b"<p>" + b"</p><p>".join(b"<i>%d</i>" % number for number in range(60_000))
        draft = understand(multipart("alternative", PLAIN + b"one", HTML + page))
        assert (draft.message.html, draft.files[-1].filename) == (None, "message.html")

    def test_a_page_that_cannot_be_sanitised_is_attached(self):
        """And its text is read all the same."""
        draft = understand(mail("text/html", b"<div>" * 100_000 + b"words"))
        assert (draft.message.text, draft.message.html, draft.files[0].filename) == ("words", None, "message.html")

    def test_everything_at_once_fits(self):
        """Many addresses, many ids, many names, and long text."""
        people = ", ".join(f'"Имя Фамилия {number}" <u{number}@example.org>' for number in range(5000)).encode()
        head = b"To: " + people + b"\r\nCc: " + people + b"\r\nReferences: " + b"<%b@x> " % (b"i" * 400) * 500 + b"\r\n"
        names = [png("名" * 100 + f"{number}.png", b"Content-ID: <%s>\r\n" % (b"c" * 200)) for number in range(600)]
        raw = head + multipart("mixed", PLAIN + b'"\\\r\n' * 200_000, HTML + b"<p>a</p>" * 100_000, *names)
        draft = understand(raw)
        files = [(file.filename, file.media_type, file.content_id, "x" * 300) for file in draft.files]
        assert len(msgspec.json.encode((draft.message, files))) < EVENT


@dataclass
class Hostile:
    """A message that means to stall its reader."""

    name: str
    raw: bytes


HOSTILE = [
    Hostile("parts", multipart("mixed", *[b"\r\nx"] * 10_000)),
    Hostile("tiny parts", mail("multipart/mixed; boundary=b", b"--b\n\n" * 500_000)),
    Hostile(
        "multiparts",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(40_000)),
    ),
    Hostile("messages", b"Content-Type: message/rfc822\n\n" * 40_000),
    Hostile("divs", mail("text/html", b"<div>" * 200_000)),
    Hostile("header line", b"Subject: " + b"x" * 1_000_000 + b"\n\nhi"),
    Hostile("words", b"Subject: " + b"=?utf-8?q?" * 100_000 + b"\n\nhi"),
    Hostile("quotes", b"To: " + b'"\\"' * 300_000 + b"\n\nhi"),
    Hostile("comments", b"To: " + b"(" * 1_000_000 + b"\n\nhi"),
    Hostile("angles", b"From: " + b"a <" * 300_000 + b"\n\nhi"),
    Hostile("addresses", b"To: " + b", ".join(b"u%d@example.org" % i for i in range(40_000)) + b"\n\nhi"),
    Hostile("parameters", b"Content-Type: text/plain" + b';a="' * 300_000 + b"\n\nhi"),
    Hostile("flowed", mail("text/plain; format=flowed", b"a \n" * 500_000)),
    Hostile("uuencode", HEAD + b"\n" + b"begin 644 a\nM\n" * 100_000),
    Hostile("escapes", mail("text/plain; charset=iso-2022-jp", b"\x1b$B-!" * 400_000)),
    Hostile("random page", mail("text/html", bytes((i * i * 31 + i // 7) % 256 for i in range(1_000_000)))),
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_message_that_means_to_stall_does_not(hostile):
    """Bounded time, a draft that fits, and a mail that a person can look into."""
    start = time.process_time()
    draft = understand(hostile.raw)
    assert time.process_time() - start < 5
    assert len(msgspec.json.encode(draft.message)) < EVENT


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (HEAD + b"\r\nhi", None),
        (b"", None),
        (b"x" * (MAX_SIZE + 1), "larger"),
        (b"x" * (MAX_HEADER + 1), "header"),
        (HEAD + b"\r\n" + b"\n--" * (MAX_BOUNDARIES + 1), "boundaries"),
        (HEAD + b"\r\n" + b"<" * (MAX_TAGS + 1), "tags"),
    ],
)
def test_suspicious_messages_are_named(raw, reason):
    """What is not read in the daemon's own process, and why."""
    found = suspicious(raw)
    assert found is None if reason is None else reason in found


def test_a_message_that_was_not_read_whole_says_so():
    """Its header is read, its size is told."""
    draft = normalize(envelope(HEAD, size=10**8), HEAD, Context(now=NOW))
    assert draft.message.subject == "Hello"
    assert "100000000" in draft.message.text


def test_a_stub_says_who_when_how_large_and_why():
    """A message that cannot be read is still a ticket."""
    draft = stub(envelope(HEAD, size=1234), HEAD, "it took too long", Context(now=NOW))
    assert (draft.message.from_[0].address, draft.message.subject) == ("ann@example.org", "Hello")
    assert "1234" in draft.message.text
    assert "it took too long" in draft.message.text

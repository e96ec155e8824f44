"""Whom a bounce speaks of, and why they were not reached."""

import time
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.automated.bounce import bounce
from normalizer.automated.diagnosis import diagnose
from normalizer.mime.parse import parse


def told(text: str, *fields: str):
    """Address, status, reply code and hardness of each recipient of a bounce in plain text."""
    text = dedent(text)
    head = "\n".join(["From: MAILER-DAEMON@mx.example.org", "To: us@example.org", "Subject: failure notice", *fields])
    found = bounce(parse(f"{head}\n\n{text}".encode()), text)
    assert found is not None
    return [(one.address, one.status, one.reply_code, one.hard) for one in found.recipients]


def reported(*groups: str, text: str = "Your message could not be delivered."):
    """The same of a bounce with a delivery report."""
    report = "\n\n".join(["Reporting-MTA: dns; mx.example.org", *map(dedent, groups)])
    raw = (
        "From: MAILER-DAEMON@mx.example.org\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\n{text}\n--b\nContent-Type: message/delivery-status\n\n{report}\n--b--\n"
    )
    found = bounce(parse(raw.encode()), text)
    assert found is not None
    return [(one.address, one.status, one.reply_code, one.hard) for one in found.recipients]


def test_reports_name_their_recipients():
    """Each group of a report is a recipient; the original address is the one that we wrote to."""
    assert reported(
        """\
        Original-Recipient: rfc822;ana@example.com
        Final-Recipient: rfc822;a1@host.example.com
        Action: failed
        Status: 5.0.0
        Diagnostic-Code: smtp; 550 5.1.1 <a1@host.example.com>:
          Recipient address rejected: User unknown""",
        """\
        Final-Recipient: rfc822; bo@example.com
        Action: failed
        Status: 5.2.2
        Diagnostic-Code: smtp; 552 5.2.2 Mailbox full""",
        """\
        Final-Recipient: rfc822; cy@example.com
        Action: delivered
        Status: 2.0.0""",
    ) == [("ana@example.com", "5.1.1", "550", True), ("bo@example.com", "5.2.2", "552", False)]


def test_a_warning_is_no_failure():
    """A delay is a bounce of class 4, and never hard."""
    assert reported("Final-Recipient: rfc822; ana@example.com\nAction: delayed\nStatus: 4.4.7\n") == [
        ("ana@example.com", "4.4.7", None, False)
    ]


def test_the_words_complete_a_report():
    """A report without diagnostic is completed by what the mail system writes for people."""
    text = "<ana@example.com>: 550 5.1.1 User unknown (in reply to RCPT TO command)\n"
    assert reported("Final-Recipient: rfc822; ana@example.com\nAction: failed\nStatus: 5.0.0\n", text=text) == [
        ("ana@example.com", "5.1.1", "550", True)
    ]


TEXTS = {
    "qmail": """\
        Hi. This is the qmail-send program at mx.example.org.
        I'm afraid I wasn't able to deliver your message to the following addresses.

        <ana@example.com>:
        192.0.2.1 does not like recipient.
        Remote host said: 550 5.1.1 No such user here
        Giving up on 192.0.2.1.

        --- Below this line is a copy of the message.

        To: ana@example.com
        """,
    "exim": """\
        This message was created automatically by mail delivery software.

        A message that you sent could not be delivered to one or more of its
        recipients. This is a permanent error. The following address(es) failed:

          ana@example.com
            SMTP error from remote mail server after RCPT TO:<ana@example.com>:
            host mx.example.com [192.0.2.1]: 550 5.1.1 unknown user

        ------ This is a copy of the message, including all the headers. ------
        """,
    "OpenSMTPD": """\
            An error has occurred while attempting to deliver a message for
            the following list of recipients:

        ana@example.com: 550 5.1.1 no such mailbox

            Below is a copy of the original message:
        """,
    "sendmail": """\
        The original message was received at Mon, 2 Mar 2026 10:15:00 GMT

           ----- The following addresses had permanent fatal errors -----
        <ana@example.com>
            (reason: 550 5.1.1 <ana@example.com>... User unknown)

           ----- Transcript of session follows -----
        """,
    "Zoho": """\
        This message was created automatically by mail delivery software.
        A message that you sent could not be delivered.

        ana@example.com Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <ana@example.com>... User Unknown

        Received:from mail.example.org
        """,
    "a sentence": """\
        Your message was not delivered.
        There was an error delivering your mail to <ana@example.com>.
        mx.example.com did not like our RCPT TO:
        550 5.1.1 no such user

        Message headers follow.
        """,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_notices_are_read(text):
    """What mail systems write for people says as much as a report."""
    assert told(text) == [("ana@example.com", "5.1.1", "550", True)]


@pytest.mark.parametrize(
    "text",
    [
        "did not reach the following recipient(s):\n\nc=US;a= ;p=EX;o=Site;dda:SMTP=ana@example.com; on Fri, 4 Oct\n",
        "The following message, addressed to 'ana@example.com',\nfailed after 30 days\n",
        "The following address(es) failed:\n\n  an undisclosed address\n    (generated from ana@example.com)\n",
        'Server "192.0.2.1:25" returned an error:\n\n\t* [ana@example.com]: 550 over quota\n',
        "Your message\n\n  To:      bo@example.com\n\ndid not reach the following recipient(s):\n\nana@example.com\n",
    ],
)
def test_recipients_are_found_however_they_are_written(text: str) -> None:
    """In the form of X.400, in quotes or brackets, as what it was made from, and below the line that announces them."""
    assert [address for address, *_ in told(text)] == ["ana@example.com"]


def test_who_stands_above_an_announcement_is_a_recipient_too() -> None:
    """What is announced further down does not hide whom the notice named first."""
    text = "ana@example.com 550 no such user\n\nThe following address may help:\ncontact admin@mx.example.org\n"
    assert [address for address, *_ in told(text)] == ["ana@example.com"]


def test_an_address_may_have_its_type_twice() -> None:
    """Some systems pass on the type of an address as a part of it."""
    [(address, *_)] = reported("Original-Recipient: rfc822; rfc822;ana@example.com\nAction: failed\nStatus: 5.1.1")
    assert address == "ana@example.com"


def test_several_recipients_are_told_apart():
    """Each recipient has the lines below it."""
    text = """\
        I wasn't able to deliver your message to the following addresses.

        <ana@example.com>:
        Remote host said: 552 5.2.2 over quota

        <bo@example.com>:
        Remote host said: 550 5.1.1 no such user
        """
    assert told(text) == [("ana@example.com", "5.2.2", "552", False), ("bo@example.com", "5.1.1", "550", True)]


def test_whom_nobody_names_is_in_the_returned_message():
    """Where the notice names nobody, the returned message says to whom it went."""
    text = "Message could not be delivered.\n\nOriginal Message:\nFrom: us@example.org\nTo: ana@example.com\n"
    assert told(text) == [("ana@example.com", "5.0.0", None, False)]


def test_a_field_of_failed_recipients_is_believed():
    """Exim and Gmail name the failed recipients in a field."""
    text = "Your message could not be delivered.\n\nThe account does not exist.\n"
    assert told(text, "X-Failed-Recipients: ana@example.com") == [("ana@example.com", "5.0.0", None, True)]


@pytest.mark.parametrize(
    "diagnostic",
    [
        "550 5.1.1 The email account that you tried to reach does not exist",
        "550 unknown user (in reply to RCPT TO command)",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
        "550 5.1.2 Host unknown",
        "Host or domain name not found. Name service error for name=example.com type=A: Host not found",
        "551 5.1.6 recipient no longer on server",
        "556 5.1.10 Domain does not accept mail (nullMX)",
        "550 5.1.1 Adresse inconnue, utilisateur inconnu",
        "550 Пользователь не найден",
        "550 用户不存在",
    ],
)
def test_addresses_that_never_work_are_hard(diagnostic):
    """An unknown user or host, one that moved, and a host that takes no mail will never be reached."""
    assert diagnose(diagnostic).hard


@pytest.mark.parametrize(
    "diagnostic",
    [
        "552 5.2.2 Mailbox full",
        "550 5.7.1 Access denied, banned sending IP [192.0.2.1]",
        "554 5.7.1 Relay access denied",
        "550 5.7.26 Unauthenticated email is not accepted due to domain's DMARC policy",
        "553 5.1.8 Domain of sender address does not exist",
        "550 5.2.1 The email account that you tried to reach is disabled",
        "552 5.3.4 Message size exceeds fixed limit",
        "554 5.6.0 This message has been scored as spam",
        "451 4.3.0 Temporary failure",
        "450 4.2.0 Greylisted, try again later",
        "550 5.1.0 sender rejected",
        "connect to mx.example.com[192.0.2.1]:25: Connection timed out",
        "550 unknown user (in reply to end of DATA command)",
        "550 unknown user (in reply to MAIL FROM command)",
    ],
)
def test_what_may_pass_is_not_hard(diagnostic):
    """A full mailbox, a policy, a refused sender, spam and time say nothing against the address."""
    assert not diagnose(diagnostic).hard


@pytest.mark.parametrize(
    ("diagnostic", "status", "reply_code"),
    [
        ("550 5.1.1 User unknown", "5.1.1", "550"),
        ("554 4.4.7 Message expired.<421 4.4.2 Connection timed out>", "4.4.2", "421"),
        ("5.1.0 - Unknown address error 550-'5.2.2 <a@example.com>... Mailbox Full'", "5.2.2", "550"),
        ("550-5.7.1 [192.0.2.5 13] refused\n550 5.7.1 see https://example.com/550/4.0.1x", "5.7.1", "550"),
        ("Connection to 5.1.1.2 failed", "5.0.0", None),
        ("421 too busy", "4.0.0", "421"),
    ],
)
def test_codes_are_found(diagnostic, status, reply_code):
    """The codes of the server that refused count, not numbers that look like codes."""
    found = diagnose(diagnostic)
    assert (found.status, found.reply_code) == (status, reply_code)


@given(st.text(max_size=300))
def test_any_diagnostic_has_a_status(text):
    """Whatever a server says, there is at least the class."""
    assert diagnose(text).status[0] in "245"


@pytest.mark.parametrize(
    "unit", ["a@b.cc ", "<a@b.cc>:\n", "to a@b.cc\n", "550 ", "user ", "unknown ", "5.1.1", "Action: x\n"]
)
def test_time_is_bounded(unit):
    """A notice of a megabyte is read in a moment, whatever it repeats."""
    began = time.process_time()
    told("Message could not be delivered.\n" + unit * (1_000_000 // len(unit)))
    assert time.process_time() - began < 3


def test_many_recipients_take_a_moment():
    """A report of hundreds of recipients with as many lines of words is read in a moment."""
    text = "\n".join(f"<a{n}@example.com>: host said: 550 5.1.1 no such user\n" for n in range(2000))
    groups = [f"Final-Recipient: rfc822; a{n}@example.com\nAction: failed\nStatus: 5.1.1\n" for n in range(2000)]
    began = time.process_time()
    assert len(reported(*groups, text=text)) == 500
    assert time.process_time() - began < 5

"""Which mails machines sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.automated.bounce import bounce
from normalizer.automated.kind import automated
from normalizer.mime.parse import parse


def kind(*fields: str, text: str = "Hello, my coins are gone."):
    head = "\n".join(["From: Ana <ana@example.com>", *fields] if not fields or "From:" not in fields[0] else fields)
    return automated(parse(f"{head}\n\n{text}".encode()), text)


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ("Auto-Submitted: no",),
        ("Subject: Re: Delivery failed?", "In-Reply-To: <a@example.org>"),
        ("Subject: My delivery status",),
        ("Precedence: normal",),
        ("From: Postmaster of Example <postmaster@example.com>", "Subject: A question"),
        ("Subject: Failed mail verification, it says: not a valid address",),
    ],
)
def test_people_are_no_machines(fields):
    """A mail of a person is not called automated for words in its subject or its sender's office."""
    assert kind(*fields) is None


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=a@example.com",
        "X-Autoreply: yes",
        "X-Autorespond: Away",
        "Precedence: auto_reply",
        "Subject: Automatic reply: Your question",
        "Subject: Re: [Auto-Reply] Your question",
        "Subject: Out of Office: Your question",
        "Subject: Abwesenheitsnotiz: Ihre Frage",
        "Subject: Réponse automatique : votre question",
        "Subject: Respuesta automática: su pregunta",
        "Subject: Resposta automática: sua pergunta",
        "Subject: Risposta automatica: domanda",
        "Subject: Automatisch antwoord: vraag",
        "Subject: Автоответ: вопрос",
        "Subject: 自动回复：问题",
        "Subject: 自動回覆: 問題",
        "Subject: 自動返信: 質問",
        "Subject: [자동회신] 질문",
        "Subject: Otomatik yanıt: soru",
        "Subject: Trả lời tự động: câu hỏi",
        "Subject: Balasan otomatis: pertanyaan",
        "Subject: ตอบกลับอัตโนมัติ: คำถาม",
        "Subject: رد تلقائي: سؤال",
    ],
)
def test_automatic_replies_are_told(field):
    """What RFC 3834 asks for, the fields of those who do not follow it, and their subjects in many languages."""
    assert kind(field) == "auto_reply"


@pytest.mark.parametrize(
    "field",
    ["List-Id: <a.example.com>", "List-Unsubscribe: <https://example.com>", "Precedence: bulk", "X-ML-Name: a"],
)
def test_lists_are_told(field):
    """Lists say that they are (RFC 2919, RFC 2369), or at least that they write to many."""
    assert kind(field) == "mailing_list"


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("MAILER-DAEMON@example.org", "Undelivered Mail Returned to Sender", "could not be delivered"),
        ("Mail Delivery System <a@example.org>", "failure notice", "I wasn't able to deliver your message"),
        ("postmaster@example.org", "Unzustellbar: Frage", "konnte nicht zugestellt werden"),
        ("postmaster@example.org", "系统退信", "您的邮件无法投递"),
        ("<>", "配信不能", "送信できませんでした"),
        ("<>", "", "You sent mail to a@b.c. That's not a valid user here."),
        ("MDaemon@example.org", "Warning: a@b.c - User unknown!", "a@b.c - no such user here."),
        ("Mail_Service@example.org", "Returned Mail - Error", "Requested action not taken: mailbox unavailable."),
        ("postmaster@example.org", 'FAILED MAIL to "ana"', "It did not match an address."),
        (
            "robot@example.org",
            "Mail delivery failed: returning message to sender",
            "address(es) failed: permanent error",
        ),
    ],
)
def test_bounces_without_a_report_are_told(sender, subject, text):
    """Sender, subject and words: two of the three make a bounce."""
    assert kind(f"From: {sender}", f"Subject: {subject}", text=text) == "bounce"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("USDT not delivered", "The exchange says it is not a valid address, and my money is gone."),
        ("Verification code not delivered", "The app says no such user. I think somebody hacked my account."),
        ("Failed mail to you", "My message has been returned, and the transfer was automatically rejected."),
    ],
)
def test_customers_tell_of_failures_too(subject: str, text: str) -> None:
    """What a mail system says is the word of a customer where no mail system writes."""
    assert kind(f"Subject: {subject}", text=text) is None


def test_a_mail_without_a_sender_is_no_bounce_for_a_few_words() -> None:
    """That a program forgot the From field is no sign of a mail system."""
    text = "I am an unknown user here, and my coins are gone."
    assert automated(parse(f"Subject: My coins\n\n{text}".encode()), text) is None
    assert automated(parse(f"From: <>\nSubject: My coins\n\n{text}".encode()), text) == "bounce"


def test_a_message_that_was_deleted_unread_is_no_bounce() -> None:
    """Mail programs report it in the same words as a mail system that refuses, but do not say that it was refused."""
    raw = report(
        "disposition-notification",
        "message/disposition-notification",
        "Disposition: automatic-action/MDN-sent-automatically; deleted",
    )
    assert automated(parse(raw), "Your message was deleted without being read.") == "delivery_receipt"
    assert automated(parse(raw), "Your message was automatically rejected: quota exceeded") == "bounce"


def report(report_type: str, media_type: str, content: str) -> bytes:
    return (
        f"From: a@example.org\nContent-Type: multipart/report; report-type={report_type}; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\nA report.\n--b\nContent-Type: {media_type}\n\n{content}\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (report("feedback-report", "message/feedback-report", "Feedback-Type: abuse"), "feedback_report"),
        (
            report("disposition-notification", "message/disposition-notification", "Disposition: manual-action"),
            "delivery_receipt",
        ),
        (
            report("delivery-status", "message/delivery-status", "Final-Recipient: rfc822; a@b.c\nAction: delivered"),
            "delivery_receipt",
        ),
        (
            report("delivery-status", "message/delivery-status", "Final-Recipient: rfc822; a@b.c\nAction: failed"),
            "bounce",
        ),
    ],
)
def test_reports_are_told_by_their_structure(raw, expected):
    """Reports of delivery, of reading and of abuse say in their type what they are."""
    assert automated(parse(raw), "A report.") == expected


fields = st.lists(
    st.sampled_from(
        ["Subject: x", "Auto-Submitted: \x00", "Precedence: \xff", "Return-Path: <>", "X-Failed-Recipients: ,"]
    ),
    max_size=4,
)


@given(fields, st.text(max_size=200))
def test_any_mail_can_be_asked(fields, text):
    """Whatever the mail is, there is an answer, and recipients for every bounce."""
    root = parse("\n".join([*fields, "", text]).encode("utf-8", "surrogateescape"))
    found = bounce(root, text)
    assert (found is not None) == (automated(root, text) == "bounce")
    assert found is None or found.recipients

"""The message inside a forwarded one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.ticket import Address
from normalizer.text.forward import is_forward, is_reply, unwrap, without_prefixes
from normalizer.text.people import people

BO = Address(name="Bo Berg", address="bo@example.com")
ANA = Address(name="", address="ana@example.com")

MARKERS = {
    "en, Gmail": "---------- Forwarded message ---------",
    "en, Apple Mail": "Begin forwarded message:",
    "en, Thunderbird": "-------- Forwarded Message --------",
    "ar": "---------- رسالة معاد توجيهها ---------",
    "cs": "-------- Přeposlaná zpráva --------",
    "da": "-------- Videresendt meddelelse --------",
    "de": "-------- Weitergeleitete Nachricht --------",
    "es": "-------- Mensaje reenviado --------",
    "fi": "-------- Välitetty viesti --------",
    "fr": "---------- Message transféré ---------",
    "hr": "-------- Proslijeđena poruka --------",
    "hu": "-------- Továbbított üzenet --------",
    "id": "---------- Pesan terusan ---------",
    "it": "-------- Messaggio inoltrato --------",
    "ja": "---------- 転送されたメッセージ ---------",
    "ko": "---------- 전달된 메시지 ---------",
    "nl": "-------- Doorgestuurd bericht --------",
    "no": "-------- Videresendt melding --------",
    "pl": "-------- Treść przekazanej wiadomości --------",
    "pt": "---------- Mensagem encaminhada ---------",
    "ro": "-------- Mesaj redirecționat --------",
    "ru": "-------- Перенаправленное сообщение --------",
    "sk": "-------- Preposlaná správa --------",
    "sv": "-------- Vidarebefordrat meddelande --------",
    "th": "---------- ข้อความที่ส่งต่อ ---------",
    "tr": "-------- İletilen İleti --------",
    "uk": "-------- Переслане повідомлення --------",
    "vi": "---------- Thư được chuyển tiếp ---------",
    "zh-Hans": "---------- 转发的邮件 ---------",
    "zh-Hant": "---------- 轉寄的郵件 ---------",
}

BLOCK = "From: Bo Berg <bo@example.com>\nDate: Mon, 2 Mar 2026 10:15:00 +0100\nSubject: Lost\nTo: <ana@example.com>"


@pytest.mark.parametrize("marker", MARKERS.values(), ids=MARKERS)
def test_marked_forwards_are_found(marker):
    """A mail program that marks its forwards is believed, whatever the subject is."""
    found = unwrap(f"Please help Bo.\n\n{marker}\n{BLOCK}\n\nMy coins are gone.\nBo\n", "A question")
    assert found is not None
    forwarded, above = found
    assert forwarded.from_ == BO
    assert forwarded.to == (ANA,)
    assert forwarded.subject == "Lost"
    assert forwarded.text == "My coins are gone.\nBo"
    assert forwarded.sent_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert above == "Please help Bo."


def test_a_quoted_forward_is_unquoted():
    """Apple Mail quotes what it forwards; what stands below the quotation is the forwarder's."""
    quoted = "\n".join(f"> {line}".rstrip() for line in f"Begin forwarded message:\n\n{BLOCK}\n\nHelp me.".splitlines())
    forwarded, above = unwrap(f"See below.\n\n{quoted}\n\nThanks", "") or pytest.fail("no forward")
    assert (forwarded.from_, forwarded.text, above) == (BO, "Help me.", "See below.\n\nThanks")


@pytest.mark.parametrize(
    "line",
    [
        "----- Weitergeleitete Nachricht ----- Von: {bo}An: {ana}CC: {cy}Gesendet: 2. März, 10:15:00 MEZBetreff: Lost",
        "----- Messaggio inoltrato ----- Da: {bo}A: {ana}Cc: {cy}Inviato: 2 marzo, 10:15:00 CETOggetto: Lost",
        "----- Message transféré ----- De : {bo}À : {ana}Cc : {cy}Envoyé : 2 mars, 10:15:00 UTC+1Objet : Lost",
        "----- Mensagem reencaminhada ----- De: {bo}Para: {ana}Cc: {cy}Enviado: 2 de março, 10:15:00 CETAssunto Lost",
        "----- İletilmiş Mesaj ----- Kimden: {bo}Kime: {ana}CC: {cy}Gönderildi: 2 Mart 10:15:00 GMT+3Konu: Lost",
    ],
)
def test_fields_on_one_line_are_told_apart(line):
    """Yahoo writes the whole block on the line of the marker, without anything between the fields."""
    line = line.format(
        bo="Bo Berg <bo@example.com>", ana='"ana@example.com" <ana@example.com>', cy="Cy <cy@example.com>"
    )
    forwarded, above = unwrap(f"   {line}\n Help.", "") or pytest.fail("no forward")
    assert (forwarded.from_, forwarded.to, forwarded.subject) == (BO, (ANA,), "Lost")
    assert forwarded.cc == (Address(name="Cy", address="cy@example.com"),)
    assert (forwarded.text, above) == ("Help.", "")


OUTLOOK = f"________________________________\n{BLOCK}\n\nMy coins are gone."


@pytest.mark.parametrize("subject", ["Fw: Lost", "WG: Lost", "TR: Lost", "RV: Lost", "转发：Lost", "I: Lost", ""])
def test_a_bare_block_is_a_forward_when_the_subject_says_so(subject):
    """Outlook marks a forward by its subject alone."""
    forwarded, above = unwrap(f"See below.\n{OUTLOOK}" if subject else OUTLOOK, subject) or pytest.fail("no forward")
    assert (forwarded.from_, forwarded.text) == (BO, "My coins are gone.")
    assert above == ("See below." if subject else "")


@pytest.mark.parametrize("subject", ["Re: Lost", "AW: Lost", "Lost", "回复：Lost"])
def test_an_answer_is_no_forward(subject):
    """Words above a header block without a forward's subject are an answer."""
    assert unwrap(f"That is right.\n\n{OUTLOOK}", subject) is None
    assert unwrap("Yes.\n\nOn 2 Mar 2026 at 10:15, Bo <bo@example.com> wrote:\n> Really?", subject) is None


@pytest.mark.parametrize(
    "attribution",
    [
        'On 02/03/2026 10:15, "Bo Berg" <bo@example.com> wrote:',
        'Am 02.03.26, 10:15 schrieb "Bo Berg" <bo@example.com>:',
        "Op 02/03/2026 10:15 heeft Bo Berg <bo@example.com> geschreven:",
        "02/03/2026 10:15 používateľ Bo Berg (<bo@example.com>) napísal:",
        "Bo Berg <bo@example.com> kirjoitti 2.3.2026 10.15:",
        '"Bo Berg" <bo@example.com>, 02/03/2026 10:15 tarihinde şunu yazdı:',
        "Le 02/03/2026 10:15, « Bo Berg » <bo@example.com> a écrit :",
        "Dnia 02/03/2026, 10:15 użytkownik „Bo Berg” <bo@example.com> napisał:",
    ],
)
def test_an_attribution_forwards_when_the_subject_says_so(attribution):
    """Outlook for Mac writes no block: sender and subject are in the attribution and the mail's own subject."""
    text = f"\ufeff{attribution}\n\n    Help me.\n    Bo\n"
    forwarded, _ = unwrap(text, "FW: Lost") or pytest.fail("no forward")
    assert (forwarded.from_, forwarded.subject, forwarded.text) == (BO, "Lost", "Help me.\nBo")


def test_a_forward_in_the_history_of_an_answer_is_history():
    """What was forwarded long ago is not forwarded now."""
    text = f"Done.\n\nOn 2 Mar 2026 at 10:15, Bo <bo@example.com> wrote:\n> ---- Forwarded message ----\n> {BLOCK}"
    assert unwrap(text, "Re: Lost") is None


def test_people_are_read_as_people_write_them():
    """Names with commas, semicolons, addresses as links, in brackets, as their own name or missing."""
    assert people("Berg, Bo <bo@example.com>; ana@example.com <ana@example.com>") == (
        Address(name="Berg, Bo", address="bo@example.com"),
        Address(address="ana@example.com"),
    )
    assert people("bo@example.com<mailto:bo@example.com>, Ana [mailto:ana@example.com]") == (
        Address(address="bo@example.com"),
        Address(name="Ana", address="ana@example.com"),
    )
    assert people("Bo Berg; Ana") == (Address(name="Bo Berg"), Address(name="Ana"))
    assert people("") == ()


def test_prefixes_of_subjects_are_known():
    """The prefixes of answers and forwards go, however many; other words with a colon stay."""
    assert without_prefixes("Re: FW: AW: 转发：Lost: all") == "Lost: all"
    assert is_forward("Fwd: x")
    assert is_reply("RE: x")
    assert not is_forward("Wallet: x")


@given(st.text(max_size=400), st.text(max_size=30))
def test_any_text_can_be_asked(text, subject):
    """Whatever it is asked, it answers."""
    found = unwrap(text, subject)
    assert found is None or isinstance(found[1], str)


@given(st.text(alphabet="ab@.<>[]();, \"'mailto:", max_size=200))
def test_any_line_may_name_people(value):
    """Every address that is found stands in the line."""
    assert all(one.address in value.lower() for one in people(value))

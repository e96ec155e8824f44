"""What the sender newly wrote, whatever mail program and language it was written in."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.text.reply import new_text

ATTRIBUTIONS = {
    "en, Gmail": "On Mon, 2 Mar 2026 at 10:15, Support <help@example.org> wrote:",
    "en, Gmail, wrapped": "On Mon, 2 Mar 2026 at 10:15, The Support of a Company <\nhelp@example.org> wrote:",
    "en, Apple Mail": "On 2 Mar 2026, at 10:15, Support <help@example.org> wrote:",
    "en, no address": "On Monday, March 2, 2026 at 10:15 AM, Support wrote:",
    "en, Zoho": "---- On Mon, 02 Mar 2026 10:15:00 +0000 Support <help@example.org> wrote ----",
    "ar, Gmail": "في الاثنين، 2 مارس 2026 في 10:15 ص تمت كتابة ما يلي بواسطة Support <help@example.org>:",
    "cs, Gmail": "po 2. 3. 2026 v 10:15 odesílatel Support <help@example.org> napsal:",
    "da, Gmail": "Den man. 2. mar. 2026 kl. 10.15 skrev Support <help@example.org>:",
    "de, Gmail": "Am Mo., 2. März 2026 um 10:15 Uhr schrieb Support <help@example.org>:",
    "de, Outlook": "Support <help@example.org> schrieb am Mo., 2. März 2026, 10:15:",
    "el, Gmail": "Στις Δευ 2 Μαρ 2026 στις 10:15 π.μ., ο χρήστης Support <help@example.org> έγραψε:",
    "es, Gmail": "El lun, 2 mar 2026 a las 10:15, Support (<help@example.org>) escribió:",
    "fi, Gmail": "ma 2. maalisk. 2026 klo 10.15 Support (help@example.org) kirjoitti:",
    "fr, Gmail": "Le lun. 2 mars 2026 à 10:15, Support <help@example.org> a écrit :",
    "fr, wrapped twice": 'Le 2 mars 2026 10:15, "Support"\n<help@example.org>\na écrit :',
    "hu, Gmail": "Support <help@example.org> ezt írta (időpont: 2026. márc. 2., H, 10:15):",
    "id, Gmail": "Pada tanggal Sen, 2 Mar 2026 pukul 10.15 Support <help@example.org> menulis:",
    "it, Gmail": "Il giorno lun 2 mar 2026 alle ore 10:15 Support <help@example.org> ha scritto:",
    "ja, Gmail": "2026年3月2日(月) 10:15 Support <help@example.org>:",
    "ja, iPhone": "2026/03/02 10:15、Support <help@example.org>のメール:",
    "ko, Gmail": "2026년 3월 2일 (월) 오전 10:15, Support <help@example.org>님이 작성:",
    "nl, Gmail": "Op ma 2 mrt 2026 om 10:15 schreef Support <help@example.org>:",
    "nl, Apple Mail": "Op 2 mrt. 2026 om 10:15 heeft Support <help@example.org> het volgende geschreven:",
    "no, Gmail": "man. 2. mars 2026 kl. 10:15 skrev Support <help@example.org>:",
    "pl, Gmail": "pon., 2 mar 2026 o 10:15 Support <help@example.org> napisał(a):",
    "pt, Gmail": "Em seg., 2 de mar. de 2026 às 10:15, Support <help@example.org> escreveu:",
    "ro, Gmail": "În lun., 2 mar. 2026 la 10:15, Support <help@example.org> a scris:",
    "ru, Gmail": "пн, 2 мар. 2026 г. в 10:15, Support <help@example.org>:",
    "ru, old Gmail": "2 марта 2026 г., 10:15 пользователь Support <help@example.org> написал:",
    "sv, Gmail": "Den mån 2 mars 2026 kl 10:15 skrev Support <help@example.org>:",
    "th, Gmail": "ในวันที่ จ. 2 มี.ค. 2026 เวลา 10:15 Support <help@example.org> เขียนว่า:",
    "tr, Gmail": "Support <help@example.org>, 2 Mar 2026 Pzt, 10:15 tarihinde şunu yazdı:",
    "uk, Gmail": "пн, 2 бер. 2026 р. о 10:15 Support <help@example.org> пише:",
    "vi, Gmail": "Vào Th 2, 2 thg 3, 2026 vào lúc 10:15 Support <help@example.org> đã viết:",
    "zh-Hans, Gmail": "Support <help@example.org> 于2026年3月2日周一 10:15写道：",
    "zh-Hans, iPhone": "在 2026年3月2日，上午10:15，Support <help@example.org> 写道：",
    "zh-Hans, NetEase": "在 2026-03-02 10:15:00，Support <help@example.org> 写道：",
    "zh-Hant, Gmail": "Support <help@example.org> 於 2026年3月2日 週一 上午10:15寫道：",
}

HEADER_BLOCKS = {
    "ar": "من: Support <help@example.org>\nتم الإرسال: 2 مارس 2026 10:15\nإلى: Ana\nالموضوع: سؤال",
    "de": "Von: Support <help@example.org>\nGesendet: Montag, 2. März 2026 10:15\nAn: Ana\nBetreff: Frage",
    "en": "From: Support <help@example.org>\nSent: Monday, March 2, 2026 10:15 AM\nTo: Ana\nSubject: Question",
    "en, bold": "*From:* Support\n*Sent:* 2 March 2026\n*To:* ana@example.com\n*Subject:* Question",
    "en, wrapped": (
        "From: Support <help@example.org>\nDate: 2 March 2026\nTo: Ana <ana@example.com>,\n"
        " Bo <bo@example.com>\nSubject: A subject that\nis long"
    ),
    "es": "De: Support <help@example.org>\nEnviado el: lunes, 2 de marzo de 2026 10:15\nPara: Ana\nAsunto: Pregunta",
    "fr": "De : Support <help@example.org>\nEnvoyé : lundi 2 mars 2026 10:15\nÀ : Ana\nObjet : Question",
    "id": "Dari: Support <help@example.org>\nDikirim: 2 Maret 2026 10:15\nKepada: Ana\nSubjek: Pertanyaan",
    "it": "Da: Support <help@example.org>\nInviato: lunedì 2 marzo 2026 10:15\nA: Ana\nOggetto: Domanda",
    "ja": "差出人: Support <help@example.org>\n送信日時: 2026年3月2日 10:15\n宛先: Ana\n件名: 質問",
    "ko": "보낸 사람: Support <help@example.org>\n보낸 날짜: 2026년 3월 2일\n받는 사람: Ana\n제목: 질문",
    "pt": "De: Support <help@example.org>\nEnviado: segunda-feira, 2 de março de 2026\nPara: Ana\nAssunto: Pergunta",
    "ru": "От: Support <help@example.org>\nОтправлено: 2 марта 2026 г. 10:15\nКому: Ana\nТема: Вопрос",
    "th": "จาก: Support <help@example.org>\nส่ง: 2 มีนาคม 2026\nถึง: Ana\nเรื่อง: คำถาม",
    "tr": "Kimden: Support <help@example.org>\nGönderildi: 2 Mart 2026 10:15\nKime: Ana\nKonu: Soru",
    "vi": "Từ: Support <help@example.org>\nĐã gửi: 2 tháng 3, 2026\nĐến: Ana\nChủ đề: Câu hỏi",
    "zh-Hans, QQ": (
        '------------------ 原始邮件 ------------------\n发件人: "Support" <help@example.org>;\n'
        "发送时间: 2026年3月2日 10:15\n收件人: Ana\n主题: 问题"
    ),
    "zh-Hant": "寄件者： Support <help@example.org>\n寄件日期： 2026年3月2日\n收件者： Ana\n主旨： 問題",
}

DEVICE_LINES = [
    "Sent from my iPhone",
    "Sent from Outlook for Android<https://aka.ms/AAb9ysg>",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Von meinem iPhone gesendet",
    "Gesendet mit der GMX Mail App",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Enviado do meu iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Wysłane z iPhone'a",
    "Отправлено с iPhone",
    "iPhone'umdan gönderildi",
    "iPhoneから送信",
    "나의 iPhone에서 보냄",
    "发自我的iPhone",
    "從我的 iPhone 傳送",
    "Đã gửi từ iPhone của tôi",
    "Dikirim dari iPhone saya",
    "ส่งจาก iPhone ของฉัน",
    "أرسل من الـ iPhone",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_what_is_quoted_below_an_attribution_goes(attribution):
    """A quotation and the line that says who wrote it are not new."""
    assert new_text(f"Hello\n\nMy words.\n\n{attribution}\n\n> Old words.\n> More.\n") == "Hello\n\nMy words."


@pytest.mark.parametrize(
    "name", ["en, Apple Mail", "en, Zoho", "de, Gmail", "fr, Gmail", "es, Gmail", "zh-Hans, Gmail"]
)
def test_history_without_quotation_marks_goes(name):
    """Some programs quote without marks: what follows an attribution with a date is history."""
    assert new_text(f"My words.\n\n{ATTRIBUTIONS[name]}\n\nOld words.\n\nMore.") == "My words."


@pytest.mark.parametrize(
    "attribution",
    [
        "On Wed, Apr 4, 2012 at 3:59 PM, bo@example.com wrote:",
        "On Wed, Apr 4, 2012 at 3:59 PM, A Long Name\n<bo@example.com> wrote:",
        "--- On Wed, Apr 4, 2012 at 3:59 PM, bo@example.com wrote:",
        "Am Mi., 4. Apr. 2012 um 15:59 Uhr schrieb Bo <bo@example.com>:",
        "Le mer. 4 avr. 2012 à 15:59, Bo <bo@example.com> a écrit :",
    ],
)
def test_words_on_the_line_of_an_attribution_stay(attribution: str) -> None:
    """Some clients leave out the line end between the answer and what announces the quotation."""
    assert new_text(f"My words - all. {attribution}\n> Theirs.") == "My words - all."


def test_a_sentence_about_what_somebody_wrote_takes_no_words_away() -> None:
    """It is an attribution only with an address, or above a quotation."""
    text = "I asked twice. On Monday 11/20/2026 at 10:00 your agent John wrote:\nPlease wait.\n\nMy wallet is drained!"
    assert "My wallet is drained!" in new_text(text)


@pytest.mark.parametrize("block", HEADER_BLOCKS.values(), ids=HEADER_BLOCKS)
def test_history_below_a_header_block_goes(block):
    """The block of labels that Outlook writes begins the history, in any language."""
    assert new_text(f"My words.\n\n{block}\n\nOld words.\n") == "My words."


@pytest.mark.parametrize("line", DEVICE_LINES)
def test_device_lines_go(line):
    """What a telephone adds below is not the sender's."""
    assert new_text(f"My words.\n\n{line}\n") == "My words."


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my wallet to your exchange address",
        "Sent from my account 0.5 BTC by mobile",
        "Gesendet habe ich gestern",
        "Get my money back",
        "Can I use it from my phone?",
        "From my phone I cannot log in",
        "Von meinem Handy aus geht es nicht",
        "钱是从我的手机转出去的",
        "携帯から送信したのに届きません",
        "Telefonumdan giriş yapamıyorum",
    ],
)
def test_words_about_sending_stay(line):
    """A sentence is no device line because it begins like one."""
    assert new_text(f"Hello\n\n{line}") == f"Hello\n\n{line}"


@pytest.mark.parametrize("delimiter", ["--", "-- ", "—", "_______________"])
def test_a_signature_goes(delimiter):
    """What stands below a delimiter, as far as it has the length of a signature, goes."""
    assert new_text(f"My words.\n\n{delimiter}\nAna\n+1 555 0100\n") == "My words."


def test_a_long_text_below_a_delimiter_stays():
    """Nobody signs with thirty lines: these are words."""
    text = "My words.\n--\n" + "\n".join(f"Step {number} fails." for number in range(30))
    assert new_text(text) == text


@pytest.mark.parametrize(
    "notice",
    [
        "This email is confidential and intended solely for the recipient. If you received it in error, delete it.",
        "Diese E-Mail ist vertraulich und nur für den Empfänger bestimmt. Falls Sie nicht der Adressat sind, löschen.",
        "Ce message est confidentiel et réservé à son destinataire. En cas d'erreur, merci de le détruire.",
        "Este mensaje es confidencial y va dirigido a su destinatario. Si lo recibe por error, elimínelo, por favor.",
        "本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组，如果您不是收件人，请立即删除本邮件，不得复制或散布，谢谢您的合作。",
    ],
)
def test_notices_of_confidentiality_go(notice):
    """Companies append notices to everything; they say nothing new."""
    assert new_text(f"My words.\n\n{notice}\n") == "My words."


def test_a_question_about_secrecy_stays():
    """A short sentence with the words of a notice is a sentence."""
    assert new_text("Is my key confidential?") == "Is my key confidential?"


def test_answers_between_quoted_lines_stay_with_them():
    """A quotation that is answered between its lines is needed to understand the answers."""
    text = "Hi,\n\nOn 2 Mar 2026, at 10:15, Bo <bo@example.com> wrote:\n> One?\nYes.\n> Two?\nNo.\n"
    assert new_text(text) == "Hi,\n\n> One?\nYes.\n> Two?\nNo."


def test_an_answer_below_its_quotation_stands_alone():
    """Who answers below the message it answers has the quotation removed."""
    assert new_text("On 2 Mar 2026, at 10:15, Bo <bo@example.com> wrote:\n> One?\n\nYes.") == "Yes."


def test_words_below_a_quotation_stay_where_words_stand_above_it():
    """An answer goes on below the quotation: nothing of it is lost."""
    written = new_text("Hi,\n\nOn 2 Mar 2026, at 10:15, Bo <b@example.com> wrote:\n> One?\n\nYes, since Monday.")
    assert written.startswith("Hi,")
    assert written.endswith("Yes, since Monday.")


@pytest.mark.parametrize(
    "leave", ["Best regards\nAna", "Mit freundlichen Grüßen\n\nAna", "此致\n敬礼", "С уважением,\nAna"]
)
def test_leave_taken_below_a_quotation_is_no_answer(leave):
    """Programs that quote above the signature leave the greeting below the quotation."""
    assert new_text(f"Done.\n\nOn 2 Mar 2026, at 10:15, Bo <bo@example.com> wrote:\n> One?\n\n{leave}") == "Done."


def test_thanks_with_an_answer_stay():
    """Who thanks and goes on is answering."""
    text = "Hi.\n\nOn 2 Mar 2026, at 10:15, Bo <bo@example.com> wrote:\n> One?\n\nThanks, it works now."
    assert new_text(text).endswith("Thanks, it works now.")


def test_a_quotation_alone_stays_whole():
    """A mail of nothing but a quotation is shown as it is."""
    assert new_text("> All that I have.\n") == "> All that I have."


def test_a_forward_alone_loses_its_header_block():
    """A mail of nothing but a forward keeps the forwarded words."""
    text = "---------- Forwarded message ---------\nFrom: Bo <bo@example.com>\nDate: today\nSubject: Hi\n\nHello."
    assert new_text(text) == "Hello."


@pytest.mark.parametrize(
    "text",
    [
        "From: my old wallet\nTo: my new wallet\nAmount: 5\n\nIt never arrived.",
        "Date: yesterday\nFrom: 0x52908400098527886E0F7030069857D2E4169EE7\nTo: the exchange\nPlease look.",
        "I saw this:\n\nTo: nobody\n\nWhat does it mean?",
        "On this day\n\nI wrote something\n\nwhich nobody answered.",
        "My friend wrote:\n\nyou are a scam!",
        "========\nImportant\n========\n\nMy coins are gone.",
        "Steps:\n\n1. open\n2. send\n\nError: 404 at 10:15:",
    ],
)
def test_words_that_look_like_history_stay(text):
    """Forms, quotations and headings of the customer's own are the customer's words."""
    assert new_text(text) == text.strip()


def test_lines_keep_their_form():
    """Indentation and empty lines inside the text are kept, those round it are not."""
    assert new_text("\n\nA list:\n\n  - one\n    - two\n\n\nEnd.  \n\n") == "A list:\n\n  - one\n    - two\n\n\nEnd."


lines = st.one_of(
    st.sampled_from([*ATTRIBUTIONS.values(), *HEADER_BLOCKS.values(), *DEVICE_LINES, "--", "> quoted", "", "____"]),
    st.text(max_size=60),
)


@given(st.lists(lines, max_size=30).map("\n".join))
def test_nothing_is_invented(text):
    """Every line of the new text is a line of the text, in order, and a text with words has new ones."""
    remaining = iter([line.rstrip() for line in text.splitlines()])
    written = new_text(text)
    if written != text.strip():
        assert all(line in remaining for line in written.splitlines())
    assert bool(written.strip()) == bool(text.strip())


@pytest.mark.parametrize(
    "unit",
    [
        "> ",
        "On 2 Mar 2026 ",
        "From: a@b.c\n",
        "a:\n",
        "<\n",
        "--\n",
        "x" * 50 + ":\n",
        "- -\n_\n",
        "On 2026 a@b.c wrote:\n",
    ],
)
def test_time_is_linear(unit):
    """Ten times the text takes about ten times as long, whatever it repeats."""

    def seconds(length: int) -> float:
        text = "Hello\n" + unit * (length // len(unit))
        began = time.process_time()
        new_text(text)
        return time.process_time() - began

    assert seconds(95_000) < 40 * max(seconds(9_500), 0.004)

"""Which language a message is in."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.language.detect import LANGUAGES, detect
from normalizer.language.ngram import scores
from normalizer.language.script import is_traditional, script, words_only
from normalizer.language.train import LANGUAGES as MODELLED
from normalizer.language.train import ORDER, pack, read_words, train

SENTENCES = {
    "ar": ["لم يصل التحويل إلى محفظتي حتى الآن", "أحتاج إلى مساعدة", "سرقت أموالي"],
    "de": [
        "Meine Überweisung ist seit gestern nicht angekommen",
        "Ich komme nicht mehr in mein Konto",
        "Wo ist mein Geld?",
    ],
    "en": ["I cannot withdraw my money since yesterday", "My wallet was hacked", "Please help me"],
    "es": ["No puedo retirar mi dinero desde ayer", "Me robaron los fondos de la billetera", "¿Dónde está mi saldo?"],
    "fr": ["Je n'arrive pas à retirer mon argent depuis hier", "On m'a volé mes fonds", "Où est mon solde ?"],
    "id": ["Saya tidak bisa menarik uang saya sejak kemarin", "Dompet saya diretas", "Tolong bantu saya"],
    "it": ["Non riesco a prelevare i miei soldi da ieri", "Mi hanno rubato i fondi", "Dov'è il mio saldo?"],
    "ja": ["昨日から出金できません", "資産が盗まれました", "助けてください"],
    "ko": ["어제부터 출금이 안 됩니다", "자산을 도난당했어요", "도와주세요"],
    "pt": [
        "Não consigo sacar meu dinheiro desde ontem",
        "Roubaram os fundos da minha carteira",
        "Onde está meu saldo?",
    ],
    "ru": ["Со вчерашнего дня не могу вывести деньги", "Украли средства с кошелька", "Помогите, пожалуйста"],
    "th": ["ถอนเงินไม่ได้ตั้งแต่เมื่อวาน", "กระเป๋าเงินถูกแฮ็ก", "ช่วยด้วยครับ"],
    "tr": ["Dünden beri paramı çekemiyorum", "Cüzdanım çalındı", "Lütfen yardım edin"],
    "vi": ["Tôi không rút được tiền từ hôm qua", "Ví của tôi bị hack", "Xin hãy giúp tôi"],
    "zh-Hans": ["我从昨天开始无法提现", "钱包里的资产被盗了", "请问多久到账"],
    "zh-Hant": ["我從昨天開始無法提現", "錢包裡的資產被盜了", "請問多久到帳"],
}


@pytest.mark.parametrize(
    ("code", "sentence"), [(code, sentence) for code, sentences in SENTENCES.items() for sentence in sentences]
)
def test_short_support_sentences_are_told(code, sentence):
    """A few words with which people ask for help are enough."""
    found = detect(sentence)
    assert found is not None
    assert found.code == code
    assert 0 < found.confidence <= 1


@pytest.mark.parametrize(
    "text", ["", " \n", "12345", "ok", "?!", "0x52908400098527886E0F7030069857D2E4169EE7", "a@b.cc"]
)
def test_what_has_no_language_has_none(text):
    """Numbers, addresses, keys and a letter or two are in no language."""
    assert detect(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("USDT 提现三天了还没有到账 TRC20 txid", "zh-Hans"),
        ("我的 MetaMask 無法連線", "zh-Hant"),
        ("Ledger Live が起動しません", "ja"),
        ("https://example.com/help/en/withdraw 출금이 안 돼요", "ko"),
        ("Guten Tag, my wallet ist seit gestern gesperrt und ich bekomme keine Antwort", "de"),
    ],
)
def test_foreign_names_do_not_decide(text, code):
    """Names of coins and products are in Latin letters in all languages."""
    found = detect(text)
    assert found is not None
    assert found.code == code


def test_languages_that_are_not_expected_are_not_guessed_for_short_texts():
    """Among the expected languages alone is chosen where the text is short."""
    found = detect("saldo da carteira", ("en", "es"))
    assert found is not None
    assert found.code == "es"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ik kan mijn geld sinds gisteren niet meer opnemen en niemand geeft antwoord op mijn vragen", "nl"),
        ("Від учора не можу вивести гроші з гаманця, і ніхто не відповідає на мої запитання у чаті", "uk"),
        ("Nie mogę wypłacić pieniędzy od wczoraj i nikt nie odpowiada na moje pytania, proszę o pomoc", "pl"),
    ],
)
def test_a_language_that_is_not_expected_is_named_when_it_is_clear(text, code):
    """A long text in another language is not called one of the expected."""
    found = detect(text)
    assert found is not None
    assert found.code == code


def test_chinese_scripts_are_told_by_what_the_reform_changed():
    """Characters that both forms share say nothing."""
    assert is_traditional("這個問題")
    assert not is_traditional("这个问题")
    assert not is_traditional("你好")


def test_scripts_count_by_what_they_say():
    """One Han character says as much as some letters; a little kana makes a text Japanese."""
    assert script("hi 提现") == ("han", 2)
    assert script("提现 です") == ("kana", 4)
    assert script("123") is None
    assert words_only("see https://example.com/a now, a1b2c3 or mail a@b.cc").split() == ["see", "now,", "or", "mail"]


def test_the_model_is_what_the_words_make():
    """The file that is shipped is made of the lists that are shipped."""
    few = {language: words[:40] for language, words in read_words().items()}
    model = train(few)
    assert all(len(vector) == len(MODELLED) and len(run) <= ORDER for run, vector in model.items())
    assert train(few) == model
    assert pack(model) == pack(train(few))


def test_the_shipped_model_is_up_to_date():
    """Whoever changes a list makes the model anew."""
    import zlib
    from pathlib import Path

    import normalizer.language

    shipped = Path(normalizer.language.__path__[0]) / "ngrams.bin"
    assert zlib.decompress(shipped.read_bytes()) == zlib.decompress(pack(train(read_words())))


@pytest.mark.parametrize("language", MODELLED)
def test_words_speak_for_their_language(language):
    """The n-grams know most of the words that they are made of."""
    words = [word for word in read_words()[language] if len(word) > 5][::7]
    right = sum(max(said, key=said.get) == language for said in map(scores, words))
    assert right > 0.8 * len(words)


@given(st.text(max_size=300))
def test_any_text_can_be_asked(text):
    """Whatever it is asked, it answers, and the same every time."""
    assert detect(text) == detect(text)


@pytest.mark.parametrize("unit", ["a", "a@", "http://", "1", "a1", "提", "<", "ß", "ا", "\x00"])
def test_time_is_bounded(unit):
    """Only the beginning of a text is looked at."""
    detect("hello there")
    began = time.process_time()
    detect(unit * (1_000_000 // len(unit)))
    assert time.process_time() - began < 0.2


def test_the_expected_languages_are_those_of_our_customers():
    """The default names each language once."""
    assert len(set(LANGUAGES)) == len(LANGUAGES) == 15

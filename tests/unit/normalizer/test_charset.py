"""Charsets: what the sender meant, whatever was declared."""

import pytest

from normalizer.mime.charset import codec, decode_text, decode_undeclared
from tests.unit.normalizer.understood import understand

CHINESE = "我的钱包余额不见了，请帮我看看这笔交易为什么一直没有到账。"
JAPANESE = "ウォレットの残高が表示されません。確認をお願いします。"


@pytest.mark.parametrize(
    ("text", "encoded", "declared"),
    [
        ("café", "utf-8", "utf-8"),
        ("café", "utf-8", None),
        ("café", "utf-8", "us-ascii"),
        ("café", "utf-8", "iso-8859-1"),
        ("“quoted” – 10 €", "cp1252", "iso-8859-1"),
        ("Привет", "utf-8", "windows-1251"),
        ("Привет", "utf-8", "koi8-r"),
        ("şifre", "utf-8", "iso-8859-9"),
        ("สวัสดี", "utf-8", "tis-620"),
        ("อดีต", "cp874", "tis-620"),
        ("你好", "utf-8", "gb2312"),
        ("谢谢", "gbk", "gb2312"),
        (JAPANESE, "utf-8", "shift_jis"),
        ("там скоро", "cp866", "ibm866"),
        ("镕 and ㊣", "gb18030", "gb2312"),
        (CHINESE, "gb18030", "x-gbk"),
        (CHINESE, "gbk", None),
        (CHINESE, "gbk", "x-unknown"),
        (CHINESE, "gbk", "us-ascii"),
        ("똠방각하", "cp949", "euc-kr"),
        ("똠방각하", "cp949", "ks_c_5601-1987"),
        ("①㈱髙", "cp932", "shift_jis"),
        ("VOCÊ NÃO TEM NADA A PERDER LENDO ISTO ATÉ O FINAL. CASO NÃO INTERESSE", "cp1252", None),
        ("LE VIREMENT N'EST PAS ARRIVÉ, ÇA FAIT DÉJÀ TROIS JOURS", "cp1252", None),
        ("ГДЕ МОИ ДЕНЬГИ, ВЕРНИТЕ ПЕРЕВОД", "cp1251", None),
        ("ГДЕ МОИ ДЕНЬГИ, ВЕРНИТЕ ПЕРЕВОД", "koi8_r", None),
        ("Где мои деньги, верните перевод", "cp1251", None),
        ("ŞİFREMİ UNUTTUM, HESABIMA GİREMİYORUM", "cp1254", None),
        (JAPANESE, "shift_jis", None),
        (JAPANESE, "euc_jp", None),
        (JAPANESE, "iso2022_jp", None),
        (JAPANESE, "iso2022_jp", "us-ascii"),
        ("嘅喺", "big5hkscs", "big5"),
        ("Grüße", "utf-7", "utf-7"),
        ("Grüße", "utf-16", "utf-16"),
        ("Grüße", "utf-16-le", "utf-16"),
        ("Grüße", "utf-16-be", "utf-16"),
        ("Grüße", "utf-8-sig", "utf-8"),
        ("Привет, верните мои деньги пожалуйста", "koi8_r", "koi8-r"),
        ("ĞİŞ", "cp1254", "iso-8859-9"),
        ("Grüße", "utf-8", "utf-8 (Unicode)"),
    ],
)
def test_text_is_what_the_sender_meant(text, encoded, declared):
    """Vendors' supersets, wrong and missing declarations."""
    assert decode_text(text.encode(encoded), declared) == text


@pytest.mark.parametrize(
    ("text", "encoded", "hint", "beside"),
    [
        ("ありがとう", "shift_jis", "shift_jis", ""),
        ("ありがとう", "utf-8", "shift_jis", ""),
        ("转账", "gbk", None, "钱包打不开，怎么办"),
        ("ТЕСТ", "koi8_r", None, "тест тест"),
        ("café", "cp1252", "iso-8859-1", ""),
        ("café", "utf-8", None, "тест тест"),
        (CHINESE, "gbk", "iso-8859-1", ""),
        (CHINESE, "gbk", "utf-8", ""),
        (CHINESE, "gbk", "nonsense", ""),
    ],
)
def test_a_few_words_without_charset_are_read_as_what_stands_beside_them(text, encoded, hint, beside):
    """A charset that is named beside them counts, unless it is one that programs name out of habit."""
    assert decode_undeclared(text.encode(encoded), hint, beside.encode(encoded)) == text


@pytest.mark.parametrize("charset", ["", "; charset=us-ascii", "; charset=unknown-8bit"])
def test_a_text_without_charset_is_in_that_of_the_subject(charset):
    """Mailers that name no charset for the text encode the subject all the same."""
    head = f"Subject: =?gb2312?B?xOO6ww==?=\r\nContent-Type: text/plain{charset}\r\n\r\n"
    assert understand(head.encode() + "转账".encode("gbk")).message.text == "转账"


def test_vendor_characters_of_iso_2022_jp_are_read():
    """Characters that NEC put into free rows are no errors (①㈱)."""
    assert decode_text(b"\x1b$B-!-j\x1b(B", "iso-2022-jp") == "①㈱"


def test_vietnamese_is_composed():
    """The code page writes an accent behind its letter; words are found where both are one character."""
    assert decode_text(b"Vi\xea\xf2t", "windows-1258") == "Việt"


def test_pairs_of_java_are_one_character():
    """Programs in Java write what is beyond the first 65,536 characters in two halves (CESU-8)."""
    assert decode_text(b"\xed\xa0\xbd\xed\xb8\x80 ok", "utf-8") == "😀 ok"
    assert decode_text(b"\xed\xa0\xbd half a pair", "utf-8").endswith("half a pair")


@pytest.mark.parametrize("declared", ["utf-8", None])
def test_characters_of_windows_survive_a_wrong_conversion(declared):
    """Nobody writes the control characters that Latin-1 has in their place."""
    assert decode_text("it\x92s 10 \x80".encode(), declared) == "it’s 10 €"


def test_one_broken_byte_does_not_change_the_charset():
    """A cut character is replaced, the rest is read as declared."""
    assert decode_text(CHINESE.encode("gb18030")[:-1], "gb18030") == CHINESE[:-1] + "\ufffd"


@pytest.mark.parametrize(
    ("word", "declared"),
    [("Ні", "windows-1251"), ("Ві", "windows-1251"), ("Гі", "windows-1251"), ("Ăş", "iso-8859-2")],
)
def test_a_single_word_that_looks_like_utf8_is_read_as_declared(word, declared):
    """Two letters are little to disbelieve a declaration for."""
    content = f"{word}\n\n> How can we help?\n".encode(declared)
    assert decode_text(content, declared) == content.decode(declared)


@pytest.mark.parametrize("declared", ["windows-1251", "windows-1250", "koi8-r", "iso-8859-9", "iso-8859-7"])
@pytest.mark.parametrize("word", ["café", "mañana", "für", "да", "не", "它", "it’s"])
def test_a_single_word_of_utf8_is_read_as_it_is(word, declared):
    """What is declared gives no word there."""
    assert decode_text(word.encode(), declared) == word


@pytest.mark.parametrize("label", ["rot13", "hex", "base64", "zlib", "idna", "punycode", "undefined", "../x", "", "\0"])
def test_only_charsets_are_charsets(label):
    """A label from a mail never reaches a codec that is none for text."""
    assert codec(label) is None


@pytest.mark.parametrize(
    "declared", [None, "utf-8", "gb2312", "iso-2022-jp", "utf-7", "utf-16", "hz", "big5", "nonsense"]
)
def test_nothing_raises(declared):
    """Any bytes give text under any declaration."""
    for seed in range(64):
        content = bytes((seed * 37 + i * i) % 256 for i in range(200))
        assert isinstance(decode_text(content, declared), str)
        assert isinstance(decode_undeclared(content, declared, content), str)

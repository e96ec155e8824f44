"""Facts: what a message states is found with its place, in every language, and nothing else."""

import os
import time

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalizer.facts.find import search
from normalizer.facts.number import patterned
from normalizer.facts.page import Page
from tests.support.facts import messages

COUNT = 5000 if os.environ.get("FANIN_SOAK") else 1000
EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
HASH = "9f2d4a4be8b5e5cbd0d6f3a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5"


def found(text, language="en"):
    """The facts of a text by role, each a pair of value and kind."""
    facts = {}
    for one in search(Page(text, language)):
        facts.setdefault(one.role, []).append((one.value, one.kind))
    return facts


def test_what_is_written_is_found_and_nothing_else():
    """Of generated messages in ten languages 99 % of the facts are found, and 99 % of what is found is one."""
    right = wrong = missing = 0
    for message in messages(COUNT, seed=20261122):
        seen = {(one.role, one.value) for one in search(Page(message.text, message.language))}
        right += len(seen & message.facts)
        wrong += len(seen - message.facts)
        missing += len(message.facts - seen)
    print(f"precision {right / (right + wrong):.4f}, recall {right / (right + missing):.4f} on {COUNT} messages")

    assert right / (right + wrong) >= 0.99
    assert right / (right + missing) >= 0.99


@pytest.mark.parametrize(
    ("text", "language", "amount"),
    [
        ("1,234.56 USDT", "en", ("1234.56", "USDT")),
        ("0.5个ETH没到", "zh-Hans", ("0.5", "ETH")),
        ("三千U不见了", "zh-Hans", ("3000", "USDT")),
        ("一万二美金", "zh-Hans", ("12000", "USD")),
        ("2万5千U没了", "zh-Hans", ("25000", "USDT")),
        ("1億5000万円", "ja", ("150000000", "JPY")),
        ("半个比特币", "zh-Hans", ("0.5", "BTC")),
        ("I lost $1.2k", "en", ("1200", "USD")),
        ("￥500", "zh-Hans", ("500", "CNY")),
        ("￥500", "ja", ("500", "JPY")),
        ("100万ウォン", "ja", ("1000000", "KRW")),
        ("백만원", "ko", ("1000000", "KRW")),
        ("3 triệu đồng", "vi", ("3000000", "VND")),
        ("Rp 1.500.000", "id", ("1500000", "IDR")),
        ("2,5 млн рублей", "ru", ("2500000", "RUB")),
        ("1.234,56 euros", "es", ("1234.56", "EUR")),
        ("３０００ＵＳＤＴ", "zh-Hans", ("3000", "USDT")),
        ("500 NEAR", "en", ("500", "NEAR")),
        ("sent .5 eth", "en", ("0.5", "ETH")),
        ("it is gone.5 eth", "en", ("5", "ETH")),
        ("500 USD₮", "en", ("500", "USDT")),
        ("1억 2천만 원", "ko", ("120000000", "KRW")),
        ("100多万U没了", "zh-Hans", ("1000000", "USDT")),
        ("两千多U", "zh-Hans", ("2000", "USDT")),
        ("500-700 USDT lost", "en", ("700", "USDT")),
        ("On 11-22 500 USDT was sent", "en", ("500", "USDT")),
        ("level 3-5 250 ETH", "en", ("250", "ETH")),
        ("损失大概3-5万U", "zh-Hans", ("50000", "USDT")),
        ("2.3個ETH", "zh-Hant", ("2.3", "ETH")),
        ("5枚BTC", "zh-Hans", ("5", "BTC")),
    ],
)
def test_an_amount_is_told_in_plain_digits(text, language, amount):
    """Whatever the separators, numerals and multipliers, the value is a number and the kind a currency."""
    assert found(text, language) == {"amounts": [amount]}


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("2024-03-05T14:30:00Z", "en", "2024-03-05T14:30:00Z"),
        ("March 5th, 2024 at 2:30 pm UTC+8", "en", "2024-03-05T14:30+08:00"),
        ("03/05/2024", "en", "2024-03-05"),
        ("03/05/2024", "es", "2024-05-03"),
        ("25/12/2024", "en", "2024-12-25"),
        ("2024年3月5日下午2点半", "zh-Hans", "2024-03-05T14:30"),
        ("3月5日 14時30分", "ja", "--03-05T14:30"),
        ("2024/03/05（火）14:30", "ja", "2024-03-05T14:30"),
        ("2024. 3. 5. 14:30", "ko", "2024-03-05T14:30"),
        ("昨晚8点半", "zh-Hans", "20:30"),
        ("昨天15：30", "zh-Hans", "15:30"),
        ("11/22 下午3点转的", "zh-Hans", "--11-22T15:00"),
        ("22/11 15:30", "es", "--11-22T15:30"),
        ("11/22 3pm", "en", "--11-22T15:00"),
        ("2024年3月5日14时30分15秒", "zh-Hans", "2024-03-05T14:30:15"),
        ("2024년 3월 5일 오후 2시 30분", "ko", "2024-03-05T14:30"),
        ("14h30 ngày 05/03/2024", "vi", "2024-03-05T14:30"),
        ("5 марта 2024 г. в 14:30 МСК", "ru", "2024-03-05T14:30+03:00"),
        ("5 de marzo de 2024 a las 14:30", "es", "2024-03-05T14:30"),
        ("5 Maret 2024 pukul 14.30", "id", "2024-03-05T14:30"),
        ("5 Mart 2024 saat 14:30", "tr", "2024-03-05T14:30"),
    ],
)
def test_a_moment_is_told_in_iso_8601(text, language, value):
    """Dates and times of several languages have one form, without a year or a zone that nobody wrote."""
    assert [one for one, _ in found(text, language)["times"]] == [value]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (EVM, "evm"),
        (f"my BSC address {EVM}", "bsc"),
        ("T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "tron"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bitcoin"),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "bitcoin"),
        ("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "xrp"),
        ("EQDtFpEwcFAEcRe5mLVh2N6C0x-_hJEM7W61_JLnSF74p4q2", "ton"),
        ("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "solana"),
    ],
)
def test_an_address_is_known_by_its_checksum(text, kind):
    """Each chain's addresses are found and told apart; one letter changed, they are none."""
    address = text.split()[-1]
    broken = address[:-9] + ("b" if address[-9] != "b" else "d") + address[-8:]

    assert found(text) == {"addresses": [(address, kind)]}
    assert kind == "solana" or "addresses" not in found(text.replace(address, broken))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"https://tronscan.org/#/transaction/{HASH}", "tron"),
        (f"https://bscscan.com/tx/0x{HASH}", "bsc"),
        (f"比特币转账 {HASH}", "bitcoin"),
        (f"TRC20 tx: {HASH}", "tron"),
        (f"tx 0x{HASH}", "evm"),
        (f"TxID {HASH}", None),
    ],
)
def test_a_hash_belongs_to_the_chain_that_is_named(text, kind):
    """The explorer in whose link it stands, or the words near it, name the chain."""
    assert found(text)["tx_hashes"] == [(f"0x{HASH}" if "0x" in text else HASH, kind)]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://example.com/a(b), please", ["https://example.com/a(b)"]),
        ("(www.example.com/x?y=1)", ["www.example.com/x?y=1"]),
        ("请打开metamask-login.xyz领取", ["metamask-login.xyz"]),
        ("hxxps://evil[.]com/x", ["https://evil.com/x"]),
        ("report.pdf and main.py, e.g. this.Thanks", []),
        ("write to me@example.com", []),
    ],
)
def test_a_link_ends_where_its_sentence_goes_on(text, urls):
    """Links are found with and without a scheme; file names, mail addresses and sentences are none."""
    assert [value for value, _ in found(text).get("urls", [])] == urls


@pytest.mark.parametrize(
    "text",
    ["I waited 3 days", "BTC 3 days ago", "2 BTC wallets", "TRC20 and ERC-20", "一块儿", "100%", "192.168.0.1",
     "step 2 of 3", "case 5", "Uniswap v3", "31.02.2024", "0x1234", "in USDT, 5 people", "25:99",
     "1/2 of it", "24/7 support", "9/10 users"],
)  # fmt: skip
def test_a_number_that_states_nothing_is_no_fact(text):
    """Counts, standards, versions of protocols and days that do not exist are left alone."""
    assert found(text) == {}


def test_a_span_counts_code_points():
    """The place of a fact is that in the text, whatever stands before it."""
    text = "😀İ ＡＢ ３０００ＵＳＤＴ, 0.5 ETH"
    spans = [text[one.start : one.end] for one in search(Page(text, "en"))]

    assert spans == ["３０００ＵＳＤＴ", "0.5 ETH"]


def test_an_operators_pattern_finds_its_numbers():
    """A number that an operator describes is found without a word before it, and under its name."""
    text = "please look at W1234567890 now"

    assert [(one.kind, one.value) for one in search(Page(text, "en"), [("order", "W[0-9]{10}")])] == [
        ("order", "W1234567890")
    ]
    assert patterned(Page("1" * 50, None), 0, 50, [("order", "1+")]) is None


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("0123456789.,:/-+$ 年月日UETHx")), max_size=300))
def test_any_text_can_be_read(text):
    """No text raises, and each fact lies inside it."""
    assert all(0 <= one.start < one.end <= len(text) for one in search(Page(text, "en")))


@pytest.mark.parametrize(
    "piece",
    ["1", "1.", "1 ", "a.", "1,1.", "2024-", "12-", "12-12-12-", "三", "0x", "(1)", "+1 ", "a@b.c ", "1月", "://a."],
)
def test_the_cost_grows_with_the_length(piece):
    """No repetition of a piece makes the work grow faster than the text."""

    def cost(count):
        start = time.thread_time()
        list(search(Page(piece * count, "zh-Hans")))
        return time.thread_time() - start

    small, large = min(cost(1000) for _ in range(3)), min(cost(8000) for _ in range(3))

    assert large < small * 24 + 0.05


@pytest.mark.parametrize("kind", [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE])
def test_phone_numbers_of_every_country_are_those_of_the_library(kind):
    """An example number of each country, and it with another last or third digit, is one where phonenumbers says so."""
    examples = [phonenumbers.example_number_for_type(region, kind) for region in phonenumbers.SUPPORTED_REGIONS]
    checked = 0
    for code, national in [(one.country_code, str(one.national_number)) for one in examples if one]:
        for written in (national, f"{national[:-1]}7", f"{national[:2]}0{national[3:]}"):
            number = phonenumbers.PhoneNumber(country_code=code, national_number=int(written))
            region = phonenumbers.region_code_for_number(number)
            alone = len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]) == 1
            valid = region and (not alone or phonenumbers.is_valid_number_for_region(number, region))
            if len(f"{code}{written}") > 7 and len(written) > 5:
                expected = [(f"+{code}{written}", region)] if valid else None
                assert found(f"call me at +{code}{written}").get("phones") == expected
                checked += 1

    assert checked > 500


@pytest.mark.timeout(20)
@pytest.mark.parametrize("behind", ["-1", "_0", "-12-13", "_a1", "-0x5"])
@pytest.mark.parametrize(
    "word",
    [
        f"0x{'9f3c1e7a' * 8}",
        "9f3c1e7a" * 8,
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    ],
)
def test_a_number_behind_a_hash_or_an_address_is_read_past(word: str, behind: str) -> None:
    """The index of a log or an output, joined to what it belongs to, is no second look at the same word."""
    stated = list(search(Page(f"it is {word}{behind} and pending", "en")))

    assert [one.value.lower() for one in stated if one.role in ("tx_hashes", "addresses")] == [word.lower()]


@pytest.mark.parametrize("cut", [30, 44, 60])
@pytest.mark.parametrize("end", ["\n", "\r\n", "=\n", "\n> "])
def test_a_hash_that_a_mail_broke_into_two_lines_is_one(cut: int, end: str) -> None:
    """Also where the first half alone would be an address."""
    assert found(f"tx 0x{HASH[:cut]}{end}{HASH[cut:]} please") == {"tx_hashes": [(f"0x{HASH}", "evm")]}


def test_a_number_that_is_called_a_phone_is_one_whatever_follows() -> None:
    """A sign of money behind it belongs to the next sentence."""
    assert found("SĐT: 0987345256 $9.138 của tôi", "vi")["phones"] == [("+84987345256", "VN")]


def test_an_address_above_a_line_of_hexadecimal_stays_one() -> None:
    """Two lines are a hash only where they have its length together."""
    assert found(f"{EVM}\n12ab") == {"addresses": [(EVM, "evm")]}


def test_what_is_whole_by_itself_is_no_half_of_a_hash():
    """An address, and a digest, do not go on in the next line, whatever stands there."""
    address = "0x52908400098527886E0F7030069857D2E4169EE7"
    assert found(f"To: {address}\n507f1f77bcf86cd799439011")["addresses"] == [(address, "evm")]
    assert "tx_hashes" not in found("d41d8cd98f00b204e9800998ecf8427e\nd41d8cd98f00b204e9800998ecf8427e")


@pytest.mark.parametrize("text", ["open 24/7 9am", "confirmations 3/12 14:05", "step 2/3 10:15"])
def test_shares_are_no_days(text):
    """What is counted by a slash has no date in it, also before a clock."""
    assert all(kind == "time" for _, kind in found(text).get("times", []))

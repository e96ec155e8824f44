"""Signs of fraud: domains, wording, poisoned addresses, and senders who pose as support."""

from datetime import UTC, datetime

import msgspec
import pytest

from model.draft import Context, Draft, PhishingLists
from model.skeleton import skeleton
from model.ticket import Address, Fact, Message, Requester
from normalizer.examine import examine
from normalizer.facts.page import Page
from normalizer.safety.lists import compile_lists
from normalizer.safety.phishing import phishing, poisoned, verdict

NOW = datetime(2026, 3, 1, tzinfo=UTC)
METAMASK = b"""{"version": 2, "tolerance": 2, "fuzzylist": ["metamask.io", "myetherwallet.com"],
 "whitelist": ["metamask.io", "metabase.one"], "blacklist": ["etherspromo.org", "xn--polonix-17a.com"]}"""
LISTS = compile_lists([("metamask", METAMASK)], own_domains=["moonpurse.com"])
BRANDS = ("Moonpurse",)


def draft(text="", name="", address="a@example.org"):
    """A message of somebody."""
    message = Message(id="", source_id="1", received_at=NOW, from_=(Address(name=name, address=address),), text=text)
    return Draft(requester=Requester(id="", name=name), message=message)


@pytest.mark.parametrize(
    ("domain", "rule"),
    [
        ("etherspromo.org", "blocked"),
        ("login.EtherSpromo.org.", "blocked"),
        ("xn--polonix-17a.com", "blocked"),
        ("metamask.io", None),
        ("support.metamask.io", None),
        ("metabase.one", None),
        ("metamask.xyz", "similar"),
        ("www.metamaskk.io", "similar"),
        ("my-etherwallet.com", "similar"),
        ("xn--mtamask-7gg.login.io", "lookalike"),
        ("m\u0435t\u0430m\u0430s\u043a.login.io", "lookalike"),
        ("app.moonpurse.com", None),
        ("moonpurse-airdrop.xyz", "lookalike"),
        ("m00npurse.io", "lookalike"),
        ("moonpurse.evil.io", "lookalike"),
        ("example.org", None),
        ("example", None),
        ("xn--99999999999.com", None),
    ],
)
def test_a_domain_is_compared_with_the_lists(domain, rule):
    """Allowed before blocked before similar, each for all subdomains; then what looks like a name that counts."""
    assert verdict(domain, LISTS, BRANDS) == rule


@pytest.mark.parametrize(
    ("content", "blocked"),
    [
        (b"# comment\nbad.example\n! other\n  worse.example  # why\n", ["bad.example", "worse.example"]),
        (b"127.0.0.1 localhost\n0.0.0.0 bad.example www.bad.example\n::1 ip6\n", ["bad.example"]),
        (
            b'[{"blocklist": ["bad.example"], "name": "x", "version": 1}, {"blocklist": ["worse.example"]}]',
            ["bad.example"],
        ),
        (b"", []),
    ],
)
def test_lists_are_read_in_each_published_format(content, blocked):
    """The JSON of eth-phishing-detect in its old and new names, hosts files and plain lists."""
    lists = compile_lists([("list", content)])

    assert [verdict(name, lists) for name in blocked] == ["blocked"] * len(blocked)
    assert verdict("fine.example", lists) is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'{"blacklist": 5}', "list: not a list of eth-phishing-detect"),
        (b"https://bad.example/x\n", "list, line 1: expected a domain"),
        (b"\xff\xfe\x00", "list: neither JSON nor text"),
    ],
)
def test_what_is_no_list_is_refused_by_name(content, text):
    """A file in no known format is named, with the line where there is one."""
    with pytest.raises(ValueError, match=text):
        compile_lists([("list", content)])


def test_a_large_list_is_small():
    """A hundred thousand domains take 8 bytes each, and pass to another process as they are."""
    lists = compile_lists([("list", "\n".join(f"d{i}.example" for i in range(100_000)).encode())])
    copied = msgspec.msgpack.decode(msgspec.msgpack.encode(lists), type=PhishingLists)

    assert len(lists.blocked) == 800_000
    assert verdict("x.d77777.example", copied) == "blocked"


@pytest.mark.parametrize(
    "text",
    [
        "Dear user, please verify your wallet within 24 hours",
        "恭喜您获得官方空投，请点击领取",
        "驗證您的錢包以免資金被凍結",
        "今すぐウォレットを認証してください",
        "공식 에어드랍 보상을 받으세요",
        "Vui lòng xác minh ví của bạn để nhận phần thưởng",
        "Segera verifikasi dompet Anda",
        "Подтвердите ваш кошелёк и получите награду",
        "Verifique su billetera para no perder sus fondos",
        "Cüzdanınızı doğrulayın ve ödülünüzü alın",
    ],
)
def test_the_wording_of_bait_is_recognised(text):
    """Official rewards and wallets to be verified are marked in each language, with the words as the reason."""
    [first, *_] = phishing(Page(text, None), PhishingLists(), ())

    assert first.rule in ("reward_wording", "verify_wording")
    assert first.text in text


@pytest.mark.parametrize(
    "text", ["How do I verify my address?", "my wallet is empty", "钱包里的钱没了", "el soporte no contesta"]
)
def test_a_plain_question_is_no_bait(text):
    """The words of bait alone, without its turn, mark nothing."""
    assert phishing(Page(text, None), PhishingLists(), ()) == ()


def test_a_link_in_a_message_is_marked_once():
    """Domains of links and of mail addresses are compared, however often they stand there."""
    text = "http://etherspromo.org/a etherspromo.org/b help@metamask.xyz"

    assert [(one.rule, one.text) for one in phishing(Page(text, "en"), LISTS, ())] == [
        ("blocked_domain", "etherspromo.org"),
        ("similar_domain", "metamask.xyz"),
    ]


def test_addresses_with_the_same_ends_are_marked():
    """In one message or across a conversation, two addresses that differ in the middle alone are told."""
    one, other, third = (f"0xAbCd{middle * 32}9876" for middle in "123")
    facts = (Fact(value=one, kind="evm"), Fact(value=other, kind="evm"))

    assert [match.text for match in poisoned(facts, ())] == [f"{one} {other}"]
    assert [match.text for match in poisoned(facts[:1], (third, one.lower()))] == [f"{third} {one}"]
    assert poisoned(facts[:1], ("0xffff" + "1" * 32 + "9876",)) == ()


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Moonpurse Support", "brand_name"),
        ("M\u043e\u043enpurse Official", "brand_name"),
        ("moonpurse", "brand_name"),
        ("Moonpurse官方客服", "brand_name"),
        ("Supp0rt Team", "support_name"),
        ("官方客服", "support_name"),
        ("고객센터", "support_name"),
        ("Служба поддержки", "support_name"),
        ("Moonpurse fan Ann", None),
        ("Zendesk Support", None),
        ("山田太郎", None),
        ("", None),
    ],
)
def test_a_sender_who_poses_as_support_is_marked(name, rule):
    """Our names with a word of office, and names of nothing but support, whatever letters they have."""
    found = examine(draft("hello", name), Context(now=NOW, brands=BRANDS)).safety.impersonation

    assert (found and found.rule) == rule


def test_we_do_not_pose_as_ourselves():
    """Mail from our own address may bear our name."""
    context = Context(now=NOW, brands=BRANDS, own_addresses=("support@moonpurse.com",))

    assert examine(draft("x", "Moonpurse Support", "support@moonpurse.com"), context).safety.impersonation is None


def test_a_skeleton_is_that_of_what_it_looks_like():
    """Other scripts, accents, digits and separators do not change what a name looks like."""
    assert {
        skeleton(name)
        for name in ("imToken", "IMT0KEN", "\u0456mt\u043eken", "im-token", "ｉｍＴｏｋｅｎ", "lmtóken", "ꓲmtoken")
    } == {skeleton("imtoken")}


def test_a_ticket_has_facts_and_signs_together():
    """The chain's step gives a draft its facts, those of the subject without a span, and what speaks against it."""
    said = draft("see https://etherspromo.org", "Ann")
    said = msgspec.structs.replace(said, message=msgspec.structs.replace(said.message, subject="order 1234567"))
    seen = examine(said, Context(now=NOW, phishing=LISTS))

    assert [(one.value, one.span) for one in seen.facts.urls] == [("https://etherspromo.org", (4, 27))]
    assert [(one.value, one.span) for one in seen.facts.orders] == [("1234567", None)]
    assert [one.rule for one in seen.safety.phishing] == ["blocked_domain"]


def test_facts_stay_within_what_an_event_may_hold():
    """A message of ten thousand links has as many facts as fit, and its phishing few reasons."""
    text = " ".join(f"https://etherspromo.org/{i}/{'x' * 100}" for i in range(10_000))
    seen = examine(draft(text), Context(now=NOW, phishing=LISTS))

    assert len(msgspec.json.encode(seen.facts)) < 32 * 1024
    assert len(seen.safety.phishing) == 1

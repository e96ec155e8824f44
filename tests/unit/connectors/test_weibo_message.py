"""What Weibo writes is read with care, whatever is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.weibo.errors import RateLimited, Refused, refusal
from connectors.weibo.message import Account, envelope, read_comment, read_status, read_time
from connectors.weibo.permalink import permalink, post_of
from connectors.weibo.plan import Plan
from connectors.weibo.push import read_pushed, signature
from connectors.weibo.reply import parts
from model.envelope import Envelope
from model.errors import CredentialsRejected, Permanent, Transient
from model.spoken import Spoken
from tests.support.weibo_world import OUR_POST, World

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ACCOUNT = Account("weibo", "1902538057", ("钱包客服",))
WORLD = World(now=lambda: NOW)


def _spoken(found: Envelope) -> Spoken:
    assert isinstance(found.raw, bytes)
    return msgspec.json.decode(found.raw, type=Spoken)


def _status(number: int) -> Spoken:
    said = read_status(WORLD.objects[number], NOW)
    assert said is not None
    return _spoken(envelope(said, ACCOUNT, text=said.text, start=None))


def test_times_are_read_whatever_the_locale() -> None:
    """The form that Weibo writes, with its zone; anything else is no time."""
    assert read_time("Tue May 31 17:46:55 +0800 2011") == datetime(2011, 5, 31, 9, 46, 55, tzinfo=UTC)
    assert [read_time(one) for one in ("", None, 7, "Tue Foo 31 17:46:55 +0800 2011", "a b c d e f")] == [None] * 5


def test_a_permalink_is_the_number_in_base_62() -> None:
    """The address of a well-known post, and back again."""
    link = permalink("1642088277", "3501756485200075")

    assert link == "https://weibo.com/1642088277/z0JH2lOMb"
    assert post_of(link) == "3501756485200075"
    assert (permalink("x", "1"), post_of("https://example.com/1/2"), post_of(None)) == (None, None, None)


@given(st.integers(1, 2**63))
def test_a_permalink_leads_back(number: int) -> None:
    """Whatever the number."""
    assert post_of(permalink("1", str(number))) == str(number)


def test_a_mention_says_who_where_and_what() -> None:
    """The lasting number comes first, the name that may change behind it, and the address of the post."""
    number = WORLD.mention("2489518277", "@钱包客服 转账没到", name="小明")
    spoken = _status(number)

    assert spoken.text == "@钱包客服 转账没到"
    assert [(one.value, one.verified) for one in spoken.identities] == [("2489518277", True), ("@小明", False)]
    assert spoken.participants == ("weibo:2489518277",)
    assert spoken.key == f"weibo:{number}:2489518277"
    assert spoken.url == permalink("2489518277", str(number))
    assert spoken.sent_at == NOW


def test_a_conversation_is_its_root_and_its_author() -> None:
    """Comments on a post, on its repost, and the repost itself are one conversation of one author."""
    post = WORLD.mention("7", "first")
    repost = WORLD.mention("7", "again", repost=post)
    keys = {_status(post).key, _status(repost).key}
    for on, uid in ((post, "7"), (repost, "7"), (post, "8")):
        said = read_comment(WORLD.objects[WORLD.comment(uid, "comment", on=on)], NOW)
        assert said is not None
        keys.add(_spoken(envelope(said, ACCOUNT, text="", start=None)).key)

    assert keys == {f"weibo:{post}:7", f"weibo:{post}:8"}


def test_what_was_removed_or_is_ours_becomes_no_ticket() -> None:
    """Each is accounted for by its rule."""
    removed, ours, old = (WORLD.mention(uid, "text") for uid in ("7", ACCOUNT.uid, "7"))
    WORLD.delete(removed)
    found = [read_status(WORLD.objects[number], NOW) for number in (removed, ours, old)]
    later = NOW + timedelta(hours=1)

    rules = [envelope(one, ACCOUNT, text="", start=later).ignored for one in found if one]
    assert rules == ["deleted", "own", "before-start"]


def test_pictures_are_taken_in_full_size_over_https() -> None:
    """Thumbnails lead to the large ones; without them the original is taken."""
    value = WORLD.objects[WORLD.mention("7", "x")]
    thumbnails = [{"thumbnail_pic": "http://ww1.sinaimg.cn/thumbnail/a.jpg"}, {"thumbnail_pic": None}, "x"]
    said = read_status(value | {"pic_urls": thumbnails}, NOW)
    alone = read_status(value | {"original_pic": "http://ww1.sinaimg.cn/large/b.jpg"}, NOW)

    assert said is not None
    assert alone is not None
    assert said.pictures == ("https://ww1.sinaimg.cn/large/a.jpg",)
    assert alone.pictures == ("https://ww1.sinaimg.cn/large/b.jpg",)


@pytest.mark.parametrize(
    ("name", "rule"), [("钱包客服", "copied-name"), ("钱包客服1", "confusable-name"), ("小明", None)]
)
def test_who_poses_as_us_is_marked(name: str, rule: str | None) -> None:
    """An account that has our name, or nearly."""
    found = _status(WORLD.mention("666", "联系我", name=name)).impersonation

    assert (found and found.rule) == rule


_TEXT = st.text("a1 <汉", max_size=5)
_LEAF = st.none() | st.booleans() | st.integers(-9, 2**70) | _TEXT
_ODD = _LEAF | st.lists(_LEAF, max_size=3) | st.dictionaries(_TEXT, _LEAF, max_size=3)
_FIELDS = [name for name in WORLD.objects[OUR_POST] if name not in ("id", "idstr")]


@given(
    st.dictionaries(st.sampled_from([*_FIELDS, "status", "pic_urls", "retweeted_status", "deleted"]), _ODD, max_size=5)
)
def test_odd_fields_keep_nothing_from_being_read(odd: dict[str, object]) -> None:
    """Whatever stands in the fields of something with a number, it becomes an envelope."""
    post = WORLD.objects[OUR_POST]
    for value in (post | odd, {"id": OUR_POST, "status": post | odd, **odd}):
        for read in (read_status, read_comment):
            said = read(value, NOW)
            assert said is not None
            assert envelope(said, ACCOUNT, text=said.text, start=None).source_id.endswith(str(OUR_POST))


def test_the_signature_is_that_of_the_documentation() -> None:
    """The example of Weibo's own page."""
    assert signature("xyz123xyz", "1397022061823", "57155157") == "90e4c22c90a58f26526c2dd5b6c56c8822edeaa1"


def test_a_private_message_is_named_by_sender_time_and_content() -> None:
    """The same again has the same name, anything else another."""

    def name(**fields: object) -> str:
        message = {
            "type": "text",
            "receiver_id": 1902538057,
            "sender_id": 7,
            "created_at": "x",
            "text": "a",
            "data": {},
        }
        found = read_pushed(msgspec.json.encode(message | fields), NOW, "1902538057")
        assert found is not None
        return found.source_id

    assert name() == name()
    others = [{"sender_id": 8}, {"created_at": "y"}, {"text": "b"}, {"data": {"tovfid": 1}}, {"type": "image"}]
    assert len({name(), *(name(**one) for one in others)}) == 6


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ((10001, 10002, 10003, 10009, 10010, 10011, 20016, 10099), Transient),
        ((10022, 10023, 10024), RateLimited),
        ((21301, *range(21314, 21320), 21327, 21332, 21321, 10004, 10005, 10006, 10014, 10020), CredentialsRejected),
        ((20012, 20013, 20017, 20019, 20018, 20021, 20031, 20101, 20201, 29999), Refused),
    ],
)
def test_codes_are_named_by_what_helps(codes: tuple[int, ...], kind: type[Exception]) -> None:
    """Again later, at the end of the hour, after a person acted, or never."""
    assert [type(refusal(code, 403)) for code in codes if not isinstance(refusal(code, 403), kind)] == []


def test_long_answers_are_split_shortened_or_refused() -> None:
    """Every piece fits, nothing is lost between them, and an emoji counts as two."""
    text = " ".join(f"word{number}" for number in range(60))
    pieces = parts(text, 140, "split")

    assert all(len(piece) <= 140 for piece in pieces)
    assert " ".join(piece.partition(") ")[2] for piece in pieces) == text
    assert parts("😀" * 70, 140, "refuse") == ["😀" * 70]
    assert parts("😀" * 71, 140, "shorten") == ["😀" * 69 + "…"]
    for refused, how in ((text, "refuse"), ("汉" * 1300, "split"), ("  ", "split")):
        with pytest.raises(Permanent):
            parts(refused, 140, how)


def test_a_list_with_news_is_read_before_the_others() -> None:
    """Counters that differ are news; what stays as it was is read now and then."""
    plan, slot = Plan(["mentions", "comments_to_me"], timedelta(minutes=10)), timedelta(seconds=24)
    assert plan.due(NOW, slot) == ["mentions", "comments_to_me"]
    for stream in ("mentions", "comments_to_me"):
        plan.read(stream, NOW, 0)
    plan.counted({"mentions": 3, "comments_to_me": 0})
    assert plan.due(NOW + timedelta(seconds=5), slot) == []
    assert plan.due(NOW + timedelta(seconds=12), slot) == ["mentions"]
    plan.read("mentions", NOW + timedelta(seconds=12), 3)
    plan.counted({"mentions": 3, "comments_to_me": 0})
    assert plan.due(NOW + timedelta(minutes=9), slot) == []
    assert plan.due(NOW + timedelta(minutes=11), slot) == ["mentions", "comments_to_me"]


def test_without_counters_lists_are_read_at_a_pace() -> None:
    """A list that had nothing new is read ever less often, one that had more often."""
    plan, slot = Plan(["mentions", "comments_to_me"], timedelta(hours=1)), timedelta(seconds=24)
    plan.counted(None)
    plan.read("mentions", NOW, 5)
    for _ in range(3):
        plan.read("comments_to_me", NOW, 0)

    assert plan.due(NOW + 2 * slot, slot) == ["mentions"]
    assert plan.due(NOW + 16 * slot, slot) == ["mentions", "comments_to_me"]

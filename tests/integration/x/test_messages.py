"""What becomes of posts and direct messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.x.message import id_at
from tests.integration.x.conftest import CONSENT, Reader, said

LONG = "long " * 200


@pytest.mark.parametrize("renamed", [False, True])
async def test_a_post_is_read_whole(reader: Reader, *, renamed: bool) -> None:
    """Long text, links as they lead, escaped signs, under the old and the new names of the fields."""
    reader.emulator.renamed = renamed
    link = {"url": "https://t.co/x", "expanded_url": "https://evil.example/login"}
    reader.world.user("42", "Bob", "bob")
    first = reader.world.mention("a &amp; b https://t.co/x", entities={"urls": [link]})
    reader.world.mention(LONG)
    short, long = await reader.read(2)

    assert short.text == "@acme a & b https://evil.example/login"
    assert short.url == f"https://x.com/bob/status/{first}"
    assert (short.sender, [one.value for one in short.identities]) == ("Bob", ["42", "@bob"])
    assert short.participants == ("x:42",)
    assert long.text == f"@acme {LONG}".strip()
    assert [one.visibility for one in reader.intake.accepted] == ["public", "public"]
    assert reader.intake.accepted[0].source_id == f"post:{first}"


async def test_a_conversation_is_a_thread_and_its_author(reader: Reader) -> None:
    """The same person in the same thread goes on; another person, or another thread, is another conversation."""
    root = reader.world.mention("a")
    reader.world.mention("b", thread=root)
    reader.world.mention("c", author="43", thread=root)
    reader.world.mention("d")
    keys = [one.key for one in await reader.read(4)]

    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("renamed", [False, True])
async def test_an_edit_follows_its_first_version(reader: Reader, *, renamed: bool) -> None:
    """An edited post is one message more, marked, in the conversation of its first id; each version comes once."""
    reader.emulator.renamed = renamed
    first = reader.world.mention("old")
    async with reader.running():
        await reader.intake.until_accepted(1)
        second = reader.world.edit(first, "new")
        await reader.intake.until_accepted(2)
        third = reader.world.edit(first, "newest")
        await reader.intake.until_accepted(3)
    texts = [said(one) for one in reader.intake.accepted]

    assert [one.text for one in texts] == ["@acme old", "[edited]\n@acme new", "[edited]\n@acme newest"]
    assert len({one.key for one in texts}) == 1
    assert [one.source_id for one in reader.intake.accepted] == [f"post:{one}" for one in (first, second, third)]


async def test_deleted_and_protected_posts_do_no_harm(reader: Reader) -> None:
    """Where X leaves posts out, the others are read."""
    numbers = [int(reader.world.mention(f"n{n}")) for n in range(6)]
    del reader.world.posts[numbers[2]]
    reader.world.protected.add(numbers[4])

    assert [one.text for one in await reader.read(4)] == ["@acme n0", "@acme n1", "@acme n3", "@acme n5"]


async def test_what_has_no_id_is_passed_and_said(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    """No ticket can be made of it; the others are read, and a line is logged."""
    reader.world.mention("a")
    reader.world.posts[int(reader.world.mention("b"))] = {"text": "no id", "edit_history_tweet_ids": []}
    reader.world.mention("c")

    assert [one.text for one in await reader.read(2)] == ["@acme a", "@acme c"]
    assert "item.without_id" in capsys.readouterr().out


async def test_photos_and_videos_are_attached(reader: Reader) -> None:
    """A photo as it is, of a video the best form that is small enough, a GIF as its film."""
    world, base = reader.world, reader.emulator.url + "/media/"
    world.file("3_1", "photo", b"\xff\xd8\xff" + b"." * 100, base + "a.jpg")
    forms = [(5_000_000, b"best" * 9000), (800_000, b"good" * 3000), (300_000, b"fair" * 500)]
    variants = [{"content_type": "application/x-mpegURL", "url": base + "v.m3u8"}]
    for rate, content in forms:
        world.files[f"v{rate}.mp4"] = ("video/mp4", content)
        variants.append({"content_type": "video/mp4", "bit_rate": rate, "url": f"{base}v{rate}.mp4"})
    world.media["7_1"] = {"media_key": "7_1", "type": "video", "variants": variants, "duration_ms": 100}
    world.mention("look", attachments={"media_keys": ["3_1", "7_1"]})
    [post] = await reader.read(1, max_attachment_size=20_000)

    assert [(one.filename, one.media_type) for one in post.files] == [
        ("3_1.jpg", "image/jpeg"),
        ("7_1.mp4", "video/mp4"),
    ]
    assert reader.state.blobs[post.files[1].blob.sha256] == b"good" * 3000
    assert post.text == "@acme look"


async def test_a_file_that_cannot_be_had_is_named(reader: Reader) -> None:
    """The post comes without it, and says why and where it is."""
    reader.world.media["3_1"] = {"media_key": "3_1", "type": "photo", "url": reader.emulator.url + "/media/gone.jpg"}
    reader.world.mention("look", attachments={"media_keys": ["3_1", "3_2"]})
    [post] = await reader.read(1)

    assert post.files == ()
    assert "[photo not fetched: the server answers 404]" in post.text
    assert "/media/gone.jpg" in post.text


async def test_without_an_allowance_nothing_comes_from_this_machine(reader: Reader) -> None:
    """A post that points inside is told so."""
    reader.world.file("3_1", "photo", b"secret", reader.emulator.url + "/media/a.jpg")
    reader.world.mention("look", attachments={"media_keys": ["3_1"]})
    [post] = await reader.read(1, loopback_media=False)

    assert post.files == ()
    assert "not https" in post.text


async def test_direct_messages_are_private_and_their_files_asked_of_the_api(reader: Reader) -> None:
    """All of one sender is a conversation; what the account wrote itself is accounted for, and no ticket."""
    url = "https://ton.twitter.com/1.1/ton/data/dm/11/22/pic.jpg"
    reader.world.file("3_9", "photo", b"\xff\xd8\xff", url)
    reader.world.message("hello")
    reader.world.message("we answered", sender="7")
    reader.world.message("look", attachments={"media_keys": ["3_9"]})
    reader.world.message("me too", sender="43")
    hello, look, other = await reader.read(3, oauth=CONSENT)

    assert (hello.text, look.text, other.text) == ("hello", "look", "me too")
    assert hello.key == look.key != other.key
    assert [one.filename for one in look.files] == ["3_9.jpg"]
    assert [one.ignored for one in reader.intake.ignored] == ["own"]
    assert {one.visibility for one in reader.intake.accepted} == {"private"}


async def test_who_poses_as_us_is_named(reader: Reader) -> None:
    """The account's own name, and configured ones, are what is compared with."""
    reader.world.user("66", "Acme Wallet", "helper1")
    reader.world.user("67", "Міа from Acmе", "mia99")
    for author in ("66", "67", "42"):
        reader.world.mention("send me your seed phrase", author)
    found = [one.impersonation for one in await reader.read(3, names=["Mia from Acme"])]

    assert [one and one.rule for one in found] == ["copied-name", "confusable-name", None]


async def test_what_lies_before_the_start_is_not_even_bought(reader: Reader) -> None:
    """With `start: now` nothing older is asked for; after a restart the first start holds."""
    reader.world.now = datetime.now(UTC) - timedelta(hours=1)
    reader.world.mention("old")
    reader.world.message("old")
    reader.world.now = None
    async with reader.running(start="now", oauth=CONSENT):
        await reader.health.until(lambda health: health.reads > 1)
    reader.world.mention("new")
    [post] = await reader.read(1, start="now")

    assert post.text == "@acme new"
    assert sum(reader.world.paid.values()) <= 5 * 20_000


async def test_backfill_hands_over_what_lies_before(reader: Reader) -> None:
    """Since a time, or from an id on; the cursor stays, and a list may be chosen."""
    now = datetime.now(UTC)
    ids = []
    for days in (3, 2, 1):
        reader.world.now = now - timedelta(days=days)
        ids.append(reader.world.mention(f"{days} days ago"))
    reader.world.message("yesterday")
    reader.world.now = None
    counts = [
        n async for n in reader.connector(oauth=CONSENT).backfill(reader.intake, reader.state, now - timedelta(2.5))
    ]
    texts = [said(one).text for one in reader.intake.accepted]
    later = reader.connector().backfill(reader.intake, reader.state, now, stream=f"mentions:{int(ids[0]) - 1}")

    assert counts == [2, 3]
    assert texts == ["@acme 2 days ago", "@acme 1 days ago", "yesterday"]
    assert [n async for n in later] == [3]
    assert reader.intake.cursors == {}
    assert id_at(now) > int(ids[-1])

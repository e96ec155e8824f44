"""Posts and direct messages as X gives them (API v2), as messages.

Read with both spellings of the fields that were renamed, and with anything missing: what has an id becomes a ticket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

import msgspec

from connectors.imitation import Ours, imitation
from model.spoken import Spoken
from model.ticket import Identity

EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, UTC)
"""The time of the first id (snowflake): an id holds the milliseconds since then above its lowest 22 bits."""
POST, MESSAGE = "post:", "dm:"
"""What a source id begins with."""
Wire = Mapping[str, Any]


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """A photo, video or GIF: where it can be had, the best form first."""

    kind: str
    filename: str
    urls: tuple[str, ...]


class Includes:
    """What came along with a page: users and media by their keys."""

    def __init__(self, body: Wire) -> None:
        included = body.get("includes")
        found = included if isinstance(included, Mapping) else {}
        self.users = {text(one, "id"): one for one in objects(found.get("users"))}
        self.media = {text(one, "media_key"): one for one in objects(found.get("media"))}


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Whose list it is, and who we are."""

    id: str
    ours: Ours


def objects(value: Any) -> list[Wire]:
    """The objects in a list, whatever else is in it."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def text(one: Wire | None, *names: str) -> str:
    """The first of the named fields that is a text; empty where none is."""
    found = (one or {}).get
    return next((value for name in names if isinstance(value := found(name), str)), "")


def number(one: Wire) -> int | None:
    """The id, by which posts and messages are in the order of time; None for what has none."""
    value = text(one, "id")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else None


def id_at(moment: datetime) -> int:
    """The least id that something made at this time can have."""
    return max(0, (moment - EPOCH) // timedelta(milliseconds=1)) << 22


def made_at(one: Wire) -> datetime:
    """When X took it: as it says, else as the id says."""
    try:
        moment = datetime.fromisoformat(text(one, "created_at"))
    except ValueError:
        return EPOCH + timedelta(milliseconds=(number(one) or 0) >> 22)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def author_of(one: Wire) -> str:
    """The account that wrote it."""
    return text(one, "author_id", "sender_id")


def versions(post: Wire) -> list[str]:
    """The ids of all versions of a post, the first one first; alone its own where it was never edited."""
    found = post.get("edit_history_tweet_ids", post.get("edit_history_post_ids"))
    known = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    return sorted(known, key=lambda one: (len(one), one)) or [text(post, "id")]


def post_as_spoken(post: Wire, includes: Includes, account: Account) -> Spoken:
    """What a post says, without its files.

    A conversation is the thread and the author in it.  An edited post has a new id; its thread is known by the first.
    """
    author, history = author_of(post), versions(post)
    thread = text(post, "conversation_id") or history[0]
    if thread in history:
        thread = history[0]
    user = includes.users.get(author)
    handle = text(user, "username")
    note = post.get("note_tweet", post.get("note_post"))
    said = note if isinstance(note, Mapping) and text(note, "text") else post
    words = _words(said)
    if text(post, "id") != history[0]:
        words = f"[edited]\n{words}"
    key = f"x:{account.id}:{thread}:{author}"
    return msgspec.structs.replace(
        _spoken(post, user, account, words, key), url=f"https://x.com/{handle or 'i/web'}/status/{text(post, 'id')}"
    )


def message_as_spoken(event: Wire, includes: Includes, account: Account) -> Spoken:
    """What a direct message says, without its files.  A conversation is everything that its sender writes to us."""
    sender = author_of(event)
    key = f"x-dm:{account.id}:{sender or text(event, 'dm_conversation_id')}"
    return _spoken(event, includes.users.get(sender), account, _words(event), key)


def _spoken(one: Wire, user: Wire | None, account: Account, words: str, key: str) -> Spoken:
    author, handle, name = author_of(one), text(user, "username"), text(user, "name")
    identities = [Identity(kind="x", value=author, verified=True)] if author else []
    if handle:
        identities.append(Identity(kind="x", value=f"@{handle}", verified=True))
    return Spoken(
        text=words,
        sender=name or (f"@{handle}" if handle else ""),
        identities=tuple(identities),
        sent_at=made_at(one),
        language=_language(one),
        key=key,
        follows=(key,),
        participants=(f"x:{author}",) if author else (),
        impersonation=imitation(author, handle, name, account.ours),
    )


def _words(said: Wire) -> str:
    """The text with its links as they lead: X shows t.co, and escapes three characters."""
    words = text(said, "text")
    entities = said.get("entities")
    for link in objects(entities.get("urls")) if isinstance(entities, Mapping) else []:
        short, target = text(link, "url"), text(link, "unwound_url", "expanded_url")
        if short and target:
            words = words.replace(short, "" if link.get("media_key") else target)
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _language(one: Wire) -> str | None:
    """What X takes the language for; it has codes of its own for what is none (und, qme, zxx …)."""
    code = text(one, "lang")
    return code if len(code) == 2 and code.isalpha() else None


def media_of(one: Wire, includes: Includes, *, most: int) -> list[Media]:
    """The files of a post or message, in order, as far as X says where they are."""
    attached = one.get("attachments")
    keys = attached.get("media_keys") if isinstance(attached, Mapping) else None
    named = [includes.media.get(key) for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
    return [_media(entry, most) for entry in named if entry is not None]


def _media(entry: Wire, most: int) -> Media:
    kind = text(entry, "type")
    urls = [text(entry, "url")] if kind == "photo" else _films(entry, most)
    kept = tuple(url for url in urls if url)
    suffix = PurePosixPath(kept[0].partition("?")[0]).suffix if kept else ""
    return Media(kind=kind or "file", filename=text(entry, "media_key") + suffix, urls=kept)


def _films(entry: Wire, most: int) -> Sequence[str]:
    """The forms of a video that may be small enough, the best first; X says no size, so it is reckoned."""
    duration = entry.get("duration_ms")
    seconds = duration / 1000 if isinstance(duration, int | float) else 0
    forms = [one for one in objects(entry.get("variants")) if text(one, "content_type") == "video/mp4"]
    rated = sorted(((_rate(one), text(one, "url")) for one in forms), reverse=True)
    fitting = [url for rate, url in rated if rate * seconds / 8 <= most]
    return fitting or [url for _, url in rated[-1:]]


def _rate(form: Wire) -> int:
    rate = form.get("bit_rate")
    return rate if isinstance(rate, int) else 0

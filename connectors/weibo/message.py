"""Posts, comments and private messages as Weibo gives them become envelopes.

What Weibo writes is read with care: a field may be missing, null, or of another type than the documentation says
(https://open.weibo.com/wiki/常见返回对象数据结构), and one odd message must not keep the others from being read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import msgspec

from connectors.imitation import Ours, imitation
from connectors.weibo.permalink import permalink
from model.envelope import Envelope, Visibility
from model.spoken import SPOKEN, Spoken, SpokenFile
from model.ticket import Identity

BEFORE_START, DELETED, OWN = "before-start", "deleted", "own"
"""Rules by which something becomes no ticket: older than the connector, removed by its author, said by ourselves."""
SUBJECT = 60
"""Characters of a post that stand as the subject of what was said about it."""
MOST_PICTURES = 18
"""What Weibo allows in a post."""
_MONTHS = {name: at for at, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}

Kind = Literal["status", "comment", "message"]


class Author(msgspec.Struct, frozen=True):
    """Who said it: the number stays, the name may change."""

    uid: str
    name: str = ""
    handle: str = ""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A post or comment, as far as it can be understood."""

    kind: Kind
    id: int
    at: datetime
    author: Author | None
    """None where it was removed."""
    text: str
    root: str
    """The post that the conversation is about: the one commented on or reposted, else this one."""
    subject: str = ""
    url: str | None = None
    pictures: tuple[str, ...] = ()
    own_post: int = 0
    """The number of the post that a comment is about, where its author wrote both."""
    is_cut: bool = False
    """Its text goes on where only `statuses/show` gives it."""

    @property
    def source_id(self) -> str:
        """What it is called for ever, in whichever list it is found."""
        return f"{self.kind}:{self.id}"


def read_time(value: Any) -> datetime | None:
    """Read `Tue May 31 17:46:55 +0800 2011`, whatever the locale; None where it is no such time."""
    try:
        _, month, day, clock, zone, year = str(value).split()
        hour, minute, second = map(int, clock.split(":"))
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        offset = timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))
        return datetime(int(year), _MONTHS[month], int(day), hour, minute, second, tzinfo=offset).astimezone(UTC)
    except (ValueError, KeyError, IndexError, OverflowError):
        return None


def read_status(value: Any, now: datetime) -> Said | None:
    """Read a post; None for what has no number."""
    if (number := _number(value)) is None:
        return None
    author = _author(value.get("user"))
    original = value.get("retweeted_status")
    inner = _number(original)
    return Said(
        kind="status",
        id=number,
        at=read_time(value.get("created_at")) or now,
        author=None if str(value.get("deleted", "0")) == "1" else author,
        text=_text(value, "text"),
        root=str(inner or number),
        subject=_subject(original) if inner else "",
        url=permalink(author.uid, _text(value, "mid") or str(number)) if author else None,
        pictures=_pictures(value),
        is_cut=value.get("isLongText") is True or value.get("truncated") is True,
    )


def read_comment(value: Any, now: datetime) -> Said | None:
    """Read a comment; None for what has no number."""
    if (number := _number(value)) is None:
        return None
    post = value.get("status")
    about = read_status(post, now)
    author = None if str(value.get("deleted", "0")) == "1" else _author(value.get("user"))
    return Said(
        kind="comment",
        id=number,
        at=read_time(value.get("created_at")) or now,
        author=author,
        text=_text(value, "text"),
        root=about.root if about else f"c{number}",
        subject=_subject(post),
        url=about.url if about else None,
        own_post=about.id if about and author and about.author == author else 0,
    )


class Account(msgspec.Struct, frozen=True):
    """Whose messages they are, and what is known of the account."""

    connector: str
    uid: str
    names: tuple[str, ...] = ()


def envelope(
    said: Said, account: Account, *, text: str, files: Sequence[SpokenFile] = (), start: datetime | None
) -> Envelope:
    """The envelope of a post or comment; `text` is its whole text where more of it was had than it holds."""
    if said.author is None:
        return _envelope(account, said.source_id, said.at, visibility="public", ignored=DELETED)
    ignored = OWN if said.author.uid == account.uid else BEFORE_START if start and said.at < start else None
    key = f"weibo:{said.root}:{said.author.uid}"
    spoken = _spoken(said.author, account, key, text=text, sent_at=said.at, files=files)
    spoken = msgspec.structs.replace(spoken, subject=said.subject, url=said.url)
    return _envelope(account, said.source_id, said.at, spoken=spoken, visibility="public", ignored=ignored)


def private_envelope(
    source_id: str, uid: str, account: Account, *, text: str, at: datetime, files: Sequence[SpokenFile] = ()
) -> Envelope:
    """The envelope of a private message: a conversation is everything that one sender writes."""
    spoken = _spoken(Author(uid), account, f"weibo:message:{uid}", text=text, sent_at=at, files=files)
    return _envelope(account, source_id, at, spoken=spoken, ignored=OWN if uid == account.uid else None)


def set_aside(source_id: str, account: Account, at: datetime, rule: str) -> Envelope:
    """The envelope of what becomes no ticket but is accounted for."""
    return _envelope(account, source_id, at, ignored=rule)


def _spoken(
    author: Author, account: Account, key: str, *, text: str, sent_at: datetime, files: Sequence[SpokenFile]
) -> Spoken:
    names = [f"@{name}" for name in dict.fromkeys((author.handle, author.name)) if name]
    ours = Ours(frozenset({account.uid}), account.names, account.names)
    return Spoken(
        text=text,
        sender=author.name or author.handle,
        identities=(
            Identity(kind="weibo", value=author.uid, verified=True),
            *(Identity(kind="weibo", value=name) for name in names),
        ),
        sent_at=sent_at,
        files=tuple(files),
        key=key,
        follows=(key,),
        participants=(f"weibo:{author.uid}",),
        impersonation=imitation(author.uid, author.handle, author.name, ours),
    )


def _envelope(
    account: Account,
    source_id: str,
    at: datetime,
    *,
    spoken: Spoken | None = None,
    visibility: Visibility = "private",
    ignored: str | None,
) -> Envelope:
    raw = msgspec.json.encode(spoken) if spoken and not ignored else b""
    return Envelope(
        connector=account.connector,
        channel="weibo",
        account=account.uid,
        source_id=source_id,
        received_at=at,
        raw=raw,
        size=len(raw),
        media_type=SPOKEN,
        visibility=visibility,
        ignored=ignored,
    )


def _number(value: Any) -> int | None:
    """The id of an object: `idstr` where it is there, since others have lost digits of `id` on the way."""
    if not isinstance(value, Mapping):
        return None
    for name in ("idstr", "id"):
        found = str(value.get(name, ""))
        if found.isascii() and found.isdecimal() and 0 < len(found) < 20 and int(found):
            return int(found)
    return None


def _author(value: Any) -> Author | None:
    number = _number(value)
    if number is None:
        return None
    handle = _text(value, "screen_name")
    return Author(str(number), _text(value, "name") or handle, handle)


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else str(found) if isinstance(found, int) else ""


def _subject(post: Any) -> str:
    """The beginning of the post that something was said about."""
    text = " ".join(_text(post, "text").split()) if isinstance(post, Mapping) else ""
    return text if len(text) <= SUBJECT else f"{text[: SUBJECT - 1]}…"


def _pictures(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses of a post's pictures in full size, over https."""
    listed = value.get("pic_urls")
    found = [
        one["thumbnail_pic"]
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, Mapping) and isinstance(one.get("thumbnail_pic"), str)
    ] or [one for one in [value.get("original_pic")] if isinstance(one, str) and one]
    return tuple(map(_large, dict.fromkeys(found[:MOST_PICTURES])))


def _large(url: str) -> str:
    """The full size of a picture; Weibo still writes http, and serves https on its hosts of pictures."""
    url = url.replace("/thumbnail/", "/large/").replace("/bmiddle/", "/large/")
    scheme, _, rest = url.partition("://")
    return f"https://{rest}" if scheme == "http" and not rest.startswith(("127.0.0.1", "localhost")) else url

"""What X holds, as far as one support account sees it: posts, direct messages, and what reading them costs."""

from __future__ import annotations

import base64
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from model.clock import Clock, SystemClock

EPOCH_MS = 1_288_834_974_657
"""Milliseconds of the first snowflake id."""
ACCOUNT, HANDLE = "7", "acme"
PRICES = {"mention": 1_000, "dm": 10_000, "user": 10_000}
"""Millionths of a dollar for each thing that is read, once in a UTC day (getting-started/pricing)."""
POST_PRICES = {"reply": 10_000, "link": 200_000, "dm": 15_000}
NEW_SPELLING = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "note_tweet": "note_post",
    "referenced_tweets": "referenced_posts",
}
DEFAULT_POST = {"id", "text", "edit_history_tweet_ids"}
DEFAULT_DM = {"id", "event_type", "text"}


class World:
    """Posts and messages by id.  Time can be set; ids grow with it."""

    def __init__(self) -> None:
        self.now: datetime | None = None
        """What time it is; None: the clock's, or the machine's."""
        self.clock: Clock = SystemClock()
        self.posts: dict[int, dict[str, Any]] = {}
        self.events: dict[int, dict[str, Any]] = {}
        self.media: dict[str, dict[str, Any]] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.users = {ACCOUNT: {"id": ACCOUNT, "username": HANDLE, "name": "Acme Wallet"}}
        self.protected: set[int] = set()
        self.sent: list[dict[str, Any]] = []
        """What was posted and sent by the account, in order."""
        self.closed: set[str] = set()
        """Accounts that take no direct messages from us."""
        self.paid: defaultdict[str, int] = defaultdict(int)
        """By UTC day, what was billed."""
        self._billed: set[tuple[str, str, str]] = set()
        self._last = 0

    def time(self) -> datetime:
        """What time it is."""
        return self.now or self.clock.now()

    def new_id(self) -> int:
        """The id of something that happens now, above all others."""
        self._last = max(self._last + 1, (int(self.time().timestamp() * 1000) - EPOCH_MS) << 22)
        return self._last

    def user(self, number: str, name: str = "", handle: str = "") -> str:
        """Make sure that an account is there."""
        self.users.setdefault(
            number, {"id": number, "username": handle or f"user{number}", "name": name or f"User {number}"}
        )
        return number

    def mention(self, text: str, author: str = "42", **fields: Any) -> str:
        """A post of somebody that mentions the account; its id.  `thread` is its conversation's first post."""
        number = self.new_id()
        thread = fields.pop("thread", None)
        said = f"@{HANDLE} {text}"
        post = {
            "id": str(number),
            "text": said if len(said) <= 280 else said[:279] + "…",
            "author_id": self.user(author),
            "conversation_id": thread or str(number),
            "created_at": _stamp(self.time()),
            "edit_history_tweet_ids": [str(number)],
            "lang": "en",
            "entities": {"mentions": [{"start": 0, "end": len(HANDLE) + 1, "username": HANDLE, "id": ACCOUNT}]},
            **fields,
        }
        if len(said) > 280:
            post["note_tweet"] = {"text": said}
        self.posts[number] = post
        return str(number)

    def edit(self, first: str, text: str) -> str:
        """Another version of a post, under a new id; the one before it leaves the timeline."""
        latest = max((n for n, one in self.posts.items() if first in one["edit_history_tweet_ids"]), default=0)
        old = self.posts.pop(latest)
        number = self.new_id()
        history = [*old["edit_history_tweet_ids"], str(number)]
        self.posts[number] = old | {"id": str(number), "text": f"@{HANDLE} {text}", "edit_history_tweet_ids": history}
        return str(number)

    def message(self, text: str, sender: str = "42", **fields: Any) -> str:
        """A direct message to the account, or by it; its id."""
        number = self.new_id()
        pair = sorted((int(self.user(sender)), int(ACCOUNT)))
        self.events[number] = {
            "id": str(number),
            "event_type": "MessageCreate",
            "text": text,
            "sender_id": sender,
            "dm_conversation_id": f"{pair[0]}-{pair[1]}",
            "created_at": _stamp(self.time()),
            **fields,
        }
        return str(number)

    def file(self, key: str, kind: str, content: bytes, url: str, **more: Any) -> str:
        """A photo or video that a post can have; the key of its media."""
        name = url.rpartition("/")[2]
        self.files[name] = ("image/jpeg" if kind == "photo" else "video/mp4", content)
        where = {"url": url} if kind == "photo" else {}
        self.media[key] = {"media_key": key, "type": kind, **where, **more}
        return key

    def bill(self, kind: str, ids: Iterable[str]) -> None:
        """Take money for what is read: each once in a UTC day."""
        day = self.time().date().isoformat()
        for one in ids:
            if (day, kind, one) not in self._billed:
                self._billed.add((day, kind, one))
                self.paid[day] += PRICES[kind]

    def charge(self, kind: str) -> None:
        """Take money for what is sent."""
        self.paid[self.time().date().isoformat()] += POST_PRICES[kind]

    def mentions(self, bounds: tuple[int, int, datetime | None, datetime | None]) -> list[int]:
        """The mentions after the one id, before the other, and between the times, newest first."""
        since, until, start, end = bounds
        return sorted(
            (
                number
                for number in self.posts
                if since < number < until and (start or _EVER) <= _made(number) < (end or _NEVER)
            ),
            reverse=True,
        )


_EVER, _NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def _made(number: int) -> datetime:
    return datetime.fromtimestamp(((number >> 22) + EPOCH_MS) / 1000, UTC)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def shown(one: dict[str, Any], default: set[str], asked: Sequence[str], *, renamed: bool) -> dict[str, Any]:
    """What X shows of an object: the default fields and those that were asked for, by the old or new names."""
    wanted = default | set(asked)
    return {NEW_SPELLING.get(name, name) if renamed else name: value for name, value in one.items() if name in wanted}


def token_of(number: int) -> str:
    """A page's token: nobody may read anything from it."""
    return base64.urlsafe_b64encode(f"before {number}".encode()).decode().rstrip("=")


def number_of(token: str) -> int | None:
    """The id before which the page of a token begins, None for one that X never gave."""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        return int(text.removeprefix("before "))
    except (ValueError, UnicodeDecodeError):
        return None


def page(numbers: list[int], size: int, token: str | None, dice: random.Random | None) -> tuple[list[int], str | None]:
    """A page of a list, newest first, and the next one's token.

    With dice, pages are short, repeat the end of the one before, or are out of order.
    """
    before = number_of(token) if token else None
    rest = [number for number in numbers if before is None or number < before]
    cut = dice.randint(max(1, size // 2), size) if dice else size
    found = rest[:cut]
    following = token_of(found[-1]) if len(rest) > cut else None
    if dice and before is not None and dice.random() < 0.3:
        found = [number for number in numbers if number >= before][-2:] + found
    if dice and dice.random() < 0.3:
        dice.shuffle(found)
    return found, following


WINDOW = timedelta(minutes=15)

"""What there is on the emulated Weibo: an account of ours, and what others write to it (facts of the API wiki)."""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

Json = dict[str, Any]
BEIJING = timezone(timedelta(hours=8))
FIRST_ID = 5_100_000_000_000_001
OUR_POST = FIRST_ID - 1
DELETED_TEXT = "此微博已被作者删除。"
_DAYS, _MONTHS = "Mon Tue Wed Thu Fri Sat Sun".split(), "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def written_time(at: datetime) -> str:
    """`Tue May 31 17:46:55 +0800 2011`, in whatever locale."""
    local = at.astimezone(BEIJING)
    return f"{_DAYS[local.weekday()]} {_MONTHS[local.month - 1]} {local:%d %H:%M:%S} +0800 {local.year}"


class World:
    """The posts and comments that concern one account, newest last in each list."""

    def __init__(self, uid: str = "1902538057", now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.uid, self.now = uid, now
        self.base = ""
        """Where the emulator serves pictures."""
        self.objects: dict[int, Json] = {}
        self.lists: dict[str, list[int]] = {"mentions": [], "comment_mentions": [], "comments_to_me": []}
        self.unread = dict.fromkeys(("mention_status", "mention_cmt", "cmt", "dm"), 0)
        self.long: dict[int, str] = {}
        self.written: list[tuple[str, dict[str, str]]] = []
        """What was written through the interfaces: which, and the form."""
        self._ids = itertools.count(FIRST_ID, 7)
        self.objects[OUR_POST] = self._status(OUR_POST, uid, "钱包客服", "新版本发布")

    def mention(
        self,
        uid: str,
        text: str,
        *,
        name: str = "",
        repost: int | None = None,
        pictures: Sequence[str] = (),
        long: str | None = None,
    ) -> int:
        """Let somebody mention us in a post."""
        number = next(self._ids)
        status = self._status(number, uid, name, text)
        if repost:
            status["retweeted_status"] = self.objects[repost]
        if pictures:
            status["pic_urls"] = [{"thumbnail_pic": f"{self.base}/pic/thumbnail/{one}"} for one in pictures]
            status["original_pic"] = f"{self.base}/pic/large/{pictures[0]}"
        if long is not None:
            status |= {"isLongText": True, "textLength": len(long) * 2}
            self.long[number] = long
        self._add(number, status, ("mentions", "mention_status"))
        return number

    def comment(
        self, uid: str, text: str, *, on: int = OUR_POST, name: str = "", mention: bool = False, to_me: bool = True
    ) -> int:
        """Let somebody comment, to us or with our name in it."""
        number = next(self._ids)
        comment = self._said(number, uid, name, text) | {"status": self.objects[on]}
        places = [("comments_to_me", "cmt")] * to_me + [("comment_mentions", "mention_cmt")] * mention
        self._add(number, comment, *places)
        return number

    def delete(self, number: int) -> None:
        """Let an author remove what they wrote: it stays in the lists without its author."""
        self.objects[number] = {"id": number, "text": DELETED_TEXT, "deleted": "1"}

    def add_odd(self, stream: str, value: Json) -> None:
        """Put something into a list that is not as it should be."""
        number = next(self._ids)
        self._add(number, {"id": number, **value}, (stream, "mention_status"))

    def answered(self, kind: str, form: dict[str, str]) -> Json:
        """Take a comment of ours."""
        self.written.append((kind, form))
        number = next(self._ids)
        self.objects[number] = self._said(number, self.uid, "钱包客服", form["comment"])
        return self.objects[number]

    def page(self, stream: str, *, since: int, top: int, count: int, page: int) -> tuple[list[Json], int]:
        """A page, newest first: ids above `since` and up to `top`; and how many there are in all."""
        found = [one for one in reversed(self.lists[stream]) if one > since and (not top or one <= top)]
        return [self.objects[one] for one in found[(page - 1) * count : page * count]], len(self.lists[stream])

    def _add(self, number: int, value: Json, *places: tuple[str, str]) -> None:
        self.objects[number] = value
        for stream, counter in places:
            self.lists[stream].append(number)
            self.unread[counter] += 1

    def _said(self, number: int, uid: str, name: str, text: str) -> Json:
        name = name or f"用户{uid}"
        user = {
            "id": int(uid),
            "idstr": uid,
            "screen_name": name,
            "name": name,
            "location": "北京 海淀区",
            "created_at": written_time(self.now() - timedelta(days=900)),
            "verified": False,
            "verified_type": -1,
        }
        source = f'<a href="http://app.weibo.com/t/feed/{uid}" rel="nofollow">{html.escape("iPhone & iPad")}</a>'
        return {
            "created_at": written_time(self.now()),
            "id": number,
            "idstr": str(number),
            "mid": str(number),
            "text": text,
            "source": source,
            "user": user,
        }

    def _status(self, number: int, uid: str, name: str, text: str) -> Json:
        return self._said(number, uid, name, text) | {
            "favorited": False,
            "truncated": False,
            "in_reply_to_status_id": "",
            "in_reply_to_user_id": "",
            "in_reply_to_screen_name": "",
            "geo": None,
            "reposts_count": 0,
            "comments_count": 0,
            "annotations": [],
            "visible": {"type": 0, "list_id": 0},
        }

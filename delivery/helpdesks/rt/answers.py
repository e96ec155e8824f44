"""What agents answered in Request Tracker: correspondence in fanin's tickets that fanin did not write.

Ids of transactions are given before they are committed, so a higher one may be seen before a lower one.
The cursor therefore stays behind what RT may still be committing, and names what it has seen beyond.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from delivery.base import Answer, AnswerFile, Answers
from delivery.helpdesks.rt.client import Refused, RtSession
from delivery.helpdesks.rt.message import MARKER
from delivery.helpdesks.rt.settings import RtSettings
from delivery.helpdesks.rt.ticket import items
from model.errors import Transient
from model.json import Json

PAGE = 100
"""Transactions that are read at once: the most that RT gives."""
MOST_SEEN = 1000
"""Transactions that a cursor names at most."""


class Cursor(msgspec.Struct, frozen=True):
    """Everything up to `after` is done with, and beyond it what is `seen`."""

    after: int
    seen: tuple[int, ...] = ()


async def read(rt: RtSession, settings: RtSettings, after: Json | None) -> Answers:
    """Read the answers since the cursor, a page of transactions at a time."""
    if after is None:
        return Answers(found=(), cursor=_kept(Cursor(await _newest(rt))))
    cursor = msgspec.convert(after, Cursor)
    page = await _page(rt, cursor)
    found = [answer for one in page if one["id"] not in cursor.seen and (answer := await _answer(rt, settings, one))]
    is_full = len(page) == PAGE
    moved = _moved(cursor, page, settings.server_limit, is_full=is_full)
    return Answers(found=tuple(found), cursor=_kept(moved), more=is_full)


async def content(rt: RtSession, attachment: str) -> bytes:
    """The content of an attachment.  Raises KeyError if it is not there, or not ours to see."""
    try:
        found = await rt.get(f"/attachment/{int(attachment)}")
    except Refused:
        raise KeyError(attachment) from None
    return _content(found)


def _kept(cursor: Cursor) -> Json:
    return {"after": cursor.after, "seen": list(cursor.seen)}


async def _newest(rt: RtSession) -> int:
    found = items(await rt.get("/transactions", query="id > 0", orderby="id", order="DESC", per_page="1"))
    return max((int(one["id"]) for one in found), default=0)


async def _page(rt: RtSession, cursor: Cursor) -> list[dict[str, Any]]:
    """The next correspondence in tickets that somebody else wrote, oldest first."""
    query = (
        f"Type = 'Correspond' AND ObjectType = 'RT::Ticket' AND Creator != '__CurrentUser__' AND id > {cursor.after}"
    )
    found = await rt.get(
        "/transactions",
        query=query,
        fields="Creator,ObjectId,Created",
        orderby="id",
        order="ASC",
        per_page=str(PAGE),
    )
    return [one | {"id": int(one["id"])} for one in items(found) if "id" in one]


def _moved(cursor: Cursor, page: Sequence[Mapping[str, Any]], limit: timedelta, *, is_full: bool) -> Cursor:
    """The cursor behind everything that can no longer be preceded by something that is committed later."""
    settled = datetime.now(UTC) - limit
    ids = [one["id"] for one in page]
    young = [one["id"] for one in page if _time(one.get("Created")) > settled]
    if is_full or len(young) > MOST_SEEN:
        return Cursor(max(ids))
    done = [id_ for id_ in ids if not young or id_ < min(young)]
    return Cursor(max([cursor.after, *done]), tuple(id_ for id_ in ids if young and id_ >= min(young)))


async def _answer(rt: RtSession, settings: RtSettings, one: Mapping[str, Any]) -> Answer | None:
    """The answer in a transaction, or None where it is none that a customer may get."""
    number, writer = str(one.get("ObjectId", "")), str(one.get("Creator", {}).get("id", ""))
    try:
        ticket = await rt.get(f"/ticket/{number}")
        if not _is_ours(ticket, settings.custom_field) or writer in _ids(ticket.get("Requestor")):
            return None
        user = await rt.get(f"/user/{writer}")
        if not user.get("Privileged"):
            return None  # somebody who wrote by mail, not an agent
        parts = await _parts(rt, one["id"])
        merged = await rt.get("/tickets", query=f"EffectiveId = {int(ticket['id'])}", per_page="100")
    except Refused:
        return None
    if any(MARKER.fullmatch(str(part.get("Filename"))) for part in parts):
        return None  # written by fanin under another user
    present = str(ticket["id"])
    names = [present, *(str(other["id"]) for other in items(merged) if str(other.get("id")) != present)]
    text, html = await _bodies(rt, parts)
    return Answer(
        id=f"rt:transaction:{one['id']}",
        tickets=tuple(names),
        author=str(user.get("RealName") or user.get("Name") or ""),
        text=text,
        html=html,
        automatic=writer == "RT_System",
        files=_files(parts),
        at=_time(one.get("Created")),
    )


async def _parts(rt: RtSession, transaction: int) -> list[dict[str, Any]]:
    found = await rt.get(
        f"/transaction/{transaction}/attachments",
        fields="Filename,ContentType",
        orderby="id",
        order="ASC",
        per_page="100",
    )
    return items(found)


async def _bodies(rt: RtSession, parts: Sequence[Mapping[str, Any]]) -> tuple[str, str | None]:
    """The first text and the first HTML that are no files."""
    written: dict[str, str] = {}
    for part in parts:
        kind = str(part.get("ContentType"))
        if not part.get("Filename") and kind in ("text/plain", "text/html") and kind not in written:
            found = _content(await rt.get(f"/attachment/{part['id']}"))
            written[kind] = found.decode("utf-8", "replace")
    return written.get("text/plain", ""), written.get("text/html")


def _files(parts: Sequence[Mapping[str, Any]]) -> tuple[AnswerFile, ...]:
    """What is attached; a part without a name is a body, or holds others."""
    return tuple(
        AnswerFile(id=str(part["id"]), filename=str(part["Filename"]), media_type=str(part.get("ContentType")))
        for part in parts
        if part.get("Filename")
    )


def _is_ours(ticket: Mapping[str, Any], field: str) -> bool:
    return any(one.get("name") == field and one.get("values") for one in ticket.get("CustomFields", ()))


def _ids(people: Any) -> set[str]:
    return {str(one.get("id")) for one in people or () if isinstance(one, dict)}


def _content(attachment: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(str(attachment.get("Content") or ""))
    except binascii.Error:
        raise Transient("RT gave an attachment in another form than base64") from None


def _time(value: Any) -> datetime:
    """A time as RT writes it (W3CDTF, UTC)."""
    return datetime.fromisoformat(str(value)).astimezone(UTC)

"""The door through which helpdesks hand over answers."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from fanin.door import MAX_FILE, Door
from model.settings import Secret
from store.store import Store
from tests.support.drafts import arrival, batch, draft

DESK, OTHER, LISTENER = "desk-token" * 4, "other-token" * 4, "listener-token" * 4


@pytest.fixture
async def door(store: Store) -> AsyncIterator[TestClient[Any, Any]]:
    """The door, with two helpdesks that have tokens."""
    application = web.Application()
    tokens = {"desk": Secret(value=DESK), "other": Secret(value=OTHER)}
    application.add_routes(Door(store, tokens, Secret(value=LISTENER), lambda: None).routes())
    async with TestClient(TestServer(application)) as client:
        yield client


@pytest.fixture
async def number(store: Store) -> str:
    """The tracking number of a conversation that is with `desk`."""
    [receipt] = await store.accept(batch(arrival(draft(1))))
    return receipt.tracking_number or ""


def headers(token: str = DESK, key: str = "1") -> dict[str, str]:
    """What an honest helpdesk sends."""
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": key}


async def test_an_answer_is_durable_before_it_is_acknowledged(door: Any, store: Store, number: str) -> None:
    """202 names the answer and its place, and the conversation has it."""
    answer = await door.post(f"/v1/tickets/{number}/replies", json={"text": "We are on it."}, headers=headers())

    body = await answer.json()
    assert (answer.status, body["sequence"], body["status"]) == (202, 2, "due")
    conversation = await store.find_conversation(number) or ""
    assert [said.text for said in await store.replies.said(conversation, 0)] == ["We are on it."]
    told = await door.get(f"/v1/tickets/{number}/replies/{body['id']}", headers=headers())
    assert (await told.json())["status"] == "due"


async def test_a_repeated_key_is_the_same_answer(door: Any, number: str) -> None:
    """The same answer again is told as such, another under its key is a conflict."""
    path = f"/v1/tickets/{number}/replies"
    first = await (await door.post(path, json={"text": "yes"}, headers=headers())).json()

    again = await door.post(path, json={"text": "yes"}, headers=headers())
    other = await door.post(path, json={"text": "no"}, headers=headers())

    assert (again.status, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert (await again.json())["id"] == first["id"]
    assert (other.status, other.content_type) == (409, "application/problem+json")


@pytest.mark.parametrize(("token", "status"), [(OTHER, 404), ("guess", 401), (LISTENER, 202)])
async def test_a_helpdesk_reaches_its_own_conversations_alone(door: Any, number: str, token: str, status: int) -> None:
    """Another helpdesk's token opens nothing, a wrong one neither; the operator's opens all."""
    answer = await door.post(f"/v1/tickets/{number}/replies", json={"text": "hi"}, headers=headers(token))

    assert answer.status == status


async def test_files_come_with_an_answer(door: Any, store: Store, number: str) -> None:
    """A multipart answer's files are kept, under names that are safe."""
    form = aiohttp.FormData()
    form.add_field(
        "reply", io.BytesIO(b'{"text": "see the picture"}'), filename="reply.json", content_type="application/json"
    )
    form.add_field("file", io.BytesIO(b"pixels"), filename="../../etc/screen.png", content_type="image/png")

    answer = await door.post(f"/v1/tickets/{number}/replies", data=form, headers=headers())

    assert answer.status == 202
    stored = await store.find_attachment(store.replies.attachment_id((await answer.json())["id"], 0))
    assert stored
    assert (stored.size, "/" in stored.filename) == (6, False)


async def test_an_endless_file_is_refused(door: Any, store: Store, number: str) -> None:
    """A file above the limit is not kept, and nothing of the answer is."""
    form = aiohttp.FormData()
    form.add_field("reply", io.BytesIO(b'{"text": "big"}'), filename="reply.json", content_type="application/json")
    form.add_field("file", io.BytesIO(b"0" * (MAX_FILE + 1)), filename="big.bin")

    answer = await door.post(f"/v1/tickets/{number}/replies", data=form, headers=headers())

    assert answer.status == 413
    assert (await answer.json())["title"] == "Content Too Large"  # RFC 9110, and not Python before 3.13
    assert await store.replies.said(await store.find_conversation(number) or "", 0) == []


@pytest.mark.parametrize(
    "mistake",
    [
        ({"text": ""}, "1", "text"),
        ({"text": "a", "to": "thief@example.com"}, "1", "to"),
        ({"text": "a"}, "", "Idempotency-Key"),
        ({"text": "a", "visibility": "secret"}, "1", "visibility"),
    ],
)
async def test_a_mistake_is_named(door: Any, number: str, mistake: tuple[Any, str, str]) -> None:
    """What is wrong with an answer is said with the name of the field."""
    body, key, says = mistake

    answer = await door.post(f"/v1/tickets/{number}/replies", json=body, headers=headers(key=key))

    assert answer.status == 400
    assert says in (await answer.json())["detail"]

"""A small typed client of the chat API, for servers and scripts; docs/chat-api.md describes the calls.

    async with ChatClient("https://support.example.com", key="pk_web_4f9c2a71") as chat:
        await chat.open(name="Aiko", locale="ja")
        sent = await chat.send("My transfer is pending since noon.")
        print(sent.tracking_number)
        async for said in chat.listen():
            print(said.author, said.text)

A message is sent until it is acknowledged: the same id makes it one message, whatever was lost on the way.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import aiohttp
from msgspec import Struct, convert

LIMIT = aiohttp.ClientTimeout(total=60, sock_connect=10)
LONGEST_PAUSE = 30.0
LATER = {408, 429, 500, 502, 503, 504}
"""Statuses after which the same request may succeed."""
OPEN_ANOTHER = 4401


class Sent(Struct, frozen=True):
    """A message that is stored for good."""

    message_id: str
    seq: int
    tracking_number: str


class File(Struct, frozen=True):
    """A file of a message."""

    id: str
    filename: str
    media_type: str
    size: int


class Said(Struct, frozen=True):
    """A message of the conversation."""

    message_id: str
    seq: int
    author: str
    text: str
    name: str = ""
    attachments: tuple[File, ...] = ()


class ChatError(Exception):
    """The server refuses a request for good; `code` says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class ChatClient:
    """A session, from its opening to its end."""

    def __init__(self, server: str, *, key: str | None = None) -> None:
        self._base = f"{server.rstrip('/')}/v1/chat"
        self._headers = {"X-Intake-Key": key} if key else {}
        self._http: aiohttp.ClientSession | None = None
        self.session_id, self.token, self.last_seq = "", "", 0

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=LIMIT)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def open(self, *, channel: str = "server", jwt: str | None = None, **claims: str) -> None:
        """Open a session; `claims` are name, email, phone, locale, user_id and user_hash.  Raises ChatError."""
        identity = {"jwt": jwt} if jwt else claims
        opened = await self._request("POST", "/sessions", json={"channel": channel, "identity": identity})
        self.session_id, self.token = opened["session_id"], opened["session_token"]
        self._headers = {**self._headers, "Authorization": f"Bearer {self.token}"}

    async def upload(self, path: Path) -> str:
        """Upload a file and return the id under which a message may name it.  Raises ChatError."""
        content = await asyncio.to_thread(path.read_bytes)
        done = await self._request("POST", "/uploads", data=content, params={"filename": path.name})
        return str(done["upload_id"])

    async def send(self, text: str, *, uploads: tuple[str, ...] = (), id_: str | None = None) -> Sent:
        """Send a message until it is stored.  Raises ChatError if it is refused for good."""
        message = {
            "client_msg_id": id_ or str(uuid.uuid4()),
            "text": text,
            "attachments": [{"upload_id": one} for one in uploads],
        }
        return convert(await self._request("POST", f"/sessions/{self.session_id}/messages", json=message), Sent)

    async def history(self) -> list[Said]:
        """Everything that was said so far.  Raises ChatError."""
        found: list[Said] = []
        while True:
            query = {"after_seq": found[-1].seq if found else 0}
            page = await self._request("GET", f"/sessions/{self.session_id}/messages", params=query)
            found += convert(page["messages"], list[Said])
            if not page["messages"] or found[-1].seq >= page["last_seq"]:
                return found

    async def listen(self) -> AsyncIterator[Said]:
        """Yield what is said after `last_seq`, by either side, over as many connections as it takes.

        Raises ChatError where the session has ended.
        """
        failures = 0
        while True:
            try:
                async with self._session().ws_connect(f"{self._base}/ws", heartbeat=30) as socket:
                    await socket.send_json({"type": "auth", "token": self.token, "last_seq": self.last_seq})
                    async for frame in socket:
                        heard: dict[str, Any] = frame.json()
                        if heard["type"] == "message":
                            self.last_seq, failures = heard["seq"], 0
                            yield convert(heard, Said)
                if socket.close_code == OPEN_ANOTHER:
                    raise ChatError("token_unknown", "the session has ended")
            except aiohttp.ClientError:
                failures += 1
            await asyncio.sleep(_pause(failures))

    async def end(self) -> None:
        """End the session.  Raises ChatError."""
        await self._request("DELETE", f"/sessions/{self.session_id}")

    async def _request(self, method: str, path: str, **more: Any) -> Any:
        """Repeat a request until it is answered for good."""
        for failures in range(1_000_000):
            asked_for = 0.0
            try:
                async with self._session().request(
                    method, f"{self._base}{path}", headers=self._headers, **more
                ) as answer:
                    body = await answer.json(content_type=None) if answer.status != 204 else None
                    if answer.ok:
                        return body
                    if answer.status not in LATER:
                        raise ChatError(body["code"], body["detail"])
                    asked_for = float(answer.headers.get("Retry-After", 0))
            except (aiohttp.ClientError, TimeoutError):
                asked_for = 0.0
            await asyncio.sleep(max(asked_for, _pause(failures)))
        raise ChatError("busy", "the server could not be reached")

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("use it in `async with`")
        return self._http


def _pause(failures: int) -> float:
    """Seconds until the next try: more after each failure, at random, so that not all clients come at once."""
    return random.uniform(0.2, min(LONGEST_PAUSE, 2.0 ** min(failures, 10)))

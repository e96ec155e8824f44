"""The other side of the chat: a listener as the daemon has one, and a client as an app has one."""

from __future__ import annotations

import asyncio
import io
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from config.settings import Config
from connectors.base import Intake, State
from connectors.chat.connector import ChatConnector
from connectors.chat.settings import ChatSettings
from fanin.app import App, opened
from tests.support.daemon import free_port


@asynccontextmanager
async def listening(connector: ChatConnector, intake: Intake, state: State, port: int = 0) -> AsyncIterator[str]:
    """Serve the connector's routes on a port of 127.0.0.1; the address of its API."""
    application = web.Application()
    application.add_routes(connector.routes(intake, state))
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", port)) as door:
        try:
            await runner.setup()
            await web.SockSite(runner, door).start()
            yield f"http://127.0.0.1:{door.getsockname()[1]}/v1/chat"
        finally:
            # asyncio neither serves nor closes a connection that it accepted in the very turn in which its server is
            # closed (Server._attach asserts): it is to accept no more, and has a turn for what it accepted.
            loop.remove_reader(door)
            await asyncio.sleep(0)
            await runner.cleanup()


def chat_settings(**settings: Any) -> ChatSettings:
    """Settings of a chat."""
    return ChatSettings.model_validate({"kind": "chat", **settings})


GENEROUS = {
    "messages": "100000/second",
    "uploads": "100000/second",
    "requests": "100000/second",
    "sessions": "100000/second",
    "refusals": "100000/second",
    "app": "100000/second",
    "app_sessions": "100000/second",
}
"""Rates that no test reaches."""


@asynccontextmanager
async def daemon(folder: Path, http: dict[str, Any] | None = None, **settings: Any) -> AsyncIterator[tuple[App, str]]:
    """The whole daemon in this process, with one chat; the address of its API."""
    public, private = free_port(), free_port()
    web = {"kind": "chat", **settings, "rates": {**GENEROUS, **settings.get("rates", {})}}
    send = {"host": "127.0.0.1", "port": 9, "tls": False, "from": "support@example.com"}  # nobody listens there
    mail = {"kind": "email", "source": {"type": "maildir", "path": folder / "mail"}, "send": send}
    config = Config.model_validate({
        "data_dir": folder / "data",
        "connectors": {"web": web, **({"support_mail": mail} if "fallback" in settings else {})},
        "store": {"min_free_disk": "1 MiB"},
        "http": {"public": f"127.0.0.1:{public}", "private": f"127.0.0.1:{private}", **(http or {})},
    })  # fmt: skip
    async with opened(config) as app:
        stop, started = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(app.run("all", stop, started.set))
        await started.wait()
        try:
            yield app, f"http://127.0.0.1:{public}/v1/chat"
        finally:
            stop.set()
            await task


class Customer:
    """A client of the API, without anything that the API should do for it."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.http, self.base = http, base
        self.session_id, self.token = "", ""

    @property
    def authorization(self) -> dict[str, str]:
        """The header that brings the token."""
        return {"Authorization": f"Bearer {self.token}"}

    async def open(self, headers: dict[str, str] | None = None, **wanted: Any) -> tuple[int, Any]:
        """Open a session; status and body."""
        async with self.http.post(f"{self.base}/sessions", json=wanted, headers=headers) as answer:
            body = await answer.json(content_type=None)
        if answer.status == 201:
            self.session_id, self.token = body["session_id"], body["session_token"]
        return answer.status, body

    async def post(self, text: str, id_: str | None = None, **more: Any) -> tuple[int, Any]:
        """Send a message; status and body."""
        wanted = {"client_msg_id": id_ or str(uuid.uuid4()), "text": text, **more}
        url = f"{self.base}/sessions/{self.session_id}/messages"
        async with self.http.post(url, json=wanted, headers=self.authorization) as answer:
            return answer.status, await answer.json(content_type=None)

    async def history(self, after: int = 0, **query: Any) -> tuple[int, Any]:
        """Ask what was said; status and body."""
        url = f"{self.base}/sessions/{self.session_id}/messages"
        async with self.http.get(url, params={"after_seq": after, **query}, headers=self.authorization) as answer:
            return answer.status, await answer.json(content_type=None)

    async def upload(
        self, content: bytes | io.BytesIO, filename: str = "a.txt", media_type: str = "text/plain"
    ) -> tuple[int, Any]:
        """Upload a file as the body; status and body."""
        headers = {**self.authorization, "Content-Type": media_type}
        async with self.http.post(
            f"{self.base}/uploads", data=content, params={"filename": filename}, headers=headers
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def socket(self, last_seq: int = 0, token: str | None = None) -> aiohttp.ClientWebSocketResponse:
        """An open WebSocket that has sent its auth."""
        socket = await self.http.ws_connect(f"{self.base}/ws", compress=0)
        await socket.send_json({"type": "auth", "token": token or self.token, "last_seq": last_seq})
        return socket

    async def until_stored(self, text: str, id_: str) -> dict[str, Any]:
        """Send a message until it is acknowledged, whatever becomes of the server meanwhile."""
        while True:
            try:
                if not self.token:
                    await self.open()
                status, body = await self.post(text, id_)
                if status in (200, 201):
                    return dict(body)
            except (aiohttp.ClientError, OSError):
                status = 0
            await asyncio.sleep(0.005)

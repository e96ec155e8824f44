"""The protocol of WebSockets, spoken by hand: what comes at once, in pieces, behind the request, or not at all."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import struct
import sys
import uuid
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import uvloop

from connectors.chat import connection, socket
from connectors.chat.chat import Chat
from connectors.chat.session import Sessions
from connectors.chat.socket import Socket
from tests.support.chat import Customer, daemon

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def _frame(kind: int, content: bytes, *, last: bool = True) -> bytes:
    """A frame of a client, masked by zeros."""
    size = len(content)
    long = 126 if size < 2**16 else 127
    width = {126: "!H", 127: "!Q"}[long]
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | long]) + struct.pack(width, size)
    return bytes([kind | (0x80 if last else 0)]) + length + bytes(4) + content


def _said(**fields: Any) -> bytes:
    return _frame(TEXT, json.dumps(fields, ensure_ascii=False).encode())


def _message(text: str) -> bytes:
    return _said(type="message", client_msg_id=str(uuid.uuid4()), text=text)


async def _next(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(20):
        first, size = await reader.readexactly(2)
        if size == 126:
            [size] = struct.unpack("!H", await reader.readexactly(2))
        return first & 15, await reader.readexactly(size)


@asynccontextmanager
async def _connected(base: str, behind: bytes = b"") -> Any:
    """A connection whose client sent the request, and something behind it, in one piece."""
    address = urlsplit(base)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (
        f"GET {address.path}/ws HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    writer.write(head.encode() + behind)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer  # the example of RFC 6455 section 1.3
    try:
        yield reader, writer
    finally:
        writer.close()


@asynccontextmanager
async def _opened(one: Customer, behind: bytes = b"") -> Any:
    """A connection whose client sent its auth as well, and is told that it is ready."""
    async with _connected(one.base, _said(type="auth", token=one.token) + behind) as (reader, writer):
        kind, ready = await _next(reader)
        assert (kind, json.loads(ready)["type"]) == (TEXT, "ready")
        yield reader, writer


async def _served() -> Socket:
    """The server's end of the one connection that there is, once those of earlier tests have gone."""
    await _until_left(1)
    [found] = [one for one in gc.get_objects() if type(one) is Socket]
    return found


async def _until_left(number: int) -> None:
    """Wait until the server has let go of all connections but so many; to name them here would hold them."""
    async with asyncio.timeout(20):
        while sum(type(one) is Socket for one in gc.get_objects()) != number:
            await asyncio.sleep(0.01)
            gc.collect()


def _complaints() -> list[dict[str, Any]]:
    """What the loop is told from now on, as of tasks that fail."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: told.append(complaint))
    return told


async def test_what_comes_behind_the_request_is_answered_in_order(start):
    """Frames that come in one piece with the request are answered one after the other, a ping among them."""
    _, customer = await start()
    behind = _message("a") + _frame(PING, b"here?") + _message("b") + _said(type="ping")
    async with _opened(await customer(), behind) as (reader, _):
        answers = [await _next(reader) for _ in range(4)]
    assert [kind for kind, _ in answers] == [TEXT, PONG, TEXT, TEXT]
    assert [json.loads(answers[place][1]).get("seq") for place in (0, 2, 3)] == [1, 2, None]
    assert answers[1][1] == b"here?"


async def test_a_message_in_many_pieces_is_one(start):
    """A message in several frames, each byte of which comes alone, is one message."""
    _, customer = await start()
    whole = json.dumps({"type": "message", "client_msg_id": str(uuid.uuid4()), "text": "hello"}).encode()
    pieces = _frame(TEXT, whole[:20], last=False) + _frame(PING, b"") + _frame(0, whole[20:])
    async with _opened(await customer()) as (reader, writer):
        for byte in pieces:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        answers = [await _next(reader), await _next(reader)]
    assert sorted(kind for kind, _ in answers) == [TEXT, PONG]


async def test_a_client_that_closes_is_answered(start):
    """A close is answered with its own code behind everything that came before it, and the connection ends."""
    _, customer = await start()
    behind = _message("last words") + _frame(CLOSE, struct.pack("!H", 1001))
    async with _opened(await customer(), behind) as (reader, _):
        assert json.loads((await _next(reader))[1])["type"] == "ack"
        assert await _next(reader) == (CLOSE, struct.pack("!H", 1001))
        assert await reader.read() == b""


async def test_who_leaves_without_waiting_is_heard(start):
    """Messages that came whole are stored although the client was gone before the first was answered."""
    _, customer = await start()
    one = await customer()
    async with _opened(one, b"".join(_message(str(number)) for number in range(30))) as (_, writer):
        writer.transport.abort()
    async with asyncio.timeout(20):
        while len(found := (await one.history())[1]["messages"]) < 30:
            await asyncio.sleep(0.01)
    assert [said["text"] for said in found] == [str(number) for number in range(30)]


async def test_who_asks_and_never_listens_is_let_go(start, monkeypatch):
    """A client that sends pings without end and reads nothing is dropped, and little of what it sends is held."""
    monkeypatch.setattr(connection, "SEND_LIMIT", 0.3)
    _, customer = await start()
    async with _opened(await customer()) as (_, writer):
        served = await _served()
        most = 0
        async with asyncio.timeout(30):
            while not served.closed:
                writer.write(_frame(PING, b"x" * 100) * 100)
                await asyncio.sleep(0)
                most = max(most, len(served._unread) + sum(len(one.data) for one in served._frames))
    assert most < 1024 * 1024


async def test_a_silent_client_is_asked_and_then_let_go(start, monkeypatch):
    """A client of which nothing is heard gets a ping, and is dropped where it does not answer."""
    monkeypatch.setattr("connectors.chat.socket.HEARTBEAT", 0.2)
    monkeypatch.setattr(connection, "HEARTBEAT", 0.2)
    _, customer = await start()
    async with _opened(await customer()) as (reader, writer):
        for _ in range(3):
            assert (await _next(reader))[0] == PING
            writer.write(_frame(PONG, b""))
        assert (await _next(reader))[0] == PING
        async with asyncio.timeout(20):
            assert await reader.read() == b""


async def test_frames_against_the_protocol_close_with_its_codes(start):
    """Reserved bits close with 1002, bytes that are no UTF-8 with 1007; what was asked before is answered before."""
    _, customer = await start()
    codes = []
    for wrong in (b"\xf1\x80" + bytes(4), _frame(TEXT, b"\xff")):
        async with _opened(await customer(), _said(type="ping") + wrong) as (reader, _):
            assert json.loads((await _next(reader))[1]) == {"type": "pong"}
            kind, content = await _next(reader)
            codes.append((kind, *struct.unpack("!H", content[:2])))
    assert codes == [(CLOSE, 1002), (CLOSE, 1007)]


@pytest.mark.parametrize(
    ("wrong", "code"), [(_frame(TEXT, b"{"), 4400), (_message("defect"), 1011)], ids=["bad", "defect"]
)
async def test_nothing_is_answered_behind_a_close(start, monkeypatch, wrong, code):
    """What comes behind a frame that closes the socket is not stored, also when the client answers the close."""
    write = Chat.write

    async def fails(chat: Chat, session: Any, wanted: Any, **more: Any) -> Any:
        if wanted.text == "defect":
            raise RuntimeError("a defect")
        return await write(chat, session, wanted, **more)

    monkeypatch.setattr(Chat, "write", fails)
    _, customer = await start()
    one, told = await customer(), _complaints()
    async with _opened(one, wrong + _message("behind")) as (reader, writer):
        kind, content = await _next(reader)
        assert (kind, *struct.unpack("!H", content[:2])) == (CLOSE, code)
        writer.write(_message("later") + _frame(CLOSE, content[:2]))
        assert await reader.read() == b""
    await _until_left(0)
    assert (await one.history())[1]["messages"] == []
    assert told == []


async def test_a_stop_lets_what_is_under_way_be_stored_and_nothing_else(start, monkeypatch):
    """When all sockets are closed while a message is stored, it is stored, and what came behind it is not."""
    write, begun, go_on = Chat.write, asyncio.Event(), asyncio.Event()

    async def waits(chat: Chat, session: Any, wanted: Any, **more: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await write(chat, session, wanted, **more)

    monkeypatch.setattr(Chat, "write", waits)
    _, customer = await start()
    one, told = await customer(), _complaints()
    async with _opened(one, _message("under way") + _message("behind")) as (reader, writer):
        await begun.wait()
        closing = asyncio.create_task((await _served())._chat.rooms.close(1012, "restart"))
        kind, content = await _next(reader)
        assert (kind, *struct.unpack("!H", content[:2])) == (CLOSE, 1012)
        writer.write(_message("later") + _frame(CLOSE, content[:2]))
        assert await reader.read() == b""
        await closing
        go_on.set()
    await _until_left(0)
    assert [said["text"] for said in (await one.history())[1]["messages"]] == ["under way"]
    assert told == []


async def test_a_stranger_who_takes_nothing_is_let_go_at_the_limit(start, monkeypatch):
    """A client that has not said who it is is dropped in time, however many of its pings wait to be answered."""
    monkeypatch.setattr(connection, "SEND_LIMIT", 60.0)
    monkeypatch.setattr(socket, "AUTH_LIMIT", 1.0)
    _, customer = await start()
    async with _connected((await customer()).base) as (_, writer), asyncio.timeout(20):
        served = await _served()
        while not served.closed:
            if served._room is None:
                writer.write(_frame(PING, b"x" * 100) * 100)
            await asyncio.sleep(0.001)


async def test_a_session_is_not_looked_for_without_end(start, monkeypatch):
    """A client whose session is not found in time is dropped."""
    never = asyncio.Event()

    async def find(_sessions: Sessions, _token: str) -> Any:
        await never.wait()

    monkeypatch.setattr(socket, "AUTH_LIMIT", 0.2)
    monkeypatch.setattr(Sessions, "find", find)
    _, customer = await start()
    async with _connected((await customer()).base, _said(type="auth", token="x" * 43)) as (reader, _):
        async with asyncio.timeout(20):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        never.set()


@pytest.mark.parametrize("stranger", [False, True])
@pytest.mark.parametrize("last", [_frame(CLOSE, struct.pack("!H", 1000)), b""], ids=["close", "end"])
async def test_who_says_goodbye_and_takes_nothing_is_let_go(start, monkeypatch, stranger, last):
    """A client that closes, or sends no more, but does not take what it was sent, is dropped in time."""
    monkeypatch.setattr(connection, "HEARTBEAT", 1.0)
    monkeypatch.setattr(socket, "HEARTBEAT", 1.0)
    monkeypatch.setattr(socket, "AUTH_LIMIT", 1.0)
    _, customer = await start()
    one = await customer()
    async with _connected(one.base) if stranger else _opened(one) as (_, writer):
        transport = (await _served())._transport
        while not transport.get_write_buffer_size():
            transport.write(bytes([0x80 | PONG, 0]) * 10_000)
            await asyncio.sleep(0)
        if last:
            writer.write(last)
        else:
            writer.write_eof()
        await _until_left(0)


async def test_a_long_reason_is_cut_between_characters(start):
    """A close whose reason quotes what the client sent is a control frame still: 125 bytes, and UTF-8."""
    _, customer = await start()
    async with _opened(await customer(), _said(type="钱包" * 60)) as (reader, _):
        kind, content = await _next(reader)
    assert (kind, struct.unpack("!H", content[:2])) == (CLOSE, (4400,))
    assert 0 < len(content[2:].decode()) <= len(content) - 2 <= 123


def test_the_loop_of_the_daemon_serves_it_and_keeps_nothing(tmp_path):
    """On uvloop, as in the daemon, sockets are opened and closed by both sides, and no part of one stays behind."""

    async def scenario() -> int:
        async with daemon(tmp_path) as (_, base), aiohttp.ClientSession() as http:
            one = Customer(http, base)
            await one.open()
            gc.collect()
            gc.disable()
            for _ in range(5):
                async with await one.socket() as socket:
                    await socket.receive_json(timeout=60)
                    await socket.send_str("{")
                    await socket.receive(timeout=60)
                    assert socket.close_code == 4400
                async with await one.socket() as socket:
                    await socket.receive_json(timeout=60)
            async with asyncio.timeout(20):
                while left := sum(type(one) is Socket for one in gc.get_objects()):
                    await asyncio.sleep(0.01)
            return left

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(scenario()) == 0
    finally:
        gc.enable()


async def test_it_works_with_the_parser_that_is_not_compiled():
    """Where aiohttp has no compiled parser, its parser in Python gives the same frames."""
    test = f"{__file__}::{test_what_comes_behind_the_request_is_answered_in_order.__name__}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", test),
        env={**os.environ, "AIOHTTP_NO_EXTENSIONS": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()

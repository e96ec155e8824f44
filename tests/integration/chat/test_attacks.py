"""What strangers try: each attempt is refused, and costs little."""

from __future__ import annotations

import asyncio
import gzip
import io
import time
import uuid
from urllib.parse import urlsplit

import pytest
from yarl import URL

from connectors.chat import api, socket
from fanin import http
from model import served


async def test_a_session_is_its_token_s_alone(start):
    """With another's token, a guessed one or none, nothing of a session can be read, written or ended."""
    _, customer = await start()
    alice, mallory = await customer(), await customer()
    _, uploaded = await alice.upload(b"secret")
    _, done = await alice.post("for your eyes", attachments=[{"upload_id": uploaded["upload_id"]}])
    _, history = await alice.history()
    [file] = history["messages"][0]["attachments"]
    mine = f"{alice.base}/sessions/{alice.session_id}"
    for headers in (mallory.authorization, {"Authorization": "Bearer " + "A" * 43}, {}):
        for method, path in (
            ("GET", "/messages"),
            ("GET", f"/messages/1/attachments/{file['id']}"),
            ("DELETE", ""),
        ):
            async with alice.http.request(method, mine + path, headers=headers) as answer:
                assert answer.status == (404 if headers == mallory.authorization else 401)
    stolen = f"{mallory.base}/sessions/{mallory.session_id}/messages/1/attachments/{file['id']}"
    async with alice.http.get(stolen, headers=mallory.authorization) as answer:
        assert answer.status == 404
    status, problem = await mallory.post("mine now", attachments=[{"upload_id": uploaded["upload_id"]}])
    assert (status, problem["code"]) == (422, "upload_unknown")
    assert done["seq"] == 1


async def test_a_tracking_number_opens_no_transcript(start):
    """Who knows a tracking number alone can read nothing: neither through the chat nor on the ticket API."""
    _, customer = await start()
    alice, mallory = await customer(), await customer()
    _, done = await alice.post("private")
    number = done["tracking_number"]
    await mallory.post(f"I am {number}, show me everything")
    _, history = await mallory.history()
    assert [said["text"] for said in history["messages"]] == [f"I am {number}, show me everything"]
    root = alice.base.removesuffix("/v1/chat")
    async with alice.http.get(f"{root}/v1/tickets/{number}/transcript", headers=mallory.authorization) as answer:
        assert answer.status == 401


async def test_guessing_tokens_is_slowed_down(start):
    """After some wrong tokens the address is refused whatever it brings, and told for how long."""
    _, customer = await start(rates={"refusals": "5/minute"})
    one = await customer()
    right, one.token = one.token, "A" * 43
    statuses = [(await one.history())[0] for _ in range(6)]
    one.token = right
    statuses.append((await one.history())[0])
    assert statuses == [401] * 5 + [429] * 2


async def test_too_many_messages_are_refused_with_a_time(start):
    """Beyond the rate of a session, requests have 429 with Retry-After, and frames an error that may be repeated."""
    _, customer = await start(rates={"messages": "2/minute"})
    one = await customer()
    for text in "ab":
        await one.post(text)
    wanted = {"client_msg_id": str(uuid.uuid4()), "text": "c"}
    url = f"{one.base}/sessions/{one.session_id}/messages"
    async with one.http.post(url, json=wanted, headers=one.authorization) as answer:
        assert (answer.status, answer.content_type) == (429, "application/problem+json")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    async with await one.socket(last_seq=2) as open_socket:
        await open_socket.receive_json(timeout=60)
        await open_socket.send_json({"type": "message", **wanted})
        error = await open_socket.receive_json(timeout=60)
    assert (error["code"], error["retryable"], error["client_msg_id"]) == (
        "rate_limited",
        True,
        wanted["client_msg_id"],
    )


async def test_foreign_pages_are_refused(start):
    """Of pages only those of listed origins and of the own host may use the chat; browsers are told the same."""
    _, customer = await start(origins=["https://wallet.example.com"])
    one = await customer(opened=False)
    own = f"http://{urlsplit(one.base).netloc}"
    for origin, status in (
        ("https://wallet.example.com", 201),
        (own, 201),
        ("https://wallet.example.com.evil.test", 403),
        ("https://evil.test", 403),
        ("null", 403),
        ("http://[", 403),
    ):
        async with one.http.post(f"{one.base}/sessions", json={}, headers={"Origin": origin}) as answer:
            assert answer.status == status, origin
            assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 201 else None)
            assert "Set-Cookie" not in answer.headers
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        async with one.http.options(f"{one.base}/sessions", headers=preflight) as answer:
            assert answer.status == (204 if status == 201 else 403)
        async with one.http.get(f"{one.base}/ws", headers={"Origin": origin}) as answer:
            assert answer.status == (400 if status == 201 else 403)


async def test_an_app_needs_its_key(start):
    """Where apps are set up, a session needs the key of one of them."""
    _, customer = await start(apps={"web": "pk_web_123", "ios": ["pk_ios_123", "pk_ios_old"]})
    one = await customer(opened=False)
    statuses = [
        (await one.open(headers={"X-Intake-Key": key} if key else None))[0]
        for key in ("", "pk_web_12", "pk_web_123", "pk_ios_old")
    ]
    assert statuses == [403, 403, 201, 201]


async def test_bodies_are_bounded(start):
    """A body that is too long, declared or not, compressed or not, or that is no JSON, is refused."""
    _, customer = await start()
    one = await customer()
    url, json = f"{one.base}/sessions/{one.session_id}/messages", {"Content-Type": "application/json"}
    headers = {**one.authorization, **json}

    async def endless():
        while True:
            yield b" " * 65536

    packed = gzip.compress(b" " * 50_000_000)
    for data, more, status in (
        (b" " * 500_000, {}, 413),
        (endless(), {}, 413),
        (packed, {"Content-Encoding": "gzip"}, 413),
        (b"{", {}, 400),
        (b'{"text": "\xff"}', {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b'{"text": ""}', {}, 422),
    ):
        async with one.http.post(url, data=data, headers=headers | more) as answer:
            assert answer.status == status
            assert answer.content_type == "application/problem+json"


async def test_names_are_one_harmless_line(start):
    """Line ends, controls and direction overrides in names and file names reach no header and no ticket."""
    app, customer = await start()
    one = await customer(identity={"name": "Al\r\nBcc: evil@example.com\x00\u202egnp.exe"})
    _, uploaded = await one.upload(b"x", filename='a\r\nX: y/../\u202e"b.txt')
    _, nameless = await one.upload(b"x", filename="../..")
    assert nameless["filename"] == "file"
    _, done = await one.post("hello", attachments=[{"upload_id": uploaded["upload_id"]}])
    [event] = await app.store.events(await app.store.find_conversation(done["tracking_number"]), 0)
    assert event.data.requester.name == "Al Bcc: evil@example.com gnp.exe"
    [file] = event.data.attachments
    assert not {"\r", "\n", "/", "\u202e"} & set(file.filename)


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<script>1"])
async def test_active_content_is_served_harmlessly(start, content):
    """A picture that is a script, or a page, is taken and comes back as a file to be saved, whatever it is called."""
    _, customer = await start()
    one = await customer()
    _, uploaded = await one.upload(content, filename="x.png", media_type="image/png")
    await one.post("look", attachments=[{"upload_id": uploaded["upload_id"]}])
    _, history = await one.history()
    [file] = history["messages"][0]["attachments"]
    url = f"{one.base}/sessions/{one.session_id}/messages/1/attachments/{file['id']}"
    async with one.http.get(url, headers=one.authorization) as answer:
        assert await answer.read() == content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        if answer.content_type != "image/png":
            assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_files_are_bounded(start):
    """Files that are too large, of a type that is not taken whatever they are called, or empty are refused."""
    _, customer = await start(allow={"file": "100 KiB", "files": 1, "media_types": ["image/*", "text/plain"]})
    one = await customer()

    async def endless():
        while True:
            yield b"x" * 65536

    program = b"\x7fELF" + b"\0" * 100
    answers = [
        await one.upload(b"x" * 102_401),
        await one.upload(endless()),
        await one.upload(program, "cat.png", "image/png"),
        await one.upload(b"x", "a.pdf", "application/pdf"),
        await one.upload(b""),
    ]
    assert [status for status, _ in answers] == [413, 413, 415, 415, 422]
    ids = [(await one.upload(b"x"))[1]["upload_id"] for _ in range(2)]
    assert (await one.post("both", attachments=[{"upload_id": id_} for id_ in ids]))[0] == 422


async def test_who_sends_slowly_is_let_go(start, monkeypatch):
    """A body, an auth or a header that does not come in time ends the connection."""
    monkeypatch.setattr(api, "BODY_LIMIT", 0.2)
    monkeypatch.setattr(socket, "AUTH_LIMIT", 0.2)
    monkeypatch.setattr(http, "IDLE_LIMIT", 0.5)
    _, customer = await start()
    one = await customer()
    address = urlsplit(one.base)

    async def ends(request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(request)
        async with asyncio.timeout(60):
            answer = await reader.read()
        writer.close()
        return answer

    begun = time.monotonic()
    head = f"POST /v1/chat/sessions HTTP/1.1\r\nHost: {address.netloc}\r\n".encode()
    body = await ends(head + b"Content-Type: application/json\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{")
    assert b"408" in body.partition(b"\r\n")[0]
    assert await ends(head) == b""
    assert await ends(b"") == b""
    async with one.http.ws_connect(f"{one.base}/ws") as silent:
        await silent.receive(timeout=60)
        assert silent.close_code == 4401
    assert time.monotonic() - begun < 20


async def test_who_does_not_take_a_file_is_let_go(start, monkeypatch):
    """A client that asks for a file and reads none of it is dropped in time."""
    monkeypatch.setattr(served, "TAKE_LIMIT", 0.2)
    _, customer = await start()
    one = await customer()
    _, uploaded = await one.upload(io.BytesIO(b"x" * (16 << 20)))
    await one.post("look", attachments=[{"upload_id": uploaded["upload_id"]}])
    _, history = await one.history()
    [file] = history["messages"][0]["attachments"]
    address = urlsplit(f"{one.base}/sessions/{one.session_id}/messages/1/attachments/{file['id']}")
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=1024)
    writer.write(f"GET {address.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {one.token}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    begun = time.monotonic()
    while not writer.transport.is_closing():  # what is reset is noticed by who writes
        assert time.monotonic() - begun < 10
        writer.write(b"\r\n")
        await asyncio.sleep(0.05)


async def test_addresses_are_told_apart_behind_a_proxy_alone(start):
    """X-Forwarded-For counts where the peer is a configured proxy, and what a client wrote before it does not."""
    _, customer = await start({"proxies": ["127.0.0.0/8"]}, rates={"sessions": "1/minute"})
    one = await customer(opened=False)
    forwarded = ["203.0.113.1", "203.0.113.2", "203.0.113.1", "198.51.100.9, 203.0.113.2", "2001:db8::1", "2001:db8::2"]
    statuses = [(await one.open(headers={"X-Forwarded-For": value}))[0] for value in forwarded]
    assert statuses == [201, 201, 429, 429, 201, 429]


async def test_many_addresses_open_no_more_sessions_than_an_app_may(start):
    """However many addresses there are, the sessions of an app are limited together."""
    _, customer = await start({"proxies": ["127.0.0.0/8"]}, rates={"app_sessions": "2/minute"})
    one = await customer(opened=False)
    statuses = [(await one.open(headers={"X-Forwarded-For": f"203.0.113.{n}"}))[0] for n in range(3)]
    assert statuses == [201, 201, 429]


async def test_without_a_proxy_nobody_chooses_an_address(start):
    """Where no proxy is configured, X-Forwarded-For changes nothing."""
    _, customer = await start(rates={"sessions": "1/minute"})
    one = await customer(opened=False)
    statuses = [(await one.open(headers={"X-Forwarded-For": f"203.0.113.{n}"}))[0] for n in range(2)]
    assert statuses == [201, 429]


async def test_whatever_a_path_holds_the_answer_is_a_problem(start):
    """A line end within a path is answered as any other name that nobody has."""
    _, customer = await start()
    one = await customer()
    url = f"{one.base}/sessions/{one.session_id}/messages/1/attachments/a%0Ab"
    async with one.http.get(URL(url, encoded=True), headers=one.authorization) as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")

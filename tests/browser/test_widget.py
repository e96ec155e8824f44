"""The widget in a browser: what customers write arrives once, whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import SECRET, bubbles, fates, write
from tests.support.daemon import Daemon, until

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


def texts(daemon: Daemon) -> list[str]:
    """What the helpdesk has, in its order."""
    return [event["data"]["message"]["text"] for event in daemon.tickets()]


def stored(page: Page, count: int) -> None:
    """Wait until so many messages of the customer are stored."""
    expect(page.locator("fanin-chat li.customer .fate", has_text="Received")).to_have_count(count, timeout=30_000)


def answer(daemon: Daemon, number: str, text: str, key: str = "1") -> None:
    """Answer as a helpdesk does."""
    request = urllib.request.Request(
        f"http://{daemon.private}/v1/tickets/{number}/replies",
        data=json.dumps({"text": text, "author": "Ms Chan"}).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": key},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status == 202


def test_a_customer_writes_and_reads_the_answer(daemon: Daemon, customer: Any) -> None:
    """A message becomes a ticket with a number that is shown at once, and the agent's answer appears by itself."""
    page = customer().page()

    write(page, "余额突然变0了")
    stored(page, 1)
    number = page.locator("fanin-chat output").inner_text()
    [event] = daemon.wait_for_tickets(1)
    answer(daemon, number, "We are looking at it.")

    assert event["subject"] == number
    expect(page.locator("fanin-chat li.agent .bubble")).to_have_text("We are looking at it.")
    expect(page.locator("fanin-chat li.agent .who")).to_have_text("Ms Chan")


def test_half_a_character_holds_nothing_up(daemon: Daemon, customer: Any) -> None:
    """A text that was cut within a character, and a file so called, arrive, and what is written next does, too."""
    page = customer().page()
    page.evaluate(
        """() => {
          const root = document.querySelector("fanin-chat").shadowRoot;
          const data = new DataTransfer();
          data.items.add(new File(["x"], "half \ud83d.txt", {type: "text/plain"}));
          root.querySelector(".panel").dispatchEvent(
            new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
          root.querySelector("textarea").value = "half \ud83d";
          root.querySelector("form").requestSubmit();
        }"""
    )
    write(page, "next")
    stored(page, 2)

    assert texts(daemon) == ["half \ufffd", "next"]


def test_what_was_seen_is_said_once(daemon: Daemon, customer: Any) -> None:
    """The server is told of each newest message that is shown, and not again at every change of the page."""
    one, sent = customer(), list[dict[str, Any]]()
    one.context.on(
        "page",
        lambda page: page.on("websocket", lambda ws: ws.on("framesent", lambda text: sent.append(json.loads(text)))),
    )
    page = one.page()
    for text in ("one", "two", "three"):
        write(page, text)
    stored(page, 3)
    answer(daemon, page.locator("fanin-chat output").inner_text(), "four")
    expect(page.locator("fanin-chat li.agent")).to_have_count(1)
    write(page, "five")
    stored(page, 4)

    seen = [frame["seq"] for frame in sent if frame["type"] == "read"]
    assert seen == sorted(set(seen))
    assert 4 in seen


def test_files_are_sent_by_picker_paste_and_drop(daemon: Daemon, customer: Any) -> None:
    """A picked, a pasted and a dropped file come with the message, and the picture is shown."""
    page = customer().page()
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcffff3f0300050001"
        "5a4d7fd60000000049454e44ae426082"
    )
    page.locator("fanin-chat input[type=file]").set_input_files(
        [{"name": "screen.png", "mimeType": "image/png", "buffer": pixel}]
    )
    page.evaluate(
        """() => {
          const root = document.querySelector("fanin-chat").shadowRoot;
          const data = (name, type) => {
            const data = new DataTransfer();
            data.items.add(new File(["<svg onload=alert(1)>"], name, {type}));
            return data;
          };
          root.querySelector("textarea").dispatchEvent(
            new ClipboardEvent("paste", {
              clipboardData: data("pasted.svg", "image/svg+xml"), bubbles: true, cancelable: true
            }));
          root.querySelector(".panel").dispatchEvent(
            new DragEvent("drop", {
              dataTransfer: data("dropped.html", "text/html"), bubbles: true, cancelable: true
            }));
        }"""
    )
    write(page, "see here")
    stored(page, 1)

    [event] = daemon.wait_for_tickets(1)
    assert [one["filename"] for one in event["data"]["attachments"]] == ["screen.png", "pasted.svg", "dropped.html"]
    assert event["data"]["attachments"][0]["sha256"] == hashlib.sha256(pixel).hexdigest()
    expect(page.locator("fanin-chat .files img")).to_have_count(1)
    page.reload()
    expect(page.locator("fanin-chat .files img")).to_have_count(1)


def test_a_slow_upload_shows_how_far_it_is(daemon: Daemon, customer: Any) -> None:
    """While a large file goes up a slow line, a bar says how much is there; it goes when the message is stored."""
    page = customer().page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    network.send("Network.emulateNetworkConditions", slow)
    large = b"%PDF-1.4\n" + bytes(1_500_000)
    page.locator("fanin-chat input[type=file]").set_input_files(
        [{"name": "statement.pdf", "mimeType": "application/pdf", "buffer": large}]
    )
    write(page, "here it is")

    page.wait_for_function(
        """() => {
          const bar = document.querySelector("fanin-chat").shadowRoot.querySelector("progress");
          return bar !== null && bar.value > 0.1 && bar.value < 0.95;
        }"""
    )
    stored(page, 1)
    expect(page.locator("fanin-chat progress")).to_have_count(0)
    [event] = daemon.wait_for_tickets(1)
    assert event["data"]["attachments"][0]["sha256"] == hashlib.sha256(large).hexdigest()


def test_what_is_written_without_a_server_is_sent_when_it_is_back(daemon: Daemon, customer: Any) -> None:
    """Messages wait on the device while the server is down, and arrive once, in order."""
    page = customer().page()
    write(page, "before")
    stored(page, 1)
    daemon.kill()

    write(page, "during 1")
    write(page, "during 2")
    expect(page.locator("fanin-chat li.customer .fate", has_text="Not sent yet")).to_have_count(2)
    daemon.start()

    stored(page, 3)
    daemon.wait_for_tickets(3)
    assert texts(daemon) == ["before", "during 1", "during 2"]


def test_a_reload_in_the_middle_of_sending_says_nothing_twice(daemon: Daemon, customer: Any) -> None:
    """Where the acknowledgement is lost with the page, the message goes again under its id, and is one ticket."""
    someone = customer()
    lost: list[str] = []
    losing = [True]

    def swallow(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if losing[0] and '"ack"' in str(frame):
                lost.append(str(frame))
            else:
                route.send(frame)

        server.on_message(pass_on)

    someone.context.route_web_socket("**/v1/chat/ws", swallow)
    page = someone.page()
    write(page, "only once")
    # The frames pass through this process, so it must not sleep otherwise than in the page.
    until(lambda: bool(page.wait_for_timeout(20) or daemon.tickets()), within=30, what="the ticket")
    until(lambda: bool(page.wait_for_timeout(20) or lost), within=20, what="an acknowledgement that is lost")
    assert fates(page) == ["Sending…"]
    page.close()
    losing[0] = False

    again = someone.page()
    stored(again, 1)
    write(again, "and then")
    stored(again, 2)

    daemon.wait_for_tickets(2)
    assert texts(daemon) == ["only once", "and then"]


def test_two_tabs_show_the_same_conversation(daemon: Daemon, customer: Any) -> None:
    """What is written in one tab appears in the other, and is sent once."""
    someone = customer()
    first = someone.page()
    write(first, "from the first tab")
    stored(first, 1)
    second = someone.page()
    stored(second, 1)

    write(second, "from the second tab")

    stored(first, 2)
    stored(second, 2)
    daemon.wait_for_tickets(2)
    assert bubbles(first) == bubbles(second) == texts(daemon) == ["from the first tab", "from the second tab"]


def test_a_verified_customer_goes_on_on_a_second_device(daemon: Daemon, customer: Any) -> None:
    """A proven identity sees its open conversation on another device; a claimed one does not."""
    proof = hmac.new(SECRET.encode(), b"user-7", hashlib.sha256).hexdigest()
    first = customer().page(user_id="user-7", user_hash=proof)
    write(first, "on the phone")
    stored(first, 1)
    number = first.locator("fanin-chat output").inner_text()

    second = customer().page(user_id="user-7", user_hash=proof)
    write(second, "on the laptop")
    stored(second, 2)
    stranger = customer().page(email="user-7@example.com")
    write(stranger, "let me in")
    stored(stranger, 1)

    assert second.locator("fanin-chat output").inner_text() == number
    assert bubbles(second) == ["on the phone", "on the laptop"]
    assert bubbles(stranger) == ["let me in"]
    assert stranger.locator("fanin-chat output").inner_text() != number


@pytest.mark.parametrize("secret", [PHRASE, "的 一 是 在 不 了 有 和 人 这 中 大", "0x" + "5f" * 32])
def test_a_secret_does_not_leave_the_device_unless_insisted(daemon: Daemon, customer: Any, secret: str) -> None:
    """A warning stands before the message: going back sends nothing, insisting sends it."""
    page = customer().page()

    write(page, f"my words: {secret}")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert bubbles(page) == []
    write(page, "no secret")
    stored(page, 1)
    write(page, secret)
    page.get_by_role("button", name="Send anyway").click()
    stored(page, 2)

    assert [text for text in texts(daemon)[:1] if "abandon" in text or "5f" in text] == []


@pytest.mark.parametrize(
    ("locale", "says"),
    [
        ("zh-CN", "发送"),
        ("zh-TW", "傳送"),
        ("en-GB", "Send"),
        ("ja-JP", "送信"),
        ("ko-KR", "보내기"),
        ("fr-FR", "Send"),
    ],
)
def test_the_widget_speaks_the_browsers_language(customer: Any, locale: str, says: str) -> None:
    """Five languages, and English for everybody else."""
    page = customer(locale=locale).page()

    expect(page.locator("fanin-chat button.send")).to_have_text(says)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_everybody_can_use_it(daemon: Daemon, customer: Any, tmp_path: Path, width: int, scheme: str) -> None:
    """WCAG 2.2 AA as far as axe can tell, in both colour schemes, and nothing wider than the screen."""
    page = customer(viewport={"width": width, "height": 800}, color_scheme=scheme).page()
    write(page, "a long text without a place to break: " + "0123456789abcdef" * 6)
    stored(page, 1)
    answer(daemon, page.locator("fanin-chat output").inner_text(), "An answer.")
    expect(page.locator("fanin-chat li.agent .bubble")).to_be_visible()
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    for text in ("", PHRASE):
        if text:
            write(page, text)
        found = Axe().run(page, options={"runOnly": tags})
        assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    page.screenshot(path=tmp_path / f"{scheme}-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_is_enough(daemon: Daemon, customer: Any) -> None:
    """Closing, opening, writing and attaching need no mouse, and the focus is where one expects it."""
    page = customer().page()
    page.locator("fanin-chat textarea").focus()
    page.keyboard.press("Escape")
    expect(page.locator("fanin-chat .launch")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("fanin-chat textarea")).to_be_focused()

    page.keyboard.type("typed")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Tab")
    expect(page.locator("fanin-chat button.send")).to_be_focused()
    page.keyboard.press("Enter")

    stored(page, 1)
    daemon.wait_for_tickets(1)
    assert texts(daemon) == ["typed\nsecond line"]


def test_the_demo_page_needs_no_other_host_and_breaks_no_policy(daemon: Daemon, customer: Any) -> None:
    """Under its strict policy the page works, asks nobody else, and shows how to answer."""
    someone = customer()
    page = someone.context.new_page()
    problems: list[str] = []
    page.on("console", lambda said: said.type == "error" and problems.append(said.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"http://{someone.host}/")
    write(page, "hello")
    stored(page, 1)

    number = page.locator("fanin-chat output").inner_text()
    expect(page.locator("#command")).to_contain_text(f"http://{daemon.private}/v1/tickets/{number}/replies")
    assert [url for url in someone.asked if not url.startswith((f"http://{someone.host}/", "blob:"))] == []
    assert [text for text in problems if "favicon" not in text and "404" not in text] == []

"""A real browser before a real daemon."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.support.daemon import Daemon
from tests.support.lacking import lacking

SECRET = "the app's own server knows this " * 2


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium; skipped by name where there is none, unless a missing server is to be a failure.

    One for each test: as long as Playwright runs, no other event loop can in its thread.
    """
    path = shutil.which("chromium")
    if path is None:
        lacking("chromium")
    with sync_playwright() as playwright:
        yield _launched(playwright, path)


def _launched(playwright: Playwright, path: str) -> Browser:
    arguments = [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        "--disable-features=LocalNetworkAccessChecks",  # a page of the test's own counts as from elsewhere
    ]
    return playwright.chromium.launch(executable_path=path, args=arguments)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon with a chat on the pages of its own host."""
    chat = {"kind": "chat", "identity_secret": SECRET, "rates": {"sessions": "1000/minute"}}
    made = Daemon(tmp_path, connectors={"chat": chat})
    made.start()
    made.wait_ready()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()


class Customer:
    """A browser of its own, with the widget open."""

    def __init__(self, context: BrowserContext, host: str) -> None:
        self.context, self.host = context, host
        self.errors: list[str] = []
        self.asked: list[str] = []
        """Every address that the page asked for."""
        context.on("request", lambda request: self.asked.append(request.url))

    def page(self, **attributes: str) -> Page:
        """A page of the daemon's host that has the widget with these attributes, open."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: "Content Security Policy" in said.text and self.errors.append(said.text))
        named = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        url = f"http://{self.host}/customer.html"
        html = (
            "<!doctype html><html lang=en><title>Wallet</title><main><h1>Wallet</h1></main>"
            f'<script type=module src="/widget.js"></script><fanin-chat app="wallet" open{named}></fanin-chat>'
        )
        page.route(url, lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(url)
        page.locator("fanin-chat textarea").wait_for()
        return page


@pytest.fixture
def customer(browser: Browser, daemon: Daemon) -> Iterator[Any]:
    """Makes customers, each with a browser of their own."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> Customer:
        made.append(browser.new_context(**{"locale": "en-US", **options}))
        made[-1].set_default_timeout(20_000)
        return Customer(made[-1], daemon.configuration["http"]["public"])

    yield make
    for context in made:
        context.close()


def write(page: Page, text: str) -> None:
    """Write a message as a customer does."""
    box = page.locator("fanin-chat textarea")
    box.fill(text)
    box.press("Enter")


def fates(page: Page) -> list[str]:
    """What stands below each of the customer's messages."""
    return [text.split(" · ")[0].strip() for text in page.locator("fanin-chat li.customer .fate").all_inner_texts()]


def bubbles(page: Page) -> list[str]:
    """What was said after the greeting, by both sides."""
    return page.locator("fanin-chat .log .bubble").all_inner_texts()[1:]

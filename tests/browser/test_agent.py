"""From the widget to a real Request Tracker and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Customer, write
from tests.support.daemon import Daemon, until
from tests.support.rt import Rt

pytestmark = [pytest.mark.xdist_group("rt"), pytest.mark.timeout(240)]


def test_an_agents_answer_in_request_tracker_appears_in_the_widget(browser: Browser, rt: Rt, tmp_path: Path) -> None:
    """What the customer wrote is a ticket in RT, and what the agent answers there is read in the widget."""
    desk = {"kind": "rt", "url": rt.url, "token": rt.tokens["fanin"], "queue": "Support", "server_limit": "2 s"}
    daemon = Daemon(tmp_path, connectors={"chat": {"kind": "chat"}}, helpdesks={"desk": desk})
    daemon.start()
    daemon.wait_ready()
    context = browser.new_context(locale="zh-CN")
    try:
        page = Customer(context, daemon.configuration["http"]["public"]).page()
        write(page, "我的转账没有到账")
        until(lambda: bool(page.wait_for_timeout(50) or rt.count()), within=60, what="the message in RT")
        [(ticket, _)] = rt.events()

        rt.ask("POST", f"/ticket/{ticket}/correspond", {"Content": "正在查询，请稍候。", "ContentType": "text/plain"})

        expect(page.locator("fanin-chat li.agent .bubble")).to_have_text("正在查询，请稍候。", timeout=60_000)
    finally:
        context.close()
        daemon.kill()

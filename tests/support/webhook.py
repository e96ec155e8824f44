"""A receiver of webhooks that verifies with the reference implementation, and remembers ids."""

from __future__ import annotations

import json

import msgspec
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from model.event import Event
from tests.support.http_desk import HttpDesk

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "c2VjcmV0" * 4


class Receiver(HttpDesk):
    """Takes each id once, as the specification asks of receivers."""

    def __init__(self, secret: str = SECRET) -> None:
        super().__init__()
        self.secret = secret
        self.events: dict[str, Event] = {}
        self.bodies: list[dict] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Verify and take; other methods are not allowed, as with most receivers."""
        if request.method != "POST":
            return web.Response(status=405)
        body = await request.read()
        try:
            Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            return web.Response(status=401)
        self.bodies.append(json.loads(body))
        self.events.setdefault(request.headers["webhook-id"], msgspec.json.decode(body, type=Event))
        return web.Response(status=204)

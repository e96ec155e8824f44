"""The helpdesk that is any server which takes Standard Webhooks 1.0.0.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import timedelta

import aiohttp
import msgspec

from delivery.helpdesks.webhook_settings import WebhookSettings, signing_key
from delivery.web import asked_pause, connector, is_private
from model.errors import CredentialsRejected, Misconfigured, Transient
from model.event import Event, TicketRef
from model.json import Json

SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
"""The pauses between attempts that the specification proposes."""
JITTER = 0.1
REFUSED_FOR = 600.0
"""Seconds after which a server that refused our signature is tried again, unless the secret changes before."""
MOST_COUNTED = 10_000
"""Events whose attempts are counted: those of the others begin anew."""

_ENCODE = msgspec.json.Encoder().encode


class WebhookHelpdesk:
    """Posts events, each under its id, until the server takes them (see `delivery.base.Helpdesk`).

    At least once: a server whose answer is lost gets the event again, under the same `webhook-id`.
    """

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._failures: OrderedDict[str, int] = OrderedDict()
        self._gone: CredentialsRejected | None = None
        self._refused: tuple[CredentialsRejected, bytes, float] | None = None

    async def submit(self, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> TicketRef:  # noqa: ARG002  a receiver has no tickets that we know of, and no options
        """Post the event.  Raises Transient with the pause of the schedule, or CredentialsRejected."""
        self._raise_refusal()
        body = content(event)
        now = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(self._keys(), event.id, now, body),
        }
        try:
            status, pause = await self._ask("POST", headers, body)
        except Transient as error:
            raise Transient(str(error), retry_after=self._next_pause(event.id)) from None
        if 200 <= status < 300:
            self._failures.pop(event.id, None)
            return TicketRef(event.data.tracking_number)
        raise self._failure(event.id, status, pause)

    async def check(self) -> None:
        """Return if the server answers and has not said that it wants no more; it is asked by HEAD.

        Raises Transient or CredentialsRejected.
        """
        self._raise_refusal()
        self._keys()
        status, pause = await self._ask("HEAD", {}, None)
        if status >= 500 and status != 501:
            raise Transient(f"the server answered {status}", retry_after=pause)

    def _keys(self) -> list[bytes]:
        """The keys to sign with, the present one first; a file is read each time, so that a new one is found."""
        given = [self._settings.secret, self._settings.old_secret]
        try:
            return [signing_key(secret) for secret in given if secret is not None]
        except (Misconfigured, ValueError) as error:
            raise CredentialsRejected(str(error), remedy="correct the secret, or the file that holds it") from None

    async def _ask(self, method: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, timedelta | None]:
        """The status of the answer and the pause that it asks for.  Raises Transient, CredentialsRejected."""
        settings = self._settings
        timeout = aiohttp.ClientTimeout(total=settings.timeout.total_seconds())
        link = connector(settings.ca_file, public_only=not settings.allow_private)
        try:
            async with (
                aiohttp.ClientSession(connector=link, timeout=timeout) as http,
                http.request(method, settings.url, headers=headers, data=body, allow_redirects=False) as response,
            ):
                return response.status, asked_pause(response.headers)
        except aiohttp.ClientConnectorError as error:
            if is_private(error):
                raise CredentialsRejected(
                    "the address is one of a private network",
                    remedy="set another `url`, or `allow_private: true` if it is meant",
                ) from None
            raise Transient(f"the server cannot be reached ({type(error).__name__})") from None
        except aiohttp.ClientError as error:
            raise Transient(f"the connection broke ({type(error).__name__})") from None
        except TimeoutError:
            raise Transient("no answer in time") from None

    def _failure(self, event_id: str, status: int, pause: timedelta | None) -> Transient | CredentialsRejected:
        """What a status means that is no success."""
        if status == 410:
            self._gone = CredentialsRejected(
                "the server answered 410: it wants no more events", remedy="take the helpdesk away, or restart fanin"
            )
            return self._gone
        if status in (401, 403):
            refusal = CredentialsRejected(
                f"the server answered {status}: it refuses the signature", remedy="give both sides the same secret"
            )
            self._refused = refusal, b"".join(self._keys()), time.monotonic() + REFUSED_FOR
            return refusal
        reason = f"the server answered {status}"
        if 300 <= status < 400:
            reason += ", a redirect, which is not followed: set `url` to where it leads"
        return Transient(reason, retry_after=max(pause or timedelta(0), self._next_pause(event_id)))

    def _next_pause(self, event_id: str) -> timedelta:
        """The pause before the event's next attempt."""
        failures = self._failures.pop(event_id, 0)
        self._failures[event_id] = failures + 1
        if len(self._failures) > MOST_COUNTED:
            self._failures.popitem(last=False)
        return SCHEDULE[min(failures, len(SCHEDULE) - 1)] * random.uniform(1, 1 + JITTER)

    def _raise_refusal(self) -> None:
        """Do not ask a server again that wants nothing of us."""
        if self._gone is not None:
            raise self._gone
        if self._refused is not None:
            refusal, keys, until = self._refused
            if keys == b"".join(self._keys()) and time.monotonic() < until:
                raise refusal
            self._refused = None


def content(event: Event) -> bytes:
    """The body: the CloudEvent in structured JSON, with `timestamp` besides `type` and `data` as receivers expect."""
    return b'{"timestamp":' + _ENCODE(event.time) + b"," + _ENCODE(event)[1:]


def signature(keys: list[bytes], id_: str, at: int, body: bytes) -> str:
    """The signatures of a body by each key (Standard Webhooks 1.0.0, symmetric)."""
    signed = f"{id_}.{at}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)

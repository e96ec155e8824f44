"""Why a request or a frame is refused: every reason that the chat API knows, with its status."""

from __future__ import annotations

import secrets
from datetime import timedelta

from aiohttp import web

from connectors.chat.wire import Problem, encode

PROBLEMS = {
    "malformed": (400, "The request cannot be understood"),
    "token_unknown": (401, "The session token is not known"),
    "identity_refused": (401, "The identity is not proven"),
    "app_unknown": (403, "The app is not known"),
    "origin_refused": (403, "The page may not use this chat"),
    "not_found": (404, "There is nothing here"),
    "timeout": (408, "The request took too long"),
    "id_reused": (409, "The id belongs to another message"),
    "session_expired": (410, "The session has expired"),
    "too_large": (413, "The request is too large"),
    "media_type_refused": (415, "The type is not taken"),
    "invalid": (422, "The message cannot be taken"),
    "upload_unknown": (422, "An upload is not known"),
    "rate_limited": (429, "Too many requests"),
    "defect": (500, "Something is wrong on this side"),
    "busy": (503, "The message cannot be stored now"),
}
"""Code -> status and title.  A code keeps its meaning for ever."""
RETRYABLE = {"timeout", "rate_limited", "defect", "busy"}
"""The same request may succeed later."""


class Refused(Exception):
    """A request or frame is refused, for a reason that the client may be told."""

    def __init__(self, code: str, detail: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.retry_after = code, detail, retry_after

    def response(self) -> web.Response:
        """The answer to a request, as `application/problem+json` (RFC 9457)."""
        status, title = PROBLEMS[self.code]
        problem = Problem(
            type=f"urn:fanin:problem:{self.code}",
            title=title,
            status=status,
            detail=self.detail,
            code=self.code,
            request_id=secrets.token_hex(8),
        )
        headers = {"Cache-Control": "no-store"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(max(1, round(self.retry_after.total_seconds())))
        if status == web.HTTPUnauthorized.status_code:
            headers["WWW-Authenticate"] = "Bearer"
        return web.Response(
            status=status, body=encode(problem), content_type="application/problem+json", headers=headers
        )

"""The operations of the chat API: routes and the OpenAPI document are made of this table."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from connectors.chat import wire
from model.operation import Operation, Parameter

PREFIX = "/v1/chat"
MOST_HISTORY = 200
"""Messages of an answer."""

_SESSION = Parameter(
    name="session_id", where="path", text="The session that the token belongs to.", required=True,
    type=Annotated[str, Meta(pattern=wire.UUID)],
)  # fmt: skip

OPERATIONS = (
    Operation(
        name="open_session",
        method="POST",
        path=f"{PREFIX}/sessions",
        summary="Open a session",
        parameters=(
            Parameter(name="X-Intake-Key", where="header", text="The app's publishable key, where apps are set up."),
        ),
        takes=wire.OpenSession,
        answers={201: wire.SessionOpened},
        fails=(401, 403),
    ),
    Operation(
        name="end_session",
        method="DELETE",
        path=f"{PREFIX}/sessions/{{session_id}}",
        summary="End a session: its token is worth nothing afterwards",
        parameters=(_SESSION,),
        answers={204: None},
        fails=(404,),
        by_session=True,
    ),
    Operation(
        name="post_message",
        method="POST",
        path=f"{PREFIX}/sessions/{{session_id}}/messages",
        summary="Send a message; it is stored for good when this answers",
        parameters=(
            _SESSION,
            Parameter(
                name="Idempotency-Key",
                where="header",
                text="Stands for `client_msg_id` where the body has none.",
                type=Annotated[str, Meta(pattern=wire.UUID)],
            ),
        ),
        takes=wire.PostMessage,
        answers={201: wire.Acknowledged, 200: wire.Acknowledged},
        fails=(404, 409, 422),
        by_session=True,
    ),
    Operation(
        name="list_messages",
        method="GET",
        path=f"{PREFIX}/sessions/{{session_id}}/messages",
        summary="What was said in the conversation, by both sides",
        parameters=(
            _SESSION,
            Parameter(name="after_seq", where="query", text="Only what came after this place.", type=wire.Place),
            Parameter(
                name="limit",
                where="query",
                text="At most so many messages.",
                type=Annotated[int, Meta(ge=1, le=MOST_HISTORY)],
            ),
        ),
        answers={200: wire.History},
        fails=(404,),
        by_session=True,
    ),
    Operation(
        name="mark_read",
        method="POST",
        path=f"{PREFIX}/sessions/{{session_id}}/read",
        summary="Say that the customer has seen everything up to a place",
        parameters=(_SESSION,),
        takes=wire.ReadUpTo,
        answers={204: None},
        fails=(404,),
        by_session=True,
    ),
    Operation(
        name="get_attachment",
        method="GET",
        path=f"{PREFIX}/sessions/{{session_id}}/messages/{{seq}}/attachments/{{attachment_id}}",
        summary="A file of a message",
        parameters=(
            _SESSION,
            Parameter(
                name="seq", where="path", text="The message's place.", required=True,
                type=Annotated[int, Meta(ge=1, lt=2**53)],
            ),
            Parameter(
                name="attachment_id", where="path", text="The attachment's id.", required=True,
                type=Annotated[str, Meta(pattern=r"^[0-9a-zA-Z-]{1,64}$")],
            ),
        ),
        answers={200: bytes},
        fails=(404,),
        by_session=True,
    ),
    Operation(
        name="upload_file",
        method="POST",
        path=f"{PREFIX}/uploads",
        summary="Upload a file for a message: as the body, or as the one file of a form",
        parameters=(
            Parameter(
                name="filename",
                where="query",
                text="The file's name, where it is the body.",
                type=Annotated[str, Meta(max_length=500)],
            ),
        ),
        takes_files=True,
        answers={201: wire.Uploaded},
        fails=(415, 422),
        by_session=True,
    ),
)  # fmt: skip
SOCKET_PATH = f"{PREFIX}/ws"

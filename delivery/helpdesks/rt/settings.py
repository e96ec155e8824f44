"""How a Request Tracker is reached, and what tickets there are made of."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import StringConstraints

from delivery.settings import HelpdeskSettings
from model.settings import ByteSize, Duration, FilePath, Form, Secret, WebUrl

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
QueueName = Annotated[str, Form(r"[^/]{1,200}", "a queue whose name has a slash is given by its number")]
FieldName = Annotated[
    str, Form(r"[^\s{}'\"\\][^{}'\"\\]{0,199}", "expected a custom field's name, without quotes, braces or backslashes")
]


class RtSettings(HelpdeskSettings):
    """A Request Tracker 5."""

    kind: Literal["rt"]
    """Request Tracker 5 by REST 2."""
    url: WebUrl
    """Where RT is reached, without `/REST/2.0`."""
    token: Secret
    """An authentication token of a user that is fanin's alone."""
    queue: QueueName
    """The queue of tickets for which no route names another (option `queue`), by name or number."""
    custom_field: FieldName = "fanin"
    """The ticket custom field (one free value) that keeps the tracking number."""
    body: Literal["html", "text"] = "html"
    """What agents read: `html` where a message has it, or always `text`."""
    mails_requester: bool = False
    """Whether RT's own scrips may mail the requester.  By default they may not: what agents answer goes out
    through fanin, on the channel of the conversation."""
    reopen_to: Text = "open"
    """The status that a follow-up gives to a ticket that is resolved or rejected."""
    max_attachment: ByteSize = 7 << 20
    """A larger file stays in fanin and becomes a link; RT cuts or drops what is above its `$MaxAttachmentSize`
    (10 MiB; three quarters of it where the database is no MySQL)."""
    max_attachments: ByteSize = 30 << 20
    """The most that the files of one message may have together; what is above becomes links."""
    timeout: Duration = timedelta(seconds=30)
    """How long one request to RT may take."""
    server_limit: Duration = timedelta(minutes=2)
    """How long RT may still be at work on a request whose answer was lost.  Until then it is not repeated."""
    ca_file: FilePath | None = None
    """Certificates (PEM) that are trusted instead of the system's."""

    def describe(self) -> str:
        """Which queue of which server it is."""
        return f"RT {self.url}, queue {self.queue}"

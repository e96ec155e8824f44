"""How a Weibo account is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from connectors.settings import ConnectorSettings, SecretUrl
from model.settings import ByteSize, Duration, Form, Secret, Several, mistakes

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Uid = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, int) and not isinstance(value, bool) else value),
    Form(r"[0-9]{1,19}", "expected the account's number, such as 1902538057, not its name"),
]
Stream = Literal["mentions", "comment_mentions", "comments_to_me"]
STREAMS: tuple[Stream, ...] = ("mentions", "comment_mentions", "comments_to_me")
CALLS = {"normal": 150, "business": 50_000}
"""What Weibo allows an hour: a user of a normal application, and an address of a business contract."""


class WeiboSettings(ConnectorSettings):
    """A Weibo account that customers mention, comment on and write to."""

    kind: Literal["weibo"]
    """Weibo."""
    uid: Uid
    """The account's number; names change, it does not."""
    access_token: Secret
    """The OAuth 2 access token of the account; it is read again at each call."""
    access: Literal["normal", "business"] = "normal"
    """Which interfaces are used: the `normal` ones, or those of a `business` contract (c.api.weibo.com)."""
    streams: Several[Stream] = STREAMS
    """What is read by polling: `mentions` in posts, `comment_mentions`, `comments_to_me`; none where only private
    messages are wanted."""
    poll: Duration = timedelta(seconds=10)
    """How often the counters of unread messages are asked for, which costs nothing; what they show is read at once."""
    reconcile: Duration = timedelta(minutes=10)
    """How often everything is read whatever the counters say: somebody who opens Weibo sets them back."""
    calls_per_hour: Annotated[int, Field(ge=10, default_factory=lambda data: CALLS.get(data.get("access", ""), 150))]
    """How many calls may be made in an hour, all kinds together: 150, or 50000 where `access` is `business`."""
    reserve: Annotated[int, Field(ge=0)] = 20
    """How many of them are left to replies and to files of private messages."""
    push_secret: Secret | None = None
    """The APP secret of the fans service (粉丝服务平台), by which its pushes are signed; without it none are taken."""
    max_attachment_size: ByteSize = 20 << 20
    """A larger picture or recording is not fetched: the ticket says so."""
    names: Several[Text] = ()
    """Names that are ours: the account's, brands, and those under which agents answer.  Who uses them, or nearly so,
    is reported as an imitation."""
    long_replies: Literal["split", "shorten", "refuse"] = "split"
    """What is done with an answer above 140 characters (a comment) or 300 (a private message): several of them, a
    cut one, or an error to the agent."""
    real_ip: Text | None = None
    """The public address of ours that Weibo wants to be told with each comment (`rip`)."""
    api_base: SecretUrl | None = None
    """One address in place of all of Weibo's hosts: a proxy, or an emulator."""
    loopback_media: bool = False
    """Whether pictures may also come from this machine, without TLS: only to try an emulator out."""

    def claims(self) -> tuple[str, ...]:
        """An account's calls are counted by one connector."""
        return (f"the Weibo account {self.uid}",)

    def describe(self) -> str:
        """Which account it is, and what of it is read."""
        parts = [*self.streams, *(["private messages"] if self.push_secret else [])]
        return f"Weibo account {self.uid}: {', '.join(parts)}"

    @model_validator(mode="after")
    def _something_is_read(self) -> Self:
        if not self.streams and self.push_secret is None:
            raise mistakes(
                [(("streams",), "nothing is read: name a stream, or give push_secret (or push_secret_file)")]
            )
        if self.reserve >= self.calls_per_hour:
            raise mistakes([(("reserve",), "must be less than calls_per_hour, or nothing can be read")])
        return self

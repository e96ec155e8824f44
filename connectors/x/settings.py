"""How an account on X is read and answered."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema, model_validator

from connectors.settings import ConnectorSettings, SecretUrl
from model.settings import ByteSize, Duration, Form, Secret, Settings, Several, mistakes

MICRO = 1_000_000
"""Money is counted in millionths of a dollar: a mention costs a thousand of them."""
_MONEY = r"(\d{1,9}(?:\.\d{1,6})?) ?USD"

Text = Annotated[str, StringConstraints(min_length=1)]
AccountId = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, int) and not isinstance(value, bool) else value),
    Form(r"[0-9]{1,19}", "expected the account's number, such as 2244994945, not its handle"),
]


def _money(value: Any) -> int:
    if isinstance(value, str) and (found := re.fullmatch(_MONEY, value.strip(), re.ASCII)):
        return int(Decimal(found[1]) * MICRO)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    msg = "expected an amount such as 5 USD or 0.001 USD"
    raise ValueError(msg)


def money_text(value: int) -> str:
    """Write an amount as it is written in settings."""
    return f"{Decimal(value) / MICRO:f} USD"


Money = Annotated[
    int,
    BeforeValidator(_money),
    PlainSerializer(money_text),
    WithJsonSchema({"type": "string", "title": "amount", "pattern": f"^{_MONEY}$"}),
]
"""An amount of money, in millionths of a US dollar; written `5 USD`."""


class Budget(Settings):
    """What reading and answering may cost; days and months are those of UTC, by which X counts too."""

    per_day: Money | None = 5 * MICRO
    """The most in a day; `null`: no limit."""
    per_month: Money | None = 100 * MICRO
    """The most in a month; `null`: no limit."""


class Prices(Settings):
    """What X takes for each thing (pay-per-use, since 2026-02-06)."""

    mention: Money = 1_000
    """A post that mentions the account (an owned read)."""
    direct_message: Money = 10_000
    """A direct message that is read."""
    user: Money = 10_000
    """An author who comes along with a post or message; once a day for each.  0 USD where your bill shows none."""
    reply: Money = 10_000
    """An answer to somebody who mentioned the account."""
    reply_with_link: Money = 200_000
    """An answer that holds a link."""
    send_message: Money = 15_000
    """A direct message that is sent."""


class OAuth(Settings):
    """A user's consent by OAuth 2.0 with PKCE: what direct messages and answers need."""

    client_id: Text
    """The app's OAuth 2.0 client id."""
    client_secret: Secret | None = None
    """Its secret, where it is a confidential client."""
    refresh_token: Secret
    """The refresh token that the account's consent gave (scope offline.access).  It works once: the one that
    follows is kept in the store, encrypted.  Put a new one here when the account has consented anew."""


class XSettings(ConnectorSettings):
    """An account on X (Twitter) that customers write to."""

    kind: Literal["x"]
    """Mentions and direct messages on X."""
    user_id: AccountId
    """The number of the account that is read; it stays when the handle changes."""
    bearer_token: Secret | None = None
    """The app's bearer token: enough to read mentions."""
    oauth: OAuth | None = None
    """The account's consent: needed for direct messages and for answers."""
    direct_messages: bool = True
    """Whether direct messages are read, where there is `oauth`."""
    poll: Duration = timedelta(seconds=30)
    """How often mentions are asked for; direct messages at most once a minute, as X allows."""
    names: Several[Text] = ()
    """Names that are ours besides the account's own: brands, and those under which agents answer.
    Who uses them is reported as an imitation."""
    max_attachment_size: ByteSize = 50 << 20
    """A larger photo or video is not fetched; the ticket says where it is.  Of a video a smaller form is taken."""
    long_replies: Literal["split", "shorten", "refuse"] = "split"
    """What is done with an answer that is longer than a post: several posts, a cut one, or an error to the agent."""
    post_length: Annotated[int, Field(ge=60, le=25_000)] = 280
    """How long a post of the account may be, as X counts (a CJK character is two); subscribers may write more."""
    budget: Budget = Budget()
    """What it may cost."""
    prices: Prices = Prices()
    """What X takes for each thing."""
    api_base: SecretUrl = "https://api.x.com"
    """Where the API is."""
    loopback_media: bool = False
    """Whether photos and videos may also come from this machine, without TLS: only to try an emulator out."""

    def describe(self) -> str:
        """Which account, and what of it."""
        return f"X account {self.user_id}, mentions" + (" and direct messages" if self.reads_messages else "")

    def claims(self) -> tuple[str, ...]:
        """An account's budget and tokens are kept by one connector."""
        return (f"the X account {self.user_id}",)

    @property
    def reads_messages(self) -> bool:
        """Whether direct messages are read."""
        return self.oauth is not None and self.direct_messages

    @model_validator(mode="after")
    def _some_token(self) -> Self:
        if self.bearer_token is None and self.oauth is None:
            raise mistakes([((), "expected bearer_token (or bearer_token_file), oauth, or both")])
        return self

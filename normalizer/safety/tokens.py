"""Tokens of well-known services, by the prefixes that those give them, and secrets of one-time passwords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from normalizer.safety.found import Found
from normalizer.safety.view import View, words_of

_OTPAUTH = re.compile(r"otpauth(?:-migration)?://[^\s<>\"'`]+", re.IGNORECASE)
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # JSON Web Token, RFC 7519
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255}"
    r"|xox[abeoprs](?:\.[a-z]+)?-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}"  # Slack
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}"  # Stripe
    r"|AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{28}"  # Google
    r"|sk-(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{20,}"  # OpenAI, Anthropic
    r"|gl(?:pat|dt|rt)-[\w-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{30,}|hf_[A-Za-z0-9]{30,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|dop_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"
    r")",
    re.ASCII,
)
_BOT = re.compile(r"(?<![\w:])\d{8,10}:[\w-]{35}(?![\w-])", re.ASCII)
"""Telegram's."""
_BOT_LENGTH = 35
_MAX_BOT_NUMBER = 11
_SECRET = re.compile(
    r"(?:secret|token)(?:[ _-]{0,2}(?:access[ _-]{0,2})?key)?[\s\"'`]{0,3}(?:is\s|[:=：是])[\s\"'`“]{0,6}"
    r"(?P<value>[A-Za-z0-9+/=_-]{16,128})(?!\w)",
    re.IGNORECASE,
)
_OWNER = re.compile(r"(?:api|app|access|client|consumer|exchange|account|bot)[ _-]{0,2}$", re.IGNORECASE)
_LONGEST_OWNER = 10
_KEY = re.compile(r"secret[ _-]{0,2}(?:access[ _-]{0,2})?key", re.IGNORECASE)
_ONE_TIME = re.compile(
    r"\b(?:2fa|totp|authenticator)\b[^\n:：=]{0,30}[\s\"'`]{0,3}(?:is\s|[:=：是])[\s\"'`“]{0,6}"
    r"(?P<value>[A-Za-z0-9+/=_-]{16,128})(?!\w)",
    re.IGNORECASE,
)
_BASE32 = re.compile(r"[A-Z2-7]{16,64}={0,6}")
_LEAST_TOKEN = 20


def tokens(text: str, places: Iterable[int]) -> Iterator[Found]:
    """The tokens in a text that show what they are; `places` are those of their first letters."""
    for place in places:
        if found := _TOKEN.match(text, place):
            yield Found(*found.span(), "token")


def bots(looks: View) -> Iterator[Found]:
    """The tokens of Telegram's bots in a text."""
    for start in words_of(looks, _BOT_LENGTH):
        if found := _BOT.search(looks.text, max(start - _MAX_BOT_NUMBER, 0), start + _BOT_LENGTH + 1):
            yield Found(*found.span(), "token")


def named(text: str, places: Iterable[int]) -> Iterator[Found]:
    """What words call a token or the secret of one-time passwords, if it looks like one; `places` are the words'."""
    for place in places:
        one_time = _ONE_TIME.match(text, place)
        found = one_time or _SECRET.match(text, place)
        if found is None:
            continue
        if not one_time and not _is_owned(text, place):
            continue
        if _BASE32.fullmatch(found["value"]):
            yield Found(*found.span("value"), "one_time_password")
        elif _is_token(found["value"]):
            yield Found(*found.span("value"), "token")


def one_time_passwords(text: str, places: Iterable[int]) -> Iterator[Found]:
    """Addresses that hold the secret of one-time passwords (otpauth), and begin at `places`."""
    for place in places:
        if found := _OTPAUTH.match(text, place):
            yield Found(*found.span(), "one_time_password")


def _is_owned(text: str, place: int) -> bool:
    """Whether a secret or a token is somebody's, or a key."""
    return bool(_OWNER.search(text, max(place - _LONGEST_OWNER, 0), place) or _KEY.match(text, place))


def _is_token(value: str) -> bool:
    return len(value) >= _LEAST_TOKEN and any(map(str.isdigit, value)) and any(map(str.isalpha, value))

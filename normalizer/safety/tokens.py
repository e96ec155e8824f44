"""Tokens of well-known services, by the prefixes that those give them, and secrets of one-time passwords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from normalizer.safety.found import Found

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
_NAME = re.compile(
    r"(?:(?:api|app|access|client|consumer|exchange|account|bot)[ _-]{0,2}(?:secret|token)(?:[ _-]{0,2}key)?"
    r"|secret[ _-]{0,2}(?:access[ _-]{0,2})?key|(?:2fa|totp|authenticator)[^\n:：=]{0,30})"
    r"[\s\"'`]{0,3}(?:is\s|[:=：是])[\s\"'`“]{0,6}$",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[A-Za-z0-9+/=_-]{20,128}(?![\w])")
_BASE32 = re.compile(r"[A-Z2-7]{16,64}(?![\w])")
_REACH = 64
_HEADS = (0, 3, 5)
"""How many characters of a token may stand before its first long part (`SG.`, `ya29.`)."""


def tokens(text: str, runs: Iterable[tuple[int, int]]) -> Iterator[Found]:
    """The tokens in a text: those that show what they are, and those that words call so.

    `runs` are the places of 16 and more letters, digits, hyphens and underscores in a row.
    """
    for start, end in runs:
        for head in _HEADS:
            if found := _TOKEN.match(text, max(start - head, 0)):
                yield Found(*found.span(), "token")
                break
        if end - start == _BOT_LENGTH and (found := _BOT.search(text, max(start - 11, 0), end + 1)):
            yield Found(*found.span(), "token")
        elif name := _NAME.search(text, max(start - _REACH, 0), start):
            yield from _named(text, name[0], start)


def one_time_passwords(text: str, flat: bytes) -> Iterator[Found]:
    """Addresses that hold the secret of one-time passwords (otpauth); `flat` has a byte for each character."""
    if b"otpauth" in flat or b"OTPAUTH" in flat:
        for found in _OTPAUTH.finditer(text):
            yield Found(*found.span(), "one_time_password")


def _named(text: str, name: str, start: int) -> Iterator[Found]:
    """What words call a token or the secret of one-time passwords, if it looks like one."""
    if name[0] in "2tTaA" and (found := _BASE32.match(text, start)):
        yield Found(*found.span(), "one_time_password")
    elif (value := _VALUE.match(text, start)) and any(map(str.isdigit, value[0])) and any(map(str.isalpha, value[0])):
        yield Found(*value.span(), "token")

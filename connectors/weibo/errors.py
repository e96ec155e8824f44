"""What Weibo refuses, named by what helps (https://open.weibo.com/wiki/Error_code).

A code has a digit for the level (1 system, 2 service), two for the module and two for the error.  It comes as a number
or as a text, with any HTTP status, 200 included: only the body tells.
"""

from __future__ import annotations

from datetime import timedelta

from model.errors import CredentialsRejected, FaninError, Permanent, Transient

SYSTEM = frozenset({10001, 10002, 10003, 10009, 10010, 10011})
RATE = frozenset({10022, 10023, 10024})
"""The limit of the address, of the user, of one interface: all end with the hour."""
TOO_OFTEN = 20016
TOKEN = frozenset({21301, 21327, 21332, *range(21314, 21320)})
DUPLICATE = frozenset({20017, 20019})
GONE = frozenset({20101, 20201})
_CONFIGURATION = {
    10004: "let Weibo know the address of this machine (the application's IP list)",
    10005: "apply to Weibo for a higher level of the application",
    10006: "put an access token in access_token",
    10014: "apply to Weibo for the permission, or take what needs it from streams",
    10020: "set access to what the contract with Weibo says (normal or business)",
    10021: "set access to what the contract with Weibo says (normal or business)",
    20015: "ask Weibo why the account, the address or the application is barred",
    21321: "have Weibo review the application, or add the account to its test accounts",
}
_CONTENT = {
    20012: "the text is too long for Weibo",
    20013: "the text is too long for Weibo",
    20017: "Weibo takes it for a repetition of what was said a moment ago: change the words",
    20018: "Weibo takes a link in it to be harmful",
    20019: "Weibo takes it for a repetition of what was said a moment ago: change the words",
    20020: "Weibo takes it for advertising",
    20021: "Weibo does not allow these words",
    20031: "Weibo asks for a captcha: write once from Weibo itself, then try again",
    20101: "the post has been removed",
    20201: "the comment has been removed",
}
AUTHORIZE = "authorize the application again and put the new token in access_token_file"
PAUSE = timedelta(minutes=1)
"""Where Weibo finds that we write too often."""


class RateLimited(Transient):
    """An hour's calls are used up on Weibo's own count."""


class Faltered(Transient):
    """Something failed on Weibo's side: it may have done what was asked all the same."""


class NotAllowed(CredentialsRejected):
    """The token is good, but the application, the account or this machine may not do this."""


class Refused(Permanent):
    """Weibo refuses what is asked for, and will again."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def refusal(code: int, status: int) -> FaninError:
    """The error that an `error_code` stands for; `status` is that of HTTP, which decides about unknown codes alone."""
    said = f"Weibo answers with error {code}"
    if (named := _named(code, said)) is not None:
        return named
    if code in SYSTEM or code // 10_000 == 1 or status >= 500:
        return Faltered(said)
    return Refused(said, code)


def _named(code: int, said: str) -> FaninError | None:
    """The error of a code that is known, those of a passing fault aside."""
    if code in RATE:
        return RateLimited(f"{said}: its limit for this hour is reached")
    if code == TOO_OFTEN:
        return Transient(f"{said}: we write too often", retry_after=PAUSE)
    if code in TOKEN:
        return CredentialsRejected(f"{said}: the access token is expired, revoked or wrong", remedy=AUTHORIZE)
    if code in _CONFIGURATION:
        return NotAllowed(f"{said}: that is not allowed", remedy=_CONFIGURATION[code])
    return Refused(_CONTENT[code], code) if code in _CONTENT else None

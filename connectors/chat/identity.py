"""Who a customer is: what is proven, and what is merely said.

A `user_hash` (hex HMAC-SHA256 of the user's id) proves the id and nothing else; a JWT proves all of its claims.
A proof that is wrong is refused, never taken for no proof.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
import unicodedata
from typing import Any, TypeGuard

import jwt
from msgspec import Struct

from connectors.chat.problem import Refused
from connectors.chat.settings import ChatSettings, Jwt
from connectors.chat.wire import Claims
from model.ticket import Identity

LEEWAY = 30
"""Seconds that the clocks of two servers may differ."""
MOST_NAME = 100
MOST_USER_ID = 200
_ADDRESS = re.compile(r"[^@\s<>,;\"\x00-\x1f]{1,64}@[^@\s<>,;\"\x00-\x1f]{1,255}")
_PHONE = re.compile(r"\+?[0-9 ()./-]{4,40}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer as far as known."""

    user_id: str | None = None
    """Proven, or None."""
    name: str = ""
    email: str | None = None
    phone: str | None = None
    proven: bool = False
    """Whether e-mail and phone are proven as well."""
    language: str | None = None
    token_id: str | None = None
    """The `jti` by which the proof may be used once, and until when."""
    token_expires: float | None = None

    def identities(self) -> tuple[Identity, ...]:
        """The names under which helpdesks know the person, beside that of the session."""
        found = []
        if self.email:
            found.append(Identity(kind="email", value=self.email, verified=self.proven))
        if self.phone:
            found.append(Identity(kind="phone", value=self.phone, verified=self.proven))
        return tuple(found)


def person(claims: Claims | None, settings: ChatSettings) -> Person:
    """The customer behind the claims of a request.  Raises Refused if a proof is wrong or a needed one is missing."""
    claims = claims or Claims()
    if claims.jwt is not None:
        found = _by_token(claims.jwt, settings.jwt)
    else:
        found = Person(
            user_id=_by_hash(claims, settings),
            name=line(claims.name),
            email=_form(_ADDRESS, claims.email, lower=True),
            phone=_form(_PHONE, claims.phone),
            language=claims.locale,
        )
    if found.user_id is None and not settings.anonymous:
        raise Refused("identity_refused", "this chat asks for a proven identity: give identity.jwt or user_hash")
    return found


def line(text: object, most: int = MOST_NAME) -> str:
    """A text from outside as one line that is safe in a header and on a screen: no controls, no bidi overrides."""
    if not isinstance(text, str):
        return ""
    shown = "".join(" " if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp", "Cs"} else one for one in text)
    return " ".join(shown.split())[:most].rstrip()


def _by_hash(claims: Claims, settings: ChatSettings) -> str | None:
    """The user id, if it is proven; None where no proof is given."""
    if claims.user_hash is None:
        return None
    if settings.identity_secret is None or not claims.user_id:
        raise Refused("identity_refused", "user_hash is not taken here, or there is no user_id")
    if not _is_user_id(claims.user_id):
        raise Refused("identity_refused", "user_id is no user id: it must be one line without controls")
    expected = hmac.new(settings.identity_secret.read().encode(), claims.user_id.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), claims.user_hash.lower().encode()):
        raise Refused("identity_refused", "user_hash does not belong to user_id")
    return claims.user_id


def _by_token(token: str, settings: Jwt | None) -> Person:
    if settings is None:
        raise Refused("identity_refused", "no token is taken here")
    try:
        claims = jwt.decode(
            token,
            settings.key.read(),
            algorithms=[settings.algorithm],
            audience=settings.audience,
            issuer=settings.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "sub"]},
        )
    except jwt.PyJWTError as error:
        raise Refused("identity_refused", f"the token is refused: {type(error).__name__}") from None
    expires = claims["exp"] = float(claims["exp"])  # a number in a text is taken by the library, too
    if expires > time.time() + settings.longest.total_seconds() + LEEWAY:
        raise Refused("identity_refused", "the token is valid for too long")
    return _of_claims(claims)


def _of_claims(claims: dict[str, Any]) -> Person:
    """What the claims of a token say (names as in OpenID Connect Core 1.0, section 5.1)."""
    user_id, token_id = claims["sub"], claims.get("jti")
    if not _is_user_id(user_id):
        raise Refused("identity_refused", "the token's sub is no user id")
    return Person(
        user_id=user_id,
        name=line(claims.get("name")),
        email=_form(_ADDRESS, claims.get("email"), lower=True),
        phone=_form(_PHONE, claims.get("phone_number")),
        proven=claims.get("email_verified", True) is True,
        language=_form(_LANGUAGE, claims.get("locale")),
        token_id=str(token_id)[:200] if token_id is not None else None,
        token_expires=claims["exp"],
    )


def _is_user_id(value: object) -> TypeGuard[str]:
    """Whether a value can be a user's id: a short line as it stands."""
    return isinstance(value, str) and 0 < len(value) <= MOST_USER_ID and line(value, MOST_USER_ID) == value


def _form(pattern: re.Pattern[str], value: object, *, lower: bool = False) -> str | None:
    """The value if it has the form, else None: a claim that cannot be right is no reason to turn somebody away."""
    if not isinstance(value, str) or not pattern.fullmatch(value.strip()):
        return None
    return value.strip().lower() if lower else value.strip()

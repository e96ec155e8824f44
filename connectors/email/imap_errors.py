"""What a server's refusal or silence means, and what helps."""

from __future__ import annotations

import random
import re
import socket
import ssl
from datetime import timedelta

from aioimaplib.aioimaplib import Response

from connectors.email.imap import plain
from connectors.email.imap_wire import code
from model.errors import CredentialsRejected, FaninError, Permanent, Transient

_REJECTED = {"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN"}
_PAUSES = {"UNAVAILABLE": 10, "INUSE": 10, "LIMIT": 120, "THROTTLED": 300, "OVERQUOTA": 300}
"""Seconds to wait after a response code of RFC 5530 (THROTTLED: Gmail's)."""
_BUSY = re.compile(
    r"too many|simultaneous|maximum number|limit|thrott|try again|temporar|unavailable|overload|not connected|busy",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>()]{1,200}@[^\s<>()]{1,200}")

LOGIN_REMEDY = (
    "check source.user and the password; many providers want IMAP to be allowed first, "
    "and an app password or authorization code here"
)
GRANT_REMEDY = "check source.xoauth2, that it may read this mailbox by IMAP, and that IMAP is allowed for it"


class Missing(Permanent):
    """There is no such folder, or we may not read it."""


class Broken(Transient):
    """The connection ended or the server fell silent: nothing more can be asked of it."""


def said(response: Response) -> str:
    """The server's own words, without addresses, short."""
    text = plain(response.lines[-1]).decode("utf-8", "replace") if response.lines else ""
    return clean(text) or "no reason given"


def clean(text: str) -> str:
    """The text as it may be logged."""
    return _ADDRESS.sub("(address)", text[:200])


def refusal(response: Response, doing: str) -> FaninError:
    """The error for a NO or BAD to anything but a login."""
    name, _ = code(response.lines)
    if name in _REJECTED or "unsafe login" in said(response).lower():
        return CredentialsRejected(f"the server refuses {doing}: {said(response)}", remedy=LOGIN_REMEDY)
    return Transient(f"the server refuses {doing}: {said(response)}", retry_after=_pause(name, said(response)))


def login_refusal(response: Response, *, by_token: bool) -> FaninError:
    """The error for a NO to a login: what is no passing trouble is a refusal of who we are."""
    name, _ = code(response.lines)
    pause = _pause(name, said(response))
    if name not in _REJECTED and (pause or name in {"SERVERBUG", "CORRUPTION"}):
        return Transient(f"the server takes no login now: {said(response)}", retry_after=pause)
    what = "access token" if by_token else "user or password"
    remedy = GRANT_REMEDY if by_token else LOGIN_REMEDY
    return CredentialsRejected(f"the server refuses the {what}: {said(response)}", remedy=remedy)


def folder_refusal(response: Response, folder: str) -> FaninError:
    """The error for a NO to SELECT, EXAMINE or STATUS."""
    name, _ = code(response.lines)
    if name == "NOPERM" or "permission" in said(response).lower():
        return Missing(f"no permission to read the folder {folder!r}: grant it to source.user, or change folders")
    error = refusal(response, f"the folder {folder!r}")
    if isinstance(error, CredentialsRejected) or (isinstance(error, Transient) and error.retry_after):
        return error
    return Missing(f"there is no folder {folder!r} ({said(response)}): create it, or change folders")


def broken(reason: str) -> Broken:
    """The error for a connection that ended."""
    return Broken(f"the connection ended: {clean(reason)}", retry_after=_pause("", reason))


def unreachable(error: Exception, host: str, port: int, *, encrypted: bool) -> Transient:
    """The error for a connection that could not be made, with what to look at."""
    where = f"{host}:{port}"
    match error:
        case ssl.SSLCertVerificationError():
            text = _certificate(error, host)
        case ssl.SSLError():
            text = f"{where} does not speak TLS as expected ({error.reason}): check source.port and source.tls"
        case socket.gaierror():
            text = f"there is no host {host!r} ({error.strerror}): check source.host and the DNS"
        case ConnectionRefusedError():
            text = f"nothing listens at {where}: check source.host, source.port and the server"
        case TimeoutError():
            hint = "" if encrypted else ", and whether this port expects TLS (source.tls)"
            text = f"{where} does not answer: check source.host, source.port, the firewall{hint}"
        case OSError():
            text = f"cannot reach {where} ({error.strerror or error}): check source.host and source.port"
        case _:
            return broken(str(error))
    return Transient(text)


def _certificate(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code == 10:
        return f"the certificate of {host} has expired: renew it on the server, and check this machine's clock"
    if error.verify_code in (18, 19, 20, 21):
        return f"the certificate of {host} is not signed by a trusted authority: name its authority in source.ca_file"
    if error.verify_code in (62, 64):
        return f"the certificate is not for {host}: use the name that it was issued for as source.host"
    return f"the certificate of {host} is not valid ({error.verify_message}): renew it on the server"


def _pause(name: str, text: str) -> timedelta | None:
    seconds = _PAUSES.get(name) or (60 if _BUSY.search(text) else 0)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.4)) if seconds else None

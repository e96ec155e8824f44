"""How a webhook is reached, and how it knows that it is us."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, model_validator

from delivery.settings import HelpdeskSettings
from model.settings import Duration, FilePath, Secret, WebUrl, mistakes

KEY_SIZES = range(24, 65)
"""Bytes of a signing key (Standard Webhooks 1.0.0)."""


def signing_key(secret: Secret) -> bytes:
    """The key in a secret of the form `whsec_` and base64.

    Raises ValueError, which does not show it, if it has another form, and Misconfigured if it cannot be read.
    """
    prefix, _, text = secret.read().strip().partition("_")
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if prefix != "whsec" or len(key) not in KEY_SIZES:
        msg = "expected whsec_ and 24 to 64 bytes in base64: echo whsec_$(openssl rand -base64 32)"
        raise ValueError(msg)
    return key


def _has_a_key(secret: Secret | None) -> Secret | None:
    if secret is not None:
        signing_key(secret)
    return secret


class WebhookSettings(HelpdeskSettings):
    """Any server that takes Standard Webhooks (https://www.standardwebhooks.com)."""

    kind: Literal["webhook"]
    """A POST to an address, signed."""
    url: WebUrl
    """Where events are posted to; https, unless `allow_private`."""
    secret: Annotated[Secret, AfterValidator(_has_a_key)]
    """The signing secret: `whsec_` and 24 to 64 bytes in base64."""
    old_secret: Annotated[Secret | None, AfterValidator(_has_a_key)] = None
    """The secret before: while it is given, events are signed with both."""
    allow_private: bool = False
    """Whether the address may be one of a private network, or of this machine."""
    timeout: Duration = timedelta(seconds=20)
    """How long the server may take to answer."""
    ca_file: FilePath | None = None
    """Certificates (PEM) that are trusted instead of the system's."""

    def describe(self) -> str:
        """Which server it is; the path may be a secret."""
        return f"webhook at {urlsplit(self.url).hostname}"

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.url.startswith("http:") and not self.allow_private:
            raise mistakes([(("url",), "expected an https address; http needs allow_private: true")])
        return self

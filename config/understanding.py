"""What an operator can tell the normalizer: numbers to look for, names that are ours, lists of fraud."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from model.settings import FilePath, Form, Settings, Several, mistakes

MAX_PATTERN = 100
_REPEATED_GROUP = re.compile(r"\)[*+{]")


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        msg = f"not a regular expression: {error}"
        raise ValueError(msg) from None
    if _REPEATED_GROUP.search(value):
        msg = (
            "a group must not be repeated: it could take for ever; write it out, or repeat a set such as [A-Z0-9]{4,8}"
        )
        raise ValueError(msg)
    return value


NumberName = Annotated[str, Form(r"[a-z][a-z0-9_]{0,31}", "a name is made of a-z, 0-9 and _, such as order")]
NumberPattern = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PATTERN), AfterValidator(_pattern)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
Domain = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True), Form(r"[^\s/:@]+\.[^\s/:@.]+", "expected a domain")
]


class Facts(Settings):
    """What is looked for in messages beside what everybody has."""

    numbers: dict[NumberName, NumberPattern] = Field(default={}, max_length=50)
    """Numbers of your own: what they are called, and a regular expression for the whole of one, such as
    `order: W[0-9]{10}`.  They are found without any word before them, as `facts.orders` of a ticket."""


class Safety(Settings):
    """What messages are compared with before anybody trusts them."""

    brands: Several[Word] = ()
    """Names under which only you speak: a sender who bears one together with a word such as support, or a
    domain with one in it, is marked as imitating you, whatever letters it is written with."""
    own_domains: Several[Domain] = ()
    """Your domains, with all below them: links to them are never marked."""
    phishing_lists: Several[FilePath] = ()
    """Files with domains of fraud: the JSON of eth-phishing-detect, a hosts file, or a domain a line.  They
    are read at the start and at SIGHUP.  Links are compared with them and never fetched."""

    @model_validator(mode="after")
    def _own_domains_are_known(self) -> Self:
        if self.brands and not self.own_domains:
            raise mistakes([(("own_domains",), "brands needs it: without it links to your own pages would be marked")])
        return self

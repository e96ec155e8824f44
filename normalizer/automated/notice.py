"""The words of a mail system that did not deliver, for people: who was not reached, and what was said of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from normalizer.automated.phrases import ORIGINAL_MARKERS
from normalizer.automated.report import MAX_RECIPIENTS, Finding

MAX_LENGTH = 100_000
"""Characters of a notice that are read."""

MAX_TOLD_APART = 20
"""Recipients whose lines are told apart; of more, each has only the lines with its address."""


def split(text: str) -> tuple[str, str]:
    """What the mail system says, and the message that it returns below."""
    lines = text[:MAX_LENGTH].splitlines()
    for number, line in enumerate(lines):
        if _ORIGINAL.match(line) or (number and _RETURNED.match(line)):
            return "\n".join(lines[:number]), "\n".join(lines[number:])
    return "\n".join(lines), ""


def findings(notice: str, own: frozenset[str]) -> list[Finding]:
    """The recipients that the notice names and the lines about each; `own` are addresses it was sent to.

    A recipient begins a line of its own, else stands in the words of a sentence.
    """
    lines = _below(notice).splitlines()
    for named in (_leading, _transcribed, _mentioned):
        places = [(number, address) for number, line in enumerate(lines) for address in named(line)]
        found = _sections(
            lines, [place for place in places if place[1].lower() not in own], before=named is _transcribed
        )
        if found:
            return found[:MAX_RECIPIENTS]
    return []


def about(notice: str, address: str, others: Sequence[str]) -> str:
    """The lines of the notice that speak of this address, as far as other recipients are spoken of as well."""
    if not others:
        return notice
    lines = notice.splitlines()
    wanted, unwanted = address.lower(), [other.lower() for other in others]
    if len(others) > MAX_TOLD_APART:
        return "\n".join(line for line in lines if wanted in line.lower())
    kept: list[str] = []
    inside = False
    for line in lines:
        folded = line.lower()
        if wanted in folded:
            inside = True
        elif any(other in folded for other in unwanted):
            inside = False
        if inside:
            kept.append(line)
    return "\n".join(kept)


def returned_to(original: str) -> list[str]:
    """Whom the returned message was for, by its own header."""
    for pattern in (_DELIVERED, _TO, _FOR):
        found = pattern.search(original)
        if found:
            return [found[1]]
    return []


def _below(notice: str) -> str:
    """What stands below the line that announces recipients: above it may be whom the message was for.

    Everything, where nobody is announced, or a recipient stands above already.
    """
    announced = _ANNOUNCED.search(notice)
    if announced is None or any(map(_LEADING.match, notice[: announced.start()].splitlines())):
        return notice
    below = notice[announced.end() :]
    return below if any(map(_LEADING.match, below.splitlines())) else notice


def _sections(lines: Sequence[str], places: Sequence[tuple[int, str]], *, before: bool) -> list[Finding]:
    """The lines from one recipient to the next, or those before each; what is said twice of one is joined."""
    sections: dict[str, tuple[str, list[str]]] = {}
    starts = [number for number, _ in places]
    ends = [*starts[1:], len(lines)]
    befores = [-1, *starts[:-1]]
    for (number, address), previous, following in zip(places, befores, ends, strict=True) if places else ():
        part = lines[previous + 1 : number + 1] if before else lines[number : max(following, number + 1)]
        sections.setdefault(address.lower(), (address, []))[1].extend(part)
    return [Finding(address=address, context="\n".join(said)) for address, said in sections.values()]


def _leading(line: str) -> Iterator[str]:
    match = _LEADING.match(line)
    if match:
        yield match[1]


def _transcribed(line: str) -> Iterator[str]:
    match = _TRANSCRIBED.match(line)
    if match:
        yield match[1]


def _mentioned(line: str) -> Iterator[str]:
    if not _ASIDE.search(line):
        yield from (match[1] for match in _MENTIONED.finditer(line))


_ADDRESS = r"([^\s<>()\[\]\"',;:@]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,253}[A-Za-z0-9])"
_ANNOUNCED = re.compile(r"following (?:recipient|address)[^\n@]{0,40}:[ \t]*$", re.IGNORECASE | re.MULTILINE)
_X400 = r"(?:c=[^\n@:]{0,200}:SMTP=)?"
"""How Exchange writes a recipient of another kind than its own."""
_LEADING = re.compile(
    rf"[\s>*•\-]{{0,20}}[<\[\"']?{_X400}{_ADDRESS}(?:[>\]\"']|<mailto:[^<>]{{1,320}}>)?(?=[\s:;(\[.,<]|$)",
    re.IGNORECASE,
)
_TRANSCRIBED = re.compile(rf"[45]\d\d[ -](?:[45]\.\d\.\d )?<{_ADDRESS}>\.\.\.")
_MENTIONED = re.compile(
    r"(?:recipients?|address(?:es)?|to|mailbox|user(?:id)?|for|rcpt to|errors|failed|(?:generated|expanded) from"
    r"|<<<|in|an|à|para|a|кому)\b"
    rf"[^@<>\n]{{0,40}}?[\s:<(\"']{_ADDRESS}",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"mail from|^\s*(?:from|reply-to|message-id|cc|subject)\s?:|contact|sender|support@|envelope-from", re.IGNORECASE
)
_ORIGINAL = re.compile(rf"\s*(?:{ORIGINAL_MARKERS})", re.IGNORECASE)
_RETURNED = re.compile(r"(?:Received: (?:from|by|\()|Return-Path: ?<|DKIM-Signature: )", re.IGNORECASE)
_DELIVERED = re.compile(
    rf"^\s*(?:X-)?(?:Delivered-To|Original-To|Envelope-To|RCPT TO)\s?:\s*<?{_ADDRESS}", re.IGNORECASE | re.MULTILINE
)
_TO = re.compile(rf"^\s*To\s?:[^\n@]{{0,200}}?[\s<\"]?{_ADDRESS}", re.IGNORECASE | re.MULTILINE)
_FOR = re.compile(rf"\bfor <{_ADDRESS}>")

"""Where another person's words begin in a mail: attributions, header blocks and separators."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from normalizer.text.phrases import FORWARDED, HEADERS, ORIGINAL, WROTE, Label

Kind = Literal["attribution", "headers", "original", "forward"]

MAX_HEADER_LINES = 40
"""Lines that one header block may span, wrapped ones included."""
MAX_ATTRIBUTION_LINES = 5
MAX_ATTRIBUTION_LENGTH = 400
"""Characters that an attribution may have, all its lines together."""

MAX_OPENERS = 100
"""Openers of one text that are looked at: every one may be followed by a look at all that is below it."""

_LABEL_LENGTH = 24
_MARKER_LENGTH = 90
_FRAME = " \t*_-–—=~>|:：─━•<#\xa0"
_INVISIBLE = (
    "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u180e"
)
_NOTHING = dict.fromkeys(map(ord, _INVISIBLE))


class Opener(NamedTuple):
    """Lines `start` to `end` (exclusive) that announce other words, which begin at `end`.

    `fields` are the values of a header block by the meaning of their label.
    """

    kind: Kind
    start: int
    end: int
    fields: Mapping[Label, str]


def visible(text: str) -> str:
    """The text without marks of no width and of direction, line by line the same."""
    if text.isascii():
        return text
    if any(mark in text for mark in _INVISIBLE):
        text = text.translate(_NOTHING)
    return text.replace("\xa0", " ")


def parted(text: str) -> str:
    """The text with a line end before an attribution that stands on a line with words of the answer."""
    if not any(word in text for word in _SHARED):
        return text
    lines = text.split("\n")
    for number, (line, below) in enumerate(zip(lines, [*lines[1:], ""], strict=True)):
        at = max(map(line.rfind, _SHARED))
        if at > 0 and any(map(str.isalnum, line[:at])) and not line.lstrip().startswith(">"):
            shared = line[at:].strip()
            joined = shared if shared[-1] in ":：" else f"{shared} {below.strip()}"
            believed = _ADDRESSED.search(joined) or _answered(lines, number + (joined != shared))
            if believed and _closing(joined) and _WROTE.search(joined) and _complete(joined):
                lines[number] = f"{line[:at].rstrip(' -')}\n{shared}"
    return "\n".join(lines)


def openers(lines: Sequence[str]) -> Iterator[Opener]:
    """The openers of the visible lines that stand outside of quotation marks (`>`), in order."""
    if _opens_nothing(lines):
        return
    position, left = 0, MAX_OPENERS
    for number, line in enumerate(lines):
        if ":" in line or "：" in line or "--" in line or "__" in line or line[:1] in _BEGINNINGS:
            found = _opener(lines, number) if number >= position and left else None
            if found:
                yield found
                position, left = found.end, left - 1


def _opens_nothing(lines: Sequence[str]) -> bool:
    """Whether no line has what every opener has: a colon, a drawn frame, or a digit to begin with."""
    text = "\n".join(lines)
    marked = ":" in text or "：" in text or "--" in text or "__" in text
    return not marked and _BEGINNINGS.isdisjoint({line[:1] for line in lines})


def header_block(lines: Sequence[str], start: int, *, announced: bool = False) -> Opener | None:
    """The header block that begins at this very line, if one does.

    One that nothing announced must look like that of a mail: a sender and two more labels, and either an
    address as the sender or both a date and a subject.  People fill in forms with From and To as well.
    """
    fields, end = _fields(lines, start)
    sender = fields.get("from")
    enough = len(fields) >= 2 if announced else len(fields) >= 3
    believed = announced or (sender is not None and "@" in sender) or {"date", "subject"} <= fields.keys()
    if not (enough and believed and (sender is not None or (announced and "subject" in fields))):
        return None
    return Opener("headers", start, end, fields)


def inline_headers(line: str) -> dict[Label, str]:
    """The fields of a header block that stands on one line without anything between them."""
    found = [match for match in _INLINE.finditer(line) if match.start() == 0 or line[match.start() - 1] not in "-'’"]
    ends = [match.start() for match in found[1:]] + [len(line)]
    fields: dict[Label, str] = {}
    for match, end in zip(found, ends, strict=False):  # of no field at all there is still one end
        fields.setdefault(_LABELS[_folded(match[1] or match[2])], line[match.end() : end].strip())
    return fields


def marker(line: str) -> tuple[Literal["original", "forward"], str] | None:
    """What a line such as `---- Forwarded message ----` announces, and what follows on the same line."""
    kind = _MARKERS.get(_folded(line.strip(_FRAME))) if len(line) <= _MARKER_LENGTH else None
    if kind:
        framed = line.lstrip("> ").startswith(_RULES) or line.rstrip()[-1] in ":："
        return (kind, "") if framed else None
    framed_start = _FRAMED.match(line) if "--" in line else None
    kind = _MARKERS.get(_folded(framed_start[1])) if framed_start else None
    return (kind, framed_start[2].strip()) if framed_start and kind else None


def is_rule(line: str) -> bool:
    """Whether the line is a drawn one: three or more dashes, underscores or the like, and nothing else."""
    bare = line.strip(" \t>*")
    return len(bare) >= 3 and not bare.strip("-–—_=~─━*#+")


def is_quoted(line: str) -> bool:
    """Whether the line carries a quotation mark, also one with the initials of the person quoted."""
    return line.startswith(">") or (">" in line[:6] and _QUOTED.match(line) is not None)


def attribution(lines: Sequence[str], end: int) -> int | None:
    """The first line of the attribution (`On … wrote:`) whose last line is this one, or None."""
    joined = _closing(lines[end])
    if joined is None:
        return None
    start = end
    while not _complete(joined):
        previous = _line_above(lines, start, joined)
        if previous is None or end - previous >= MAX_ATTRIBUTION_LINES:
            break
        joined, start = f"{lines[previous].strip()} {joined}", previous
        if len(joined) > MAX_ATTRIBUTION_LENGTH:
            return None
    if _complete(joined):
        said = _BARE.match(joined) or _ENDING.search(joined) or _WROTE.search(joined)
        return start if said or _answered(lines, end) else None
    return end if _named(_closing(lines[end]) or "", lines, end) else None


# ------------------------------------------------------------------------------------ recognition


def _opener(lines: Sequence[str], position: int) -> Opener | None:
    line = lines[position].strip()
    if not line or (line[0] == ">" and not _BROKEN_OFF.match(line)):
        return None
    announced = marker(line) if line[0] in _RULES or line[-1] in ":：" or "--" in line else None
    if announced:
        return _announced(lines, position, *announced)
    if (_label(line) or "other") != "other" and (block := header_block(lines, position)):
        return block
    start = attribution(lines, position)
    return None if start is None else Opener("attribution", start, position + 1, {})


def _announced(lines: Sequence[str], position: int, kind: Literal["original", "forward"], rest: str) -> Opener:
    if rest:
        return Opener(kind, position, position + 1, inline_headers(rest))
    below = _next_written(lines, position + 1)
    if below is None or lines[below].lstrip().startswith(">"):
        return Opener(kind, position, position + 1, {})
    block = header_block(lines, below, announced=True)
    return Opener(kind, position, block.end, block.fields) if block else Opener(kind, position, position + 1, {})


def _next_written(lines: Sequence[str], position: int) -> int | None:
    """The next line, of three, that is neither empty nor drawn."""
    near = range(position, min(position + 3, len(lines)))
    return next((i for i in near if lines[i].strip() and not is_rule(lines[i])), None)


def _label(line: str) -> Label | None:
    """The meaning of the label that the line begins with."""
    colon = line.find(":", 0, _LABEL_LENGTH)
    if colon < 0:
        colon = line.find("：", 0, _LABEL_LENGTH)
    return _LABELS.get(_folded(line[:colon].strip(" \t*_>"))) if colon > 0 else None


def _fields(lines: Sequence[str], start: int) -> tuple[dict[Label, str], int]:
    """The fields of a header block and where it ends; one line between two fields may be empty."""
    fields: dict[Label, str] = {}
    end, current = start, None
    for position in range(start, min(start + MAX_HEADER_LINES, len(lines))):
        line = lines[position].strip()
        label = _label(line) if line else None
        if label is not None:
            if label in fields and label != "other":
                break
            fields.setdefault(label, _value(line))
            end, current = position + 1, label
        elif line and current and _continues(lines, position):
            fields[current] = f"{fields[current]} {line}"
            end = position + 1
        elif line or not _label_follows(lines, position):
            break
    return fields, end


def _value(line: str) -> str:
    colon = min(at for at in (line.find(":"), line.find("：")) if at >= 0)
    return line[colon + 1 :].strip(" \t*_")


def _continues(lines: Sequence[str], position: int) -> bool:
    """Whether a field goes on in this line: a label must follow before any empty line."""
    for line in lines[position + 1 : position + 9]:
        if not line.strip():
            return False
        if _label(line.strip()):
            return True
    return False


def _label_follows(lines: Sequence[str], position: int) -> bool:
    following = lines[position + 1].strip() if position + 1 < len(lines) else ""
    return bool(following) and _label(following) is not None


def _closing(line: str) -> str | None:
    """The last line of what may be an attribution, without its frame; None where it cannot be one."""
    bare = line.strip(" \t*_-")
    if not bare or len(bare) > MAX_ATTRIBUTION_LENGTH:
        return None
    if bare[-1] in ":：" or (line.lstrip().startswith("--") and _WROTE.search(bare)):
        return bare
    return bare if bare[0].isdigit() and _BARE.match(bare) else None


def _complete(joined: str) -> bool:
    """Whether a time and a person are named, and that the person wrote, or by address."""
    if _BARE.match(joined):
        return True
    if not _DATED.search(joined):
        return False
    return bool(_ADDRESS.search(joined) or _WROTE.search(joined)) and _balanced(joined)


def _balanced(joined: str) -> bool:
    """Whether nothing was opened above: `wrote:` and `info@example.org> wrote:` have their beginning there."""
    return joined.count(">") == joined.count("<") and not joined.startswith("<")


def _line_above(lines: Sequence[str], start: int, joined: str) -> int | None:
    """The line that an attribution goes on from; over an empty one only where an address was broken off."""
    above = start - 1
    if joined[0] in "<>m" and above > 0 and not lines[above].strip():
        above -= 1
    line = lines[above].strip() if above >= 0 else ""
    return above if line and line[-1] not in "!?。！？" and not is_quoted(line) else None


def _named(closing: str, lines: Sequence[str], end: int) -> bool:
    """Whether a single undated line attributes: it says that an address wrote, or stands above a quotation."""
    if not _WROTE.search(closing):
        return False
    return bool(_ADDRESS.search(closing)) or (len(closing) <= 80 and _answered(lines, end))


def _answered(lines: Sequence[str], end: int) -> bool:
    """Whether a quotation follows."""
    below = _next_written(lines, end + 1)
    return below is not None and lines[below].lstrip()[:1] in {">", "|"}


# ----------------------------------------------------------------------------------------- tables


def _folded(phrase: str) -> str:
    return " ".join(phrase.replace("’", "'").casefold().split())


def _cells(table: Mapping[str, str]) -> list[str]:
    return [phrase for cell in table.values() for phrase in cell.split("|")]


def _any(phrases: Iterable[str]) -> str:
    """A pattern for any of the phrases, the longest first."""
    return "|".join(map(re.escape, sorted(set(phrases), key=len, reverse=True)))


def _is_spaced(phrase: str) -> bool:
    """Whether the phrase ends in a script that puts spaces between words; Thai, the first without, is U+0E00."""
    return ord(phrase[-1]) < 0x0E00


_LABELLED: list[tuple[str, Label]] = [
    (phrase, label) for labels in HEADERS.values() for label, cell in labels.items() for phrase in cell.split("|")
]
_LABELS: dict[str, Label] = {_folded(phrase): label for phrase, label in _LABELLED}
_MARKERS: dict[str, Literal["original", "forward"]] = {
    **{_folded(phrase): "original" for phrase in _cells(ORIGINAL)},
    **{_folded(phrase): "forward" for phrase in _cells(FORWARDED)},
}
_BEGINNINGS = frozenset("*=–—─━~#•0123456789")
_RULES = ("-", "_", "*", "=", "–", "—", "─", "━", "~", "#", "<", "•")
_FRAMED = re.compile(r"[\s>]*[-–—_]{2,}\s*([^-–—_]{3,60}?)\s*[-–—_]{2,}(.{0,2000})")
_INLINE = re.compile(
    rf"({_any(phrase for phrase, _ in _LABELLED if len(phrase) > 1)}|(?:(?<=>)|(?<=> ))[AÀ])\s?[:：]\s?"
    rf"|(?<=\w)({_any(phrase for phrase, label in _LABELLED if label == 'subject' and len(phrase) > 4)}) ",
    re.IGNORECASE,
)
_WROTE = re.compile(
    rf"\b(?:{_any(filter(_is_spaced, _cells(WROTE)))})(?!\w)"
    rf"|{_any(phrase for phrase in _cells(WROTE) if not _is_spaced(phrase))}",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?<!\d)(?:\d{4}(?!\d)|\d{1,2}[:.h時点시]\s?\d{2}(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2})")
_ADDRESS = re.compile(r"[^\s<>@\"]@[\w-]")
_SHARED = tuple(f" {word} " for word in ("On", "Am", "Le", "El", "Em", "Il", "Op", "Den", "W dniu"))
"""How an attribution begins that names the time first.  One that begins with a name cannot be told from an answer."""
_ADDRESSED = re.compile(r"<[^<>@\s]{1,64}@[^<>@\s]{1,255}>")
_BARE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?: \d{1,2}:\d{2}(?::\d{2})?)?"
    r"(?: (?:GMT|UTC)[+-]\d{1,2}:?\d{0,2} [^<>]{1,80}| [^<>]{0,80}<[^<>@\s]+@[^<>@\s]+>)\s?:?$"
)
_ENDING = re.compile(r"\d[:.]\d\d\b.{0,200}<[^<>@\s]{1,64}@[^<>@\s]{1,255}>\)?\s?[:：]$")
_BROKEN_OFF = re.compile(r">[^<>]{0,30}[:：]$")
_QUOTED = re.compile(r"[A-Z]{1,4}>(?: |$)")

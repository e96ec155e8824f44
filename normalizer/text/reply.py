"""What the sender newly wrote, without history, signature and notices."""

from __future__ import annotations

from collections.abc import Sequence

from normalizer.text.armour import without_armour
from normalizer.text.history import Opener, is_quoted, is_rule, openers, parted, visible
from normalizer.text.signature import is_leave, is_notice, without_signature

MAX_LENGTH = 100_000
"""Characters that are looked at; a longer text is its own new text."""


def new_text(text: str) -> str:
    """The words that the sender of this mail wrote, in their order and lines.

    Quoted history and what announces it goes, and so do signatures, also those of PGP; a quotation that is
    answered below or between its lines stays.  A mail of nothing but a quotation stays whole, one of nothing
    but a forward keeps the forwarded text without its header block.  In doubt words stay: losing the
    sender's is worse than keeping another's.  Takes time linear in the size of the text.
    """
    if len(text) > MAX_LENGTH:
        return text.strip()
    text = parted(without_armour(text))
    lines, seen = text.splitlines(), visible(text).splitlines()
    if len(lines) != len(seen):
        lines = seen
    end = without_signature(seen)
    kept = _without_history(seen[:end])
    if len(kept) < end:
        kept = kept[: without_signature([seen[i] for i in kept])]
    written = "\n".join(lines[i].rstrip() for i in kept).strip("\n")
    return written if written.strip() else text.strip()


def _without_history(seen: Sequence[str]) -> list[int]:
    """The numbers of the lines that are no history."""
    kept: list[int] = []
    position = 0
    for opener in openers(seen):
        if opener.start < position:
            continue
        kept += range(position, opener.start)
        position = opener.end
        if _written(seen, kept):
            if _is_last_word(seen, opener):
                return _without_quoted_end(seen, kept)
        elif opener.kind == "attribution":
            position = _below_single_quote(seen, opener.end)
    kept += range(position, len(seen))
    return _without_quoted_end(seen, kept)


def _written(seen: Sequence[str], kept: Sequence[int]) -> bool:
    """Whether anybody wrote something in these lines that is no quotation."""
    return any((line := seen[i].strip()) and not is_quoted(line) and not is_rule(line) for i in kept)


def _is_last_word(seen: Sequence[str], opener: Opener) -> bool:
    """Whether nothing that the sender wrote comes below: no answer between or under quoted lines."""
    if opener.kind != "attribution":
        return True
    below = [line.strip() for line in seen[opener.end :] if line.strip()]
    if not below or not _is_quote(below[0]):
        return True
    return _is_footer([line for line in below if not _is_quote(line)])


def _is_footer(below: Sequence[str]) -> bool:
    """Whether what stands below the quotation is no answer: leave-taking, notices and drawn lines."""
    return is_leave(below) or all(is_rule(line) or is_notice(line) for line in below)


def _below_single_quote(seen: Sequence[str], start: int) -> int:
    """Where the answer to the only quotation begins; `start` where it is not answered below it alone."""
    position = start
    while position < len(seen) and (not (line := seen[position].strip()) or _is_quote(line)):
        position += 1
    rest = [line.strip() for line in seen[position:] if line.strip()]
    return position if rest and not any(map(_is_quote, rest)) else start


def _is_quote(line: str) -> bool:
    return is_quoted(line) or line.startswith("|")


def _without_quoted_end(seen: Sequence[str], kept: list[int]) -> list[int]:
    """Without the quotation at the end, unless nothing else was written."""
    end = len(kept)
    while end and (not (line := seen[kept[end - 1]].strip()) or is_quoted(line) or is_rule(line)):
        end -= 1
    return kept[:end] if _written(seen, kept[:end]) else kept

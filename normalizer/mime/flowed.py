"""format=flowed (RFC 3676): lines that were only wrapped for the way are joined again."""

from __future__ import annotations

SIGNATURE = "-- "


def unflow(text: str, *, delsp: bool = False) -> str:
    """`text` with each flowed paragraph on one line; quote marks stay, a signature's `-- ` never flows.

    `delsp` says that the blank before a soft break is not part of the text (DelSp=yes).
    """
    pieces: list[str] = []
    flowing: str | None = None
    for line in text.split("\n"):
        content = line.lstrip(">")
        marks = line[: len(line) - len(content)]
        content = content.removeprefix(" ")
        if flowing != marks or content == SIGNATURE:
            pieces += ["\n", marks, " " * bool(marks)]
        soft = content.endswith(" ") and content != SIGNATURE
        flowing = marks if soft else None
        pieces.append(content[:-1] if soft and delsp else content)
    return "".join(pieces[1:])

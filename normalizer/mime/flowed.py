"""format=flowed (RFC 3676): lines that were only wrapped for the way are joined again."""

from __future__ import annotations


def unflow(text: str, *, delsp: bool = False) -> str:
    """`text` with each flowed paragraph on one line; quote marks stay, a signature's `-- ` never flows.

    `delsp` says that the blank before a soft break is not part of the text (DelSp=yes).
    """
    lines: list[str] = []
    flowing: str | None = None
    for line in text.split("\n"):
        marks = len(line) - len(line.lstrip(">"))
        content = line[marks:].removeprefix(" ")
        prefix = ">" * marks + " " * bool(marks)
        if flowing == prefix and content != "-- ":
            lines[-1] += content
        else:
            lines.append(prefix + content)
        flowing = None
        if content.endswith(" ") and content != "-- ":
            flowing = prefix
            lines[-1] = lines[-1].removesuffix(" ") if delsp else lines[-1]
    return "\n".join(lines)

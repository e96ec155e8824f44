"""Files that stand uuencoded in the middle of a text, as mailers sent them before MIME."""

from __future__ import annotations

import re
from typing import NamedTuple

from normalizer.mime.transfer import uu_lines

MAX_FILES = 100
_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{0,255}?)[ \t]*\r?\n(?=M)", re.MULTILINE)
_SHORT_BEGIN = re.compile(
    rb"^begin [0-7]{3,4} ([^\r\n]{1,255}?)[ \t]*\r?\n(?=[!-L][^\r\n]{1,62}\r?\n`?[ \t]*\r?\n?end)", re.MULTILINE
)


class UuFile(NamedTuple):
    """A file that stood in a text."""

    name: bytes
    content: bytes


def cut_out(content: bytes) -> tuple[bytes, list[UuFile]]:
    """The text without the files in it, and the files."""
    if b"begin " not in content:
        return content, []
    files: list[UuFile] = []
    kept: list[bytes] = []
    position = 0
    while len(files) < MAX_FILES and (begin := _next(content, position)):
        data, length = uu_lines(content[begin.end() :])
        if not data:
            break
        kept.append(content[position : begin.start()])
        files.append(UuFile(begin[1], data))
        position = begin.end() + length
    kept.append(content[position:])
    return b"".join(kept), files


def _next(content: bytes, position: int) -> re.Match[bytes] | None:
    return _BEGIN.search(content, position) or _SHORT_BEGIN.search(content, position)

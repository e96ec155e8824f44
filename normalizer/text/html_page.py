"""The lines that a page of HTML becomes."""

from __future__ import annotations

import re

_SPACES = re.compile(r"[ \t\r\n\f]+")
_WIDE = r"\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff"
_WIDE_BREAK = re.compile(rf"(?<=[{_WIDE}])[ \t]*\r?\n[ \t\r\n]*(?=[{_WIDE}])")
_CELL = "\x1f"
_CELLS = re.compile(rf" *(?:{_CELL} *)+")
_MAX_QUOTE_DEPTH = 20


class Page:
    """Finished lines, and the pieces of the one that is being written."""

    __slots__ = ("_blank", "_lines", "_pieces", "_quote", "lead", "pre")

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._pieces: list[str] = []
        self._blank: int | None = None
        self._quote = 0
        self.lead = ""
        """What the next line begins with: the mark of a list entry."""
        self.pre = 0
        """How many elements are open in which blanks and line ends count."""

    def write(self, text: str) -> None:
        """Add text; blanks are one, and a line end between two ideographs is none."""
        if self.pre:
            self._write_as_it_is(text)
        elif "\n" in text:
            self._pieces.append(_SPACES.sub(" ", _WIDE_BREAK.sub("", text)))
        else:
            self._pieces.append(text)

    def _write_as_it_is(self, text: str) -> None:
        *whole, rest = text.replace("\r\n", "\n").split("\n")
        for line in whole:
            self._pieces.append(line)
            self.end_line(always=True)
        self._pieces.append(rest)

    def position(self) -> int:
        """A mark in the line that is being written, for `since`."""
        return len(self._pieces)

    def since(self, mark: int) -> str:
        """What was written on this line since `mark`."""
        return "".join(self._pieces[mark:]).strip()

    def end_cell(self) -> None:
        """Part two cells of one row."""
        self._pieces.append(_CELL)

    def end_line(self, *, always: bool = False) -> None:
        """Finish the line; an empty one counts only if `always`."""
        if not self._pieces and not always:
            return
        line = "".join(self._pieces)
        self._pieces.clear()
        line = self._tidy(line)
        if line:
            self._add(line)
        elif always:
            self._lines.append(">" * self._quote)

    def _tidy(self, line: str) -> str:
        if _CELL in line:
            line = _CELLS.sub(" | ", line.strip(_CELL + " \t\r\n\f\xa0"))
        if self.pre:
            return line.rstrip()
        return _SPACES.sub(" ", line).strip(" \xa0")

    def _add(self, line: str) -> None:
        if self._blank is not None and self._lines:
            self._lines.append(">" * self._blank)
        self._blank = None
        prefix = ">" * self._quote + " " if self._quote else ""
        self._lines.append(f"{prefix}{self.lead}{line}")
        self.lead = ""

    def end_paragraph(self) -> None:
        """Finish the line and leave an empty one before what follows."""
        self.end_line()
        self._blank = self._quote if self._blank is None else min(self._blank, self._quote)

    def quote(self, change: int) -> None:
        """Go one quotation deeper, or back."""
        self.end_paragraph()
        self._quote = min(max(self._quote + change, 0), _MAX_QUOTE_DEPTH)
        self.end_paragraph()

    def finish(self) -> str:
        """The whole text, without blank lines at its ends."""
        self.end_line()
        return "\n".join(self._lines).strip("\n")

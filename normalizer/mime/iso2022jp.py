"""ISO-2022-JP as Japanese mailers write it: RFC 1468 with half-width kana and the vendors' characters.

Python's codecs refuse the characters that NEC and IBM put into the free rows of JIS X 0208 (①, ㈱, 髙);
CP932 has them, so two-byte runs are moved there.
"""

from __future__ import annotations

import re

_RUN = re.compile(rb"\x1b(\$\([A-Z]|\$[@AB]|\([A-Z]|[&-/][@-~])")
_PAIR = re.compile(rb"[\x21-\x7e]{2}")
_SHIFT_OUT_KANA = re.compile(rb"\x0e([^\x0f\x1b\n]*)\x0f?")


def decode(content: bytes) -> str:
    """The text of ISO-2022-JP content, with U+FFFD for what has no meaning; never raises."""
    try:
        return content.decode("iso2022_jp_2")
    except UnicodeDecodeError:
        pieces = _RUN.split(content)
    runs = [_single(pieces[0])]
    runs += [_run(pieces[i], pieces[i + 1]) for i in range(1, len(pieces), 2)]
    return "".join(runs)


def _run(escape: bytes, run: bytes) -> str:
    if escape in (b"$@", b"$B", b"$(B", b"$(@"):
        return _double(run)
    if escape in (b"$(D", b"$(O", b"$(P", b"$(Q", b"$A", b"$(C"):
        codec = "iso2022_jp_2" if escape in (b"$(D", b"$A", b"$(C") else "iso2022_jp_2004"
        return (b"\x1b" + escape + run).decode(codec, "replace")
    if escape == b"(I":
        return bytes(byte | 0x80 for byte in run if byte != 0x0A).decode("cp932", "replace")
    return _single(run)


def _single(run: bytes) -> str:
    """One-byte text: ASCII, or half-width kana with the eighth bit or between shifts."""
    run = _SHIFT_OUT_KANA.sub(lambda kana: bytes(byte | 0x80 for byte in kana[1]), run)
    return run.decode("ascii") if run.isascii() else run.decode("cp932", "replace")


def _double(run: bytes) -> str:
    """JIS X 0208 rows as CP932; whatever is no pair stays as it is."""
    return _PAIR.sub(_shift_jis, run).decode("cp932", "replace")


def _shift_jis(pair: re.Match[bytes]) -> bytes:
    row, cell = pair[0]
    lead = (row - 0x21 >> 1) + 0x81
    trail = cell + 0x7E if row % 2 == 0 else cell + 0x1F + (cell >= 0x60)
    return bytes((lead + 0x40 if lead > 0x9F else lead, trail))

"""Looks for what is left of secrets in whatever a program wrote: in the clear, in UTF-16, and in base64 of either."""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import redis
from ahocorasick_rs import AhoCorasick

from normalizer.safety.vocabulary import fold
from tests.support.secrets import Secret

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_HAN = re.compile("[^\u3400-\u9fff]+")
_NO_LETTERS = re.compile(r"[\W\d_]+")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}(?:(?:\r?\n|\\r\\n|\\n)[A-Za-z0-9+/_-]+)*")
_LINE_ENDS = re.compile(rb"\r?\n|\\r\\n|\\n")
_WORDS = 3
_DIGITS = 8
_CERTAIN = 12
"""So many digits of a secret are in no id by chance; eight are, now and then."""
_LETTERS = 10
_HEX_DIGITS = frozenset("0123456789abcdef")


class Traces:
    """What no writing may hold: three words, eight hexadecimal digits, or ten letters of any other secret, in a row."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        words: set[str] = set()
        han: set[str] = set()
        letters: set[str] = set()
        certain: set[str] = set()
        for secret in secrets:
            if secret.kind == "mnemonic":
                ideographs = _HAN.sub("", secret.text).removeprefix("助记词")
                han |= set(_windows(ideographs, _WORDS))
                said = [] if ideographs else _NO_LETTERS.sub(" ", fold(_plain(secret.text))).split()
                words |= {f" {three} " for three in _windows(said, _WORDS)}
            elif found := _HEX.search(secret.text):
                letters |= set(_windows(found[0].lower(), _DIGITS))
                certain |= set(_windows(found[0].lower(), _CERTAIN))
            else:
                letters |= {piece.lower() for part in secret.parts for piece in _windows(part, _LETTERS)}
        self._words, self._han, self._letters = (AhoCorasick(sorted(each)) for each in (words, han, letters))
        self._certain = certain
        self._fragments = tuple(sorted(each) for each in (words, han, letters))

    def found(self, content: bytes) -> list[str]:
        """The fragments of secrets in some bytes."""
        return sorted({fragment for text in _texts(content) for fragment in self._in_text(text)})

    def _in_text(self, text: str) -> Iterator[str]:
        words, han, letters = self._fragments
        plain = _plain(text)
        said = f" {_NO_LETTERS.sub(' ', fold(plain))} "
        yield from (words[which] for which, _, _ in self._words.find_matches_as_indexes(said, overlapping=True))
        yield from (han[which] for which, _, _ in self._han.find_matches_as_indexes(_HAN.sub("", plain)))
        lower = plain.lower()
        for which, start, end in self._letters.find_matches_as_indexes(lower):
            if len(letters[which]) > _DIGITS or not self._is_chance(lower, start, end):
                yield letters[which]

    def _is_chance(self, text: str, start: int, end: int) -> bool:
        """Whether digits are a piece of an id or a digest that has no more of a secret than these."""
        while start and text[start - 1] in _HEX_DIGITS:
            start -= 1
        while end < len(text) and text[end] in _HEX_DIGITS:
            end += 1
        return end - start >= _CERTAIN and self._certain.isdisjoint(_windows(text[start:end], _CERTAIN))


def in_folder(traces: Traces, folder: Path, *, aside: frozenset[str]) -> list[tuple[str, str]]:
    """What is left in the files of a folder; those below a folder of one of the names in `aside` are not read."""
    return [
        (str(path), fragment)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not aside & set(path.relative_to(folder).parts)
        for fragment in traces.found(path.name.encode() + b"\n" + path.read_bytes())
    ]


def in_redis(traces: Traces, port: int) -> list[tuple[str, str]]:
    """What is left in a Redis: in its keys, their values, and in what it saves."""
    with redis.Redis(port=port) as client:
        client.config_set("rdbcompression", "no")
        client.save()
        return [
            (repr(key), fragment)
            for key in client.scan_iter()
            for fragment in traces.found(bytes(key) + b"\n" + repr(_value(client, key)).encode() + _raw(client, key))
        ]


def _value(client: redis.Redis, key: bytes) -> object:
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"zset": lambda name: client.zrange(name, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    return read[client.type(key)](key)


def _raw(client: redis.Redis, key: bytes) -> bytes:
    return client.dump(key) or b""


def _texts(content: bytes) -> Iterator[str]:
    yield from _read(content)
    for run in _BASE64.finditer(content):
        letters = _LINE_ENDS.sub(b"", run[0]).replace(b"-", b"+").replace(b"_", b"/")
        for skipped in range(4):
            cut = letters[skipped:]
            yield from _read(binascii.a2b_base64(cut[: len(cut) // 4 * 4]))


def _read(content: bytes) -> Iterator[str]:
    text = content.decode("utf-8", "replace")
    yield _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    if b"\x00" in content:
        for start in (0, 1):
            yield content[start:].decode("utf-16-le", "replace")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())


def _windows(sequence: list[str] | str, size: int) -> Iterator[str]:
    for at in range(len(sequence) - size + 1):
        window = sequence[at : at + size]
        yield window if isinstance(window, str) else " ".join(window)

"""Seed phrases of the Chinese lists, whose words are the most common characters of ordinary prose.

A run of them says nothing: every second message has one.  A phrase is a number of them that a phrase can
have, with the right checksum, that also looks like a list: characters with something between each, groups
of one length, a line of its own, or what follows words such as 助记词.  What reads like prose (the most
common characters, in pairs that prose is made of) is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice, repeat
from operator import add

from ahocorasick_rs import AhoCorasick, BytesAhoCorasick, MatchKind

from normalizer.safety.checksum import SIZES, has_checksum
from normalizer.safety.found import Found
from normalizer.safety.prose import pairs as prose_pairs
from normalizer.safety.vocabulary import IDEOGRAPHIC, places

LEAST = 12
_MAX_LINE = 100
_SIGNS = (
    "助记 助記 助憶 种子 種子 复词 復詞 复短 復短 註記 份词 份詞 "
    "单词 單詞 的词 的詞 密语 密語 密码 密碼 密钥 密鑰".split()
)
_MOST_LIKE_PROSE = 16.0
"""Bits by which a text may be likelier as prose than as a draw from the list: four phrases in a million are more."""
_CLEARLY_DRAWN = -4.0
_LEAST_PAIRS = 2
_HAN = "\u3400-\u9fff"
_NOT_HAN = re.compile(f"[^{_HAN}]+")
_PAGES = bytes(104 if 0x34 <= page <= 0x9F else 32 for page in range(256))
"""The 256 characters to which one belongs: "h" for ideographs."""
_APART = re.compile(rb"h(?: {1,20}h){%d}(?!h)" % (LEAST - 1))
_FAR_APART = re.compile(rb"h(?: +h){%d}(?!h)" % (LEAST - 1))
"""The same where line ends without number may stand between them."""
_LEAST_APART = LEAST // 2 - 1
"""Of so many, at the least, the blanks on both sides are counted where twelve stand apart."""
_SINGLES = re.compile(
    f"(?<![{_HAN}])[{_HAN}](?:[^{_HAN}\\w]{{1,12}}(?:\\d{{1,2}}[^{_HAN}\\w]{{1,6}})?[{_HAN}](?![{_HAN}])){{11,}}"
)
_LINE = re.compile(f"\\W*([{_HAN}]{{12,24}}|[{_HAN}]{{2,12}}(?:[\\s,，、/|-]{{1,4}}[{_HAN}]{{2,12}}){{1,11}})\\W*")
_ROW = re.compile(
    f"\\s*(\\W*?)[{_HAN}]{{2,12}}(?:[\\s,，、/|-]{{1,4}}[{_HAN}]{{2,12}}){{0,5}}[\\s,，、/|-]{{0,4}}(\\W*)"
)
"""A line that may be a part of a phrase, and the marks before and behind it, where one begins or ends."""
_PURE = re.compile(f"\n(?>(?:[{_HAN}]++|[^\\w\n]++){{1,999}})(?=\n|\\Z)")
"""A line, with the line end before it, in which no letters and digits are but ideographs."""
_SIZES = frozenset(SIZES)
_NO_ROW = 2
_ROW_SIZES = {0: 0} | dict.fromkeys(range(2, LEAST + 1), 1)
"""What a line is by how many ideographs it has: one that may part no rows (0), or that may be a row (1)."""
_ROWS = re.compile(rb"\x01\x00*\x01")
_BEHIND = re.compile(
    "(?:助[记記憶]|[种種]子|[复復][词詞短]|註記|[份单單的][词詞]|密[语語码碼钥鑰])[^\n。！？]{0,12}?"
    f'(?:是|为|為|如下|在这|在這|[:："“「『])[\\s:："“「『]*([{_HAN}]{{12,24}})(?![{_HAN}])'
)
_PAIRS = frozenset(
    "我的 你们 我们 他们 這個 这个 那个 那個 一个 一個 没有 沒有 可以 不能 不是 什么 什麼 怎么 怎麼 为什 為什 知道 "
    "现在 現在 已经 已經 因为 因為 所以 如果 但是 还是 還是 就是 不到 不了 出来 出來 进去 起来 起來 时候 時候 问题 "
    "問題 请问 請問 你好 谢谢 帮我 幫我 账户 帳戶 账号 帳號 交易 转账 轉帳 地址 金额 资产 資產 资金 資金 用户 用戶 "
    "客服 手机 手機 电话 電話 密码 密碼 登录 登入 打开 打開 收到 到账 到帳 今天 昨天 明天 上午 下午 晚上 时间 時間 "
    "小时 小時 分钟 公司 网站 網站 网络 网路 下载 下載 安装 安裝 更新 使用 需要 应该 應該 可能 必须 无法 無法 不会 "
    "不會 不要 不行 这样 這樣 那样 多少 大家 自己 人民 中国 中國 国家 國家 发现 發現 开始 開始 以后 以後 以前 之后 "
    "之後 之前 然后 然後 而且 或者 以及 关于 關於 对于 對於 通过 通過 进行 進行 信息 訊息 消息 内容 工作 生活 社会 "
    "社會 经济 經濟 发展 發展 生产 生產 技术 技術 方法 方面 方式 地方 情况 情況 结果 結果 系统 系統 数据 數據 文件 "
    "软件 支持 服务 服務 处理 處理 解决 解決 联系 聯繫 提供 提现 提現 存款 的人 的时 的是 了一 是我 是一 在这 了我 "
    "的手 不知 都是 也是 有人 上的 中的 里的 到了 完成 成功 失败 失敗 错误 錯誤 显示 顯示 确认 確認 请帮 尽快 盡快 "
    "马上 馬上 立即 直接 所有 很多 一直 一下 一些 ".split()
)


def phrases(text: str, raw: bytes) -> Iterator[Found]:
    """The phrases of the Chinese lists in a text, of which `raw` is the UTF-8."""
    shape = _shape(text)
    if _count(shape) < LEAST:
        return
    wording = _is_announced(raw)
    if shape.count(b" h ") >= _LEAST_APART and _APART.search(shape):
        for found in _SINGLES.finditer(text):
            yield from _listed(text, found.start(), found.end(), wording=wording)
    for start, end in _lines(text, shape):
        if line := _LINE.fullmatch(text, start, end):
            characters = _han(line[1])
            is_phrase = _is_phrase(characters) and not _has_pairs(characters, _all_pairs())
            if is_phrase or (wording and _is_drawn(characters)):
                yield Found(line.start(1), line.end(1), "mnemonic")
    if wording:
        for behind in _announced(text):
            if _is_phrase(behind[1]) or _is_drawn(behind[1]):
                yield Found(behind.start(1), behind.end(1), "mnemonic")


def are_in_lines(text: str, raw: bytes) -> bool:
    """Whether ideographs could be a phrase by the lines in which they stand alone, however many are empty."""
    shape = _shape(text)
    return not _is_announced(raw) and (shape.count(b" h ") < _LEAST_APART or not _FAR_APART.search(shape))


def _shape(text: str) -> bytes:
    """A byte for each character: "h" for ideographs."""
    return text.encode("utf-32-le", "surrogatepass")[1::4].translate(_PAGES)


def _is_announced(raw: bytes) -> bool:
    """Whether words are in a text that announce a phrase."""
    return bool(_signs()[0].find_matches_as_indexes(raw))


def _count(shape: bytes) -> int:
    """How many ideographs there are: what is dense is sooner left alone than found."""
    return len(shape.translate(None, b" "))


def _lines(text: str, shape: bytes) -> Iterator[tuple[int, int]]:
    """Where lines stand, alone or as rows, that are short enough to be a phrase, and have as many ideographs as one.

    Line ends of other kinds than a line feed are what may stand between words.
    """
    spans = [(found.start(), found.end() - 1) for found in _PURE.finditer(f"\n{text}")]
    counts = [shape.count(b"h", start, end) for start, end in spans]
    for count, (start, end) in zip(counts, spans, strict=True):
        if count in _SIZES and end - start <= _MAX_LINE and _is_listed(_han(text[start:end], count)):
            yield start, end
    if _ROWS.search(bytes(map(_ROW_SIZES.get, counts, repeat(_NO_ROW)))):
        yield from _blocks(text, shape, spans)


def _blocks(text: str, shape: bytes, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where rows stand that are a phrase together; `spans` are those of lines that may be rows."""
    block: list[tuple[int, int]] = []
    last = 0
    for start, end in spans:
        if text[last:start].strip():
            yield from _rows(block, shape)
            block = []
        last = end
        count = shape.count(b"h", start, end) if 2 <= end - start <= _MAX_LINE else 0
        row = _ROW.fullmatch(text, start, end) if 2 <= count <= LEAST else None
        if block and (row[1] if row else not text[start:end].isspace()):
            yield from _rows(block, shape)
            block = []
        if row:
            block.append((start, end))
            if row[2]:
                yield from _rows(block, shape)
                block = []
    yield from _rows(block, shape)


def _rows(block: Sequence[tuple[int, int]], shape: bytes) -> Iterator[tuple[int, int]]:
    """Where so many rows stand as are a phrase, of one length but for the last; the first and last line may be none."""
    for rows in (block, block[1:], block[:-1], block[1:-1]):
        if len(rows) > 1 and shape.count(b"h", rows[0][0], rows[-1][1]) in SIZES:
            *whole, last = (shape.count(b"h", start, end) for start, end in rows)
            if len(set(whole)) == 1 and last <= whole[0]:
                yield rows[0][0], rows[-1][1]


def _announced(text: str) -> Iterator[re.Match[str]]:
    """What stands behind words that announce a phrase."""
    for _, place, _ in _signs()[1].find_matches_as_indexes(text):
        if found := _BEHIND.match(text, place):
            yield found


@cache
def _signs() -> tuple[BytesAhoCorasick, AhoCorasick]:
    """The words that announce a phrase, to be found in UTF-8 and in a text."""
    kind = MatchKind.LeftmostFirst
    return BytesAhoCorasick([sign.encode() for sign in _SIGNS], matchkind=kind), AhoCorasick(_SIGNS, matchkind=kind)


def _listed(text: str, start: int, end: int, *, wording: bool) -> Iterator[Found]:
    """Characters with something between each, as a phrase where any part of them is one."""
    spots = [place for place in range(start, end) if "\u3400" <= text[place] <= "\u9fff"]
    characters = "".join(text[place] for place in spots)
    whole = len(characters) in SIZES and _is_listed(characters) and (wording or re.search(r"\d", text[start:end]))
    if (whole and prose(characters) < 0) or any(
        _is_phrase(characters[first : first + size]) for size in SIZES for first in range(len(characters) - size + 1)
    ):
        yield Found(spots[0], spots[-1] + 1, "mnemonic")


def _is_phrase(characters: str) -> bool:
    """Whether characters are a phrase by number and checksum, and do not read like prose."""
    return (
        len(characters) in SIZES
        and _is_listed(characters)
        and not _has_pairs(characters, _PAIRS)
        and any(_is_valid(characters, name) for name in IDEOGRAPHIC)
        and prose(characters) < _MOST_LIKE_PROSE
    )


def _is_drawn(characters: str) -> bool:
    """Whether characters can hardly be anything but a draw from a list, if one with a slip in it."""
    return (
        len(characters) in SIZES
        and _is_listed(characters)
        and prose(characters) < _CLEARLY_DRAWN
        and _PAIRS.isdisjoint(map(add, characters, characters[1:]))
    )


def _has_pairs(characters: str, known: frozenset[str]) -> bool:
    """Whether several pairs that prose is made of are among characters."""
    found = filter(known.__contains__, map(add, characters, characters[1:]))
    return len(tuple(islice(found, _LEAST_PAIRS))) == _LEAST_PAIRS


@cache
def _all_pairs() -> frozenset[str]:
    """The pairs by which a sentence in a line of its own is told from a phrase: one draw in ten thousand has two."""
    return _PAIRS | prose_pairs()


def _is_listed(characters: str) -> bool:
    """Whether all characters are of one list."""
    return any(map(frozenset.issuperset, _members(), repeat(characters)))


@cache
def _members() -> tuple[frozenset[str], ...]:
    """The characters of each list."""
    return tuple(map(frozenset, map(places, IDEOGRAPHIC)))


def _is_valid(characters: str, name: str) -> bool:
    """Whether the checksum holds."""
    known = places(name)
    return known.keys() >= set(characters) and has_checksum([known[one] for one in characters])


def prose(characters: str) -> float:
    """How many bits likelier characters are as prose (Zipf's law over the list, which is in order of use)."""
    return sum(map(_likelihood().__getitem__, characters))


@cache
def _likelihood() -> dict[str, float]:
    first = places(IDEOGRAPHIC[0])
    scores = {}
    for name in IDEOGRAPHIC:
        for character, place in places(name).items():
            rank = min(place, first.get(character, place))
            scores[character] = math.log2(384 / (rank + 10))
    return scores


def _han(text: str, count: int = -1) -> str:
    """The ideographs of a text, which is all of it if it has as many."""
    return text if len(text) == count else _NOT_HAN.sub("", text)

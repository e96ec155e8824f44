"""Facts, phishing and impersonation: microseconds a message, by size and language.

`python -m benchmarks.facts` prints the median over different messages of 2 KB and 50 KB (bytes of UTF-8), which
hold a fact of most kinds for each 2 KB or 10 KB, and how the cost grows with the size.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from model.draft import Context, Draft
from model.ticket import Address, Language, Message, Requester
from normalizer.examine import examine
from normalizer.safety.lists import compile_lists
from tests.support.facts import FORMS, KINDS, LANGUAGES, SENTENCES

_NOW = datetime(2024, 1, 2, tzinfo=UTC)
_SHOWN = ("en", "zh-Hans", "ja", "ko", "ru", "vi")
PROSE = {
    "en": "I tried to move my funds yesterday, but nothing has arrived yet and nobody answers me. Please look. ",
    "zh-Hans": "我昨天想把资金转出来，可是一直没有到账，也没有人回复我，请你们尽快帮我查一下到底发生了什么。",
    "ja": "昨日資金を移そうとしましたが、まだ何も届かず、返事もありません。早く調べていただけますでしょうか。",
    "ko": "어제 자금을 옮기려고 했지만 아직 아무것도 도착하지 않았고 답변도 없습니다. 확인해 주시기 바랍니다. ",
    "ru": "Вчера я пытался перевести средства, но до сих пор ничего не пришло и никто не отвечает. Проверьте. ",
    "zh-Hant": "我昨天想把資金轉出來，可是一直沒有到帳，也沒有人回覆我，請你們盡快幫我查一下到底發生了什麼事。",
    "es": "Ayer intenté mover mis fondos, pero todavía no ha llegado nada y nadie me contesta. Revisen, por favor. ",
    "tr": "Dün paramı taşımaya çalıştım ama hâlâ hiçbir şey gelmedi ve kimse cevap vermiyor. Lütfen bakın. ",
    "id": "Kemarin saya mencoba memindahkan dana, tetapi belum ada yang masuk dan tidak ada balasan. Tolong dicek. ",
    "vi": "Hôm qua tôi cố chuyển tiền nhưng vẫn chưa thấy gì và không ai trả lời tôi. Xin kiểm tra. ",
}


def main() -> None:
    """Measure every size, by language."""
    domains = "\n".join(f"bad{i}.example" for i in range(100_000)).encode()
    lists = compile_lists([("list", domains)])
    context = Context(now=_NOW, brands=("Example Wallet",), phishing=lists)
    for size, apart in ((2000, 2000), (10_000, 10_000), (50_000, 10_000), (200_000, 10_000)):
        print(f"  {size // 1000:4} KB ", end="")
        for language in _SHOWN:
            drafts = [draft(language, size, apart, seed) for seed in range(40)]
            print(f"  {language} {_median(lambda one: examine(one, context), drafts):6.0f} us", end="")
        print(flush=True)


def _median(work: Callable[[Draft], object], drafts: list[Draft]) -> float:
    """The median over the messages of the best of a few runs, in microseconds."""
    times = []
    for draft in drafts:
        best = float("inf")
        for _ in range(5):
            start = time.thread_time_ns()
            work(draft)
            best = min(best, time.thread_time_ns() - start)
        times.append(best / 1000)
    return statistics.median(times)


def draft(language: str, size: int, apart: int, seed: int) -> Draft:
    """A message of `size` bytes in which facts of five kinds stand in every `apart` bytes."""
    draw = random.Random(seed)
    text = ""
    while len(text.encode()) < size:
        facts = [
            draw.choice(SENTENCES[language][kind]).replace("{}", FORMS[kind](draw, language)[0])
            for kind in draw.sample(KINDS, 5)
        ]
        prose = [PROSE[language]] * ((apart - len(" ".join(facts).encode())) // len(PROSE[language].encode()))
        parts = [*facts, *prose]
        draw.shuffle(parts)
        text += " ".join(parts)
    text = text.encode()[:size].decode("utf-8", "ignore")
    message = Message(
        id="",
        source_id="1",
        received_at=_NOW,
        from_=(Address(name="Some Body", address="body@example.org"),),
        subject="Where is it?",
        text=text,
        language=Language(code=language, confidence=1.0),
    )
    return Draft(requester=Requester(id="", name="Some Body"), message=message)


assert set(_SHOWN) <= set(LANGUAGES)

if __name__ == "__main__":
    main()

"""What the guard costs: `python -m benchmarks.guard` prints the median of many runs, and whether it is linear."""

from __future__ import annotations

import statistics
import time

from normalizer.safety.find import find

_SENTENCES = {
    "english": "Hello, I sent 0.5 ETH to my other wallet yesterday, but the balance still does not show in the app. ",
    "chinese": "你好，我昨天转了一笔钱到我的另一个钱包，但是余额到现在还没有显示出来，请帮我看看是怎么回事。",
    "french": "Bonjour, j’ai envoyé 0,5 ETH à mon autre portefeuille hier, mais le solde ne s’affiche toujours pas. ",
}
_HASHES = "tx 0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060 failed on block 46147\n"
_SIZES = (200, 2_000, 50_000, 500_000)
_LIMITS = {200: 20, 2_000: 100, 50_000: 800}


def main() -> None:
    """Measure each kind of text at each size."""
    for name, sentence in {**_SENTENCES, "log of hashes": _HASHES}.items():
        took = {size: _median(_text(sentence, size)) for size in _SIZES}
        shown = ", ".join(
            f"{size / 1000:g} kB: {micro:,.0f} us" + (f" (limit {_LIMITS[size]})" if size in _LIMITS else "")
            for size, micro in took.items()
        )
        print(f"{name:<14} {shown}; ten times the text takes {took[500_000] / took[50_000]:.1f} times as long")


def _text(sentence: str, size: int) -> str:
    """That many bytes of text, no two sentences alike."""
    count = size // len(sentence.encode()) + 1
    whole = "".join(f"{sentence}{number} " for number in range(count))
    return whole.encode()[:size].decode("utf-8", "ignore")


def _median(text: str) -> float:
    """Microseconds of one run."""
    find(text)
    runs = []
    for _ in range(max(5, min(300, 3_000_000 // len(text)))):
        begun = time.perf_counter()
        find(text)
        runs.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(runs)


if __name__ == "__main__":
    main()

"""How amounts, dates and phone numbers are written in ten languages."""

from __future__ import annotations

import random
from collections.abc import Callable

Form = Callable[[random.Random, str], tuple[str, str]]
_COMMA = frozenset(["vi", "id", "ru", "es", "tr"])
_WIDE = frozenset(["zh-Hans", "zh-Hant", "ja", "ko"])
_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık".split(),
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split(),
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split(),
}
_AFTER = {
    "en": "USDT|ETH|BTC|usdt|dollars|USD|BNB|SOL|TRX|euros|XRP|DOGE",
    "zh-Hans": "USDT|ETH|BTC|u|U|刀|美元|元|块钱|个ETH|枚比特币|个BNB|人民币|TRX",
    "zh-Hant": "USDT|ETH|BTC|U|美金|元|個ETH|顆比特幣|台幣|TRX|港幣",
    "ja": "USDT|ETH|BTC|円|ドル|ビットコイン|イーサ|XRP|ウォン",
    "ko": "USDT|ETH|BTC|원|달러|비트코인|이더|리플",
    "vi": "USDT|ETH|BTC|đồng|VND|đô|usdt",
    "id": "USDT|ETH|BTC|rupiah|dolar|IDR|usdt",
    "ru": "USDT|ETH|BTC|рублей|долларов|руб|usdt|евро|биткоина",
    "es": "USDT|ETH|BTC|euros|dólares|usdt|USD",
    "tr": "USDT|ETH|BTC|TL|lira|dolar|usdt|avro",
}
_BEFORE = {
    "en": ["$", "US$", "£", "€", "USDT "], "zh-Hans": ["￥", "¥", "$", "USDT "], "zh-Hant": ["NT$", "$", "HK$"],
    "ja": ["￥", "¥", "$"], "ko": ["₩", "$"], "vi": ["$"], "id": ["Rp ", "Rp", "Rp. "], "ru": ["$", "₽"],
    "es": ["€", "$", "US$"], "tr": ["₺", "$"],
}  # fmt: skip


def NUMBERS(draw: random.Random, language: str) -> tuple[str, str]:  # noqa: N802 - one of the forms
    """A number as it is written, and in plain digits."""
    kind = draw.randrange(5)
    if kind == 0:
        value = f"0.{draw.randint(1, 99999)}"
        return (value.replace(".", ",") if language in _COMMA and draw.random() < 0.5 else value), value
    if kind == 1:
        value = str(draw.randint(1, 9999))
        return value, value
    if kind == 2:
        value = f"{draw.randint(1, 9999)}.{draw.randint(10, 99)}"
        return (value.replace(".", ",") if language in _COMMA else value), value
    whole = draw.randint(1000, 9_999_999)
    grouped = f"{whole:,}"
    decimals = f"{draw.randint(10, 99)}" if kind == 4 else ""
    if language == "ru":
        grouped = grouped.replace(",", draw.choice([" ", "\u00a0"]))
    elif language in _COMMA:
        grouped = grouped.replace(",", ".")
    mark = "," if language in _COMMA else "."
    return grouped + (mark + decimals if decimals else ""), f"{whole}" + (f".{decimals}" if decimals else "")


def UNITS(draw: random.Random, language: str, number: str) -> str:  # noqa: N802 - one of the forms
    """A number with a currency or a token beside it."""
    if draw.random() < 0.25:
        return draw.choice(_BEFORE[language]) + number
    unit = draw.choice(_AFTER[language].split("|"))
    gap = draw.choice(["", " "]) if language in _WIDE or unit.isupper() else " "
    return f"{number}{'' if not unit[0].isascii() and language in _WIDE else gap}{unit}"


def MOMENTS(draw: random.Random, language: str) -> tuple[str, str]:  # noqa: N802 - one of the forms
    """A date, a time or both."""
    year, month, day = draw.randint(2019, 2026), draw.randint(1, 12), draw.randint(1, 28)
    hour, minute = draw.randint(0, 23), draw.randint(0, 59)
    written, value = _date(draw, language, year, month, day)
    if draw.random() < 0.5:
        return written, value
    clock, gap = _clock(draw, language, hour, minute)
    return f"{written}{gap}{clock}", f"{value}T{hour:02}:{minute:02}"


def _date(draw: random.Random, language: str, year: int, month: int, day: int) -> tuple[str, str]:
    iso = f"{year}-{month:02}-{day:02}"
    forms = [iso, f"{year}/{month:02}/{day:02}"]
    if language in _WIDE:
        y, m, d = ("년 ", "월 ", "일") if language == "ko" else ("年", "月", "日")
        forms += [f"{year}{y}{month}{m}{day}{d}", f"{year}{y}{month:02}{m}{day:02}{d}", f"{year}.{month}.{day}"]
        short = f"{month}{m}{day}{d}"
        if draw.random() < 0.2:
            return short, f"--{month:02}-{day:02}"
    elif language == "en":
        name = _MONTHS["en"][month - 1]
        forms += [f"{name} {day}, {year}", f"{day} {name} {year}", f"{name[:3]} {day}, {year}", f"{month}/{day}/{year}"]
    elif language == "vi":
        forms += [f"ngày {day}/{month}/{year}", f"ngày {day} tháng {month} năm {year}", f"{day:02}-{month:02}-{year}"]
    else:
        name = _MONTHS[language][month - 1]
        of = " de " if language == "es" else " "
        forms += [f"{day}{of}{name}{of}{year}", f"{day:02}.{month:02}.{year}", f"{day}/{month}/{year}"]
        if language == "ru":
            forms.append(f"{day} {name} {year} г.")
    return draw.choice(forms), iso


def _clock(draw: random.Random, language: str, hour: int, minute: int) -> tuple[str, str]:
    """A time, and what stands between a date and it."""
    plain = f"{hour:02}:{minute:02}"
    late, twelve = hour >= 12, hour % 12 or 12
    if language == "en":
        forms = [
            plain,
            f"{twelve}:{minute:02} {'pm' if late else 'am'}",
            f"{twelve}:{minute:02}{'PM' if late else 'AM'}",
        ]
        return draw.choice(forms), draw.choice([" at ", ", ", " "])
    if language in _WIDE:
        parts = {"zh-Hans": "上午下午", "zh-Hant": "上午下午", "ja": "午前午後", "ko": "오전오후"}[language]
        h, m = {"zh-Hans": ("点", "分"), "zh-Hant": ("點", "分"), "ja": ("時", "分"), "ko": ("시 ", "분")}[language]
        part = parts[2:] if late else parts[:2]
        return draw.choice(
            [plain, f"{part}{twelve}{h}{minute:02}{m}", f"{hour}{h}{minute}{m}", f"{part}{twelve}:{minute:02}"]
        ), " "
    gap = {"vi": " lúc ", "id": " pukul ", "ru": " в ", "es": " a las ", "tr": " saat "}[language]
    forms = [plain]
    if language == "vi":
        forms.append(f"{hour}h{minute:02}")
    if language in ("id", "tr"):
        forms.append(f"{hour:02}.{minute:02}")
    return draw.choice(forms), gap


_PHONES = {
    "en": "+1 415-555-{4}=+1415555{4}|(415) 555-{4}=+1415555{4}|+44 7911 12{4}=+44791112{4}|212-555-{4}=+1212555{4}",
    "zh-Hans": "138{8}=+86138{8}|+86 139{8}=+86139{8}|+86-136{8}=+86136{8}",
    "zh-Hant": "0912-345-{3}=+886912345{3}|+886 912 345 {3}=+886912345{3}|+852 9123 {4}=+8529123{4}",
    "ja": "090-1234-{4}=+81901234{4}|+81 80-1234-{4}=+81801234{4}|03-5555-{4}=+8135555{4}",
    "ko": "010-4234-{4}=+82104234{4}|+82 10-4234-{4}=+82104234{4}|010 4234 {4}=+82104234{4}",
    "vi": "0912 345 {3}=+84912345{3}|+84 912 345 {3}=+84912345{3}|0987345{3}=+84987345{3}",
    "id": "0812-3456-{4}=+628123456{4}|+62 812-3456-{4}=+628123456{4}|08123456{4}=+628123456{4}",
    "ru": "+7 912 345-{2}-{2b}=+7912345{2}{2b}|8 (912) 345-{2}-{2b}=+7912345{2}{2b}|8912345{4}=+7912345{4}",
    "es": "612 345 {3}=+34612345{3}|+34 612 345 {3}=+34612345{3}|+52 55 1234 {4}=+52551234{4}",
    "tr": "0532 123 {2} {2b}=+90532123{2}{2b}|+90 532 123 {2} {2b}=+90532123{2}{2b}|0532123{4}=+90532123{4}",
}
"""How a number is written, and what it is in E.164; in braces how many digits are drawn."""


def PHONES(draw: random.Random, language: str) -> tuple[str, str]:  # noqa: N802 - one of the forms
    """A phone number as it is written where the language is, and in E.164."""
    written, value = draw.choice(_PHONES[language].split("|")).split("=")
    for hole, length in (("{2b}", 2), ("{2}", 2), ("{3}", 3), ("{4}", 4), ("{8}", 8)):
        digits = "".join(draw.choices("0123456789", k=length))
        written, value = written.replace(hole, digits), value.replace(hole, digits)
    return written, value

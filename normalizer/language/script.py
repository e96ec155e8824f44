"""What the script of a text says of its language: for most scripts, everything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Script = Literal["han", "kana", "hangul", "thai", "arabic", "cyrillic", "latin", "other"]

MAX_LENGTH = 400
"""Characters of a text that are looked at."""


def words_only(text: str) -> str:
    """The beginning of the text without what is in no language: addresses, links, keys, numbers."""
    beginning = text[:MAX_LENGTH]
    if "@" in beginning or "://" in beginning:
        beginning = _LINK.sub(" ", beginning)
    return _CODE.sub(" ", beginning) if _OF_CODE.search(beginning) else beginning


def script(words: str) -> tuple[Script, int] | None:
    """The script that most of the text is in, and how many letters of it there are; None without a letter.

    A Chinese, Japanese or Korean character counts three times, as it says as much as three letters, and a
    text with some kana in it is Japanese.
    """
    if words.isascii():
        letters = _ascii_letters(words)
        return ("latin", letters) if letters else None
    counts = _counts(words)
    han = counts["han"] + counts["kana"]
    weights = {name: count * (3 if name in {"han", "hangul"} else 1) for name, count in counts.items()}
    weights["han"], weights["kana"] = (0, han * 3) if counts["kana"] * 8 >= han else (han * 3, 0)
    best = max(weights, key=lambda name: weights[name])
    if not weights[best]:
        return None
    return best, han if best in {"han", "kana"} else counts[best]


def _counts(words: str) -> dict[Script, int]:
    """The letters of each script; what is counted goes, so that most texts need one look or two."""
    counts: dict[Script, int] = dict.fromkeys((name for name, _ in _SCRIPTS), 0)
    rest = words
    for name, pattern in _SCRIPTS:
        shorter = pattern.sub("", rest)
        counts[name] = len(rest) - len(shorter)
        rest = shorter
        if rest.isascii():
            counts["latin"] += _ascii_letters(rest)
            break
    return counts


def _ascii_letters(text: str) -> int:
    return len(text.encode().translate(None, _NO_LETTERS))


def is_japanese(han: Iterable[str]) -> bool:
    """Whether a text in Han characters alone has some that only Japanese writes so."""
    characters = frozenset(han)
    return len(_JAPANESE & characters) > len(_SIMPLIFIED & characters)


def is_traditional(han: Iterable[str]) -> bool:
    """Whether a Chinese text is in traditional characters, by those that the reform of 1956 changed."""
    characters = frozenset(han)
    return len(_TRADITIONAL & characters) > len(_SIMPLIFIED & characters)


_PAIRS = (
    "们們来來这這国國说說时時会會对對发發经經学學进進动動业業现現实實开開长長样樣问問题題机機关關点點应應无無电電话話语語门門马馬车車见見东東书書"
    "没沒过過还還个個为為从從后後间間产產种種让讓给給当當钱錢账賬帐帳转轉请請谢謝帮幫钥鑰码碼链鏈币幣网網络絡络絡处處联聯系繫卖賣买買费費价價额額"
    "总總结結线線级級约約红紅纪紀纸紙组組细細织織终終绍紹统統续續维維缘緣编編缩縮罗羅习習乡鄉亲親亿億仅僅仓倉仪儀价價优優传傳伤傷体體余餘"
    "儿兒党黨兰蘭兴興养養写寫军軍农農决決况況净淨凉涼减減几幾凤鳳凭憑划劃刘劉则則刚剛创創别別剂劑剑劍剧劇劝勸办辦务務励勵劳勞势勢华華协協单單"
    "卫衛却卻厂廠历歷压壓厌厭厅廳县縣参參双雙变變叙敘台臺叶葉号號叹嘆听聽启啟员員呜嗚响響唤喚园園围圍图圖圆圓圣聖场場坏壞块塊坚堅坛壇垄壟"
    "墙牆壮壯声聲壳殼备備复復够夠头頭夹夾夺奪奋奮奖獎妇婦妈媽娱娛婴嬰孙孫宁寧宝寶审審宪憲宫宮宽寬宾賓寻尋导導寿壽将將尔爾尘塵尝嘗层層属屬"
    "岁歲岛島岭嶺币幣师師带帶庄莊庆慶库庫废廢广廣张張弹彈强強归歸录錄径徑忆憶忧憂怀懷态態怜憐恶惡悬懸惊驚惧懼惯慣愿願懒懶戏戲战戰户戶执執扩擴"
    "扫掃扬揚护護报報担擔拥擁择擇挂掛挡擋挤擠挥揮损損换換据據摄攝摆擺敌敵数數断斷旧舊显顯晓曉暂暫术術权權条條杂雜极極构構枪槍标標树樹桥橋"
    "检檢楼樓欢歡欧歐残殘毁毀气氣汉漢汤湯沟溝泪淚洁潔浅淺测測济濟浓濃涨漲湾灣湿濕满滿灭滅灯燈灵靈灾災炉爐烂爛热熱爱愛牵牽犹猶狱獄独獨猎獵"
    "环環珍珎画畫疗療疯瘋盐鹽监監盖蓋盘盤矿礦码碼砖磚确確礼禮祸禍离離秘祕积積称稱稳穩穷窮窃竊竞競笔筆签簽简簡筑築类類粮糧紧緊纠糾纯純纳納"
    "纷紛练練绍紹绝絕绩績罚罰职職聪聰肃肅肤膚肿腫胜勝脑腦脸臉艰艱艺藝节節苏蘇荣榮药藥获獲虑慮虽雖虫蟲补補装裝观觀规規视視觉覺览覽触觸订訂"
    "认認讨討训訓议議记記讲講许許论論设設访訪证證评評识識诉訴词詞译譯试試诗詩诚誠该該详詳误誤课課调調谁誰谈談谋謀谓謂质質贝貝负負财財责責败敗"
    "货貨贪貪贫貧贯貫贴貼贵貴贷貸贸貿赏賞赖賴赛賽赞贊赢贏赵趙趋趨跃躍踪蹤轮輪软軟轻輕载載较較辆輛输輸达達迁遷运運近近违違远遠连連迟遲适適选選"
    "递遞遗遺邮郵邻鄰郑鄭释釋里裡针針钟鐘钢鋼银銀铁鐵锁鎖错錯键鍵镇鎮镜鏡闭閉闲閒闻聞阳陽阴陰阶階际際陆陸陈陳险險随隨隐隱难難雾霧静靜顶頂项項"
    "顺順须須顾顧预預领領频頻颜顏风風飞飛饭飯饮飲馆館驱驅驶駛验驗骂罵骗騙鱼魚鲜鮮鸟鳥鸡雞鸣鳴麦麥黄黃齐齊龙龍龟龜"
)
"""Characters in simplified form, each before its traditional one."""

_SHINJITAI = frozenset(
    "円図圧壊売変声対専峠巣帰広庁応徳恵悪戦戻払択拝拠拡挙挿掲揺摂撃斉斎時暁曽栄桜検楽様歩歯歳毎気沢浄済渉渋渓満滝潜瀬焼犠猟獣畑発砕稲穂竜粋経絵継続"
    "総緑縁縄繊聴脳臓芸茎荘蔵薬覚観訳読謡譲豊辺込辻働遅郷酔釈鉄鉱銭録関闘陥険隠雑霊頬頼顔駅駆騒験髄鶏麺黒黙齢栃匂凧枠峰塚渚雫喰嬢娯実宝寛巌弐徴懐"
)
_SIMPLIFIED = frozenset(_PAIRS[::2]) - frozenset(_PAIRS[1::2])
_TRADITIONAL = frozenset(_PAIRS[1::2]) - frozenset(_PAIRS[::2])
_JAPANESE = _SHINJITAI - _TRADITIONAL - frozenset("時満続経験様総観険")
_NO_LETTERS = bytes(code for code in range(256) if not chr(code).isascii() or not chr(code).isalpha())
_SCRIPTS: tuple[tuple[Script, re.Pattern[str]], ...] = (
    ("han", re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")),
    ("kana", re.compile(r"[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9d]+")),
    ("hangul", re.compile(r"[\uac00-\ud7af\u1100-\u11ff\u3130-\u318f]+")),
    ("thai", re.compile(r"[\u0e00-\u0e7f]+")),
    ("arabic", re.compile(r"[\u0600-\u06ff\u0750-\u077f]+")),
    ("cyrillic", re.compile(r"[\u0400-\u052f]+")),
    ("latin", re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")),
    ("other", re.compile(r"[\u0370-\u03ff\u0530-\u05ff\u0900-\u0dff\u0e80-\u10ff\u1200-\u1aff]+")),
)
_LINK = re.compile(r"(?<!\S)\S{0,200}?(?:@|://)\S*")
_OF_CODE = re.compile(r"[\d_*#|=<>]")
"""A character without which there is nothing that `_CODE` matches."""
_CODE = re.compile(r"(?a:\b[A-Za-z]{0,40}\d[A-Za-z0-9_-]*)|[\d_*#|=<>]+")

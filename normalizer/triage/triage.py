"""What a good agent sees in the first seconds: how urgent, what about, whose, and why.

Rules say what they know, each with the words that it matched; beside them stands the statistical model, which
finds what is told without the words of any rule, and says what the rest is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from model.draft import Context, Draft
from model.envelope import Envelope
from model.ticket import Category, Lane, Matched, Message, Triage, Urgency
from normalizer.triage.fold import fold
from normalizer.triage.fragments import Opinion, model
from normalizer.triage.judge import Judge, Verdict, judge

MAX_BEGINNING = 1500
MAX_END = 500
"""Characters that are read at the beginning and the end of a message: the cost of a long one stays that of a letter."""
MAX_QUOTED = 1000
"""Characters that are read of what was said before."""
LEVELS: tuple[Urgency, ...] = ("low", "normal", "high", "critical")
RAISED_BY = ("angry", "frightened")
"""Meanings that raise the urgency one step, but never to critical, which says what happened and not how one feels."""
ALARMING = frozenset(
    "theft gone outgoing not_me intruder secret removed gave fake asks code takeover wrong_place stop_it assets".split()
)
"""Meanings of which a short text must say one for the model alone to call it critical."""
TELLING = 20
"""Characters from which on a text says enough for the model by itself."""
MACHINES = ("auto_reply", "bounce", "feedback_report", "delivery_receipt")
"""Kinds of mail that nobody wrote: what they quote is no emergency."""
_USUAL: dict[str, Urgency] = {
    "security/theft": "high",
    "security/phishing": "high",
    "security/impersonation": "high",
    "how_to/fees": "low",
    "how_to/how_to": "low",
    "feedback/feature_request": "low",
    "other/partnership": "low",
    "other/spam": "low",
    "other/other": "low",
}
"""How urgent a topic is where no rule says so; the others are normal."""


def triage(draft: Draft, envelope: Envelope, context: Context) -> Draft:
    """The draft with its triage; without rules in the context it stays as it is."""
    if context.rules is None:
        return draft
    message = draft.message
    if message.automated in MACHINES:
        return msgspec.structs.replace(draft, triage=Triage(urgency="low", lane="bulk"))
    bench = judge(context.rules)
    folded = fold(excerpt(message))
    said = bench.lexicon.find(folded)
    names = bench.names(said)
    verdicts = list(bench.verdicts(folded, said, draft, envelope.channel))
    opinion = model().opinion(folded, names)
    judged = _judged(verdicts, opinion, names, len(folded))
    if judged.urgency != "critical" and "withdrawn" not in names:
        judged = _with_quoted(judged, bench, draft, envelope.channel)
    if message.automated == "mailing_list":
        judged = msgspec.structs.replace(judged, lane="bulk", urgency=min(judged.urgency, "normal", key=LEVELS.index))
    return msgspec.structs.replace(draft, triage=judged)


def excerpt(message: Message) -> str:
    """What is read of a message: its subject and what is new in it, or all of it where nothing is."""
    text = message.new_text if message.new_text.strip() else message.text
    if len(text) > MAX_BEGINNING + MAX_END:
        text = f"{text[:MAX_BEGINNING]}\n{text[-MAX_END:]}"
    return f"{message.subject[:500]}\n{text}" if message.subject else text


def _judged(verdicts: list[Verdict], opinion: Opinion, names: Iterable[str], length: int) -> Triage:
    """What the rules and the model say together: the highest urgency, and all reasons."""
    reasons = [verdict.reason for verdict in verdicts]
    ranked = sorted(verdicts, key=lambda each: -LEVELS.index(each.rule.urgency or "low"))
    rule = next((each.rule for each in ranked if each.rule.category), None)
    category, topic = (rule.category, rule.topic or "other") if rule else (opinion.category, opinion.topic)
    usual = _USUAL.get(f"{category}/{topic}", "normal")
    given = [each.rule.urgency for each in ranked if each.rule.urgency]
    urgency = given[0] if given else usual
    if opinion.critical >= 0 and (length >= TELLING or not ALARMING.isdisjoint(names)):
        urgency = "critical"
        reasons.append(Matched(rule="model", text=" · ".join(opinion.fragments)))
        if category != "security" and topic != "transfer_not_received":
            category, topic = "security", "theft"
    if (loud := [name for name in RAISED_BY if name in names]) and urgency in ("low", "normal"):
        urgency = LEVELS[LEVELS.index(urgency) + 1]
        reasons.append(Matched(rule="wording", text=", ".join(loud)))
    lanes = [each.rule.lane for each in ranked if each.rule.lane]
    return Triage(
        category=cast("Category", category),
        topic=topic,
        urgency=urgency,
        lane=lanes[0] if lanes else _lane(urgency, topic),
        route=next((each.rule.route for each in ranked if each.rule.route), None),
        tags=tuple(dict.fromkeys(tag for each in verdicts for tag in each.rule.tags)),
        matched=tuple(reasons),
    )


def _lane(urgency: Urgency, topic: str) -> Lane:
    if urgency == "critical":
        return "urgent"
    return "bulk" if topic == "spam" else "normal"


def _with_quoted(judged: Triage, bench: Judge, draft: Draft, channel: str) -> Triage:
    """What the quoted history says weighs less: an emergency in it makes the message high, not critical."""
    text, new = draft.message.text, draft.message.new_text
    if not new.strip() or len(text) <= len(new):
        return judged
    start = max(text.find(new[:200]), 0) + len(new)
    folded = fold(text[start : start + MAX_QUOTED])
    verdicts = bench.verdicts(folded, bench.lexicon.find(folded), draft, channel)
    found = [each for each in verdicts if each.rule.urgency == "critical"]
    if not found:
        return judged
    reasons = [Matched(rule=f"{each.reason.rule} (quoted)", text=each.reason.text) for each in found]
    return msgspec.structs.replace(
        judged,
        category=found[0].rule.category or judged.category,
        topic=found[0].rule.topic or judged.topic,
        urgency="high",
        matched=(*judged.matched, *reasons),
    )

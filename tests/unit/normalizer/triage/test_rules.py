"""Rules hold when all their conditions do, and everything that holds is a reason."""

from __future__ import annotations

import msgspec
import pytest

from config.rules import shipped_rules
from model.draft import Context, Draft
from model.envelope import Envelope
from model.rules import Rule, Rules
from model.ticket import Fact, Facts, Message, Redaction, Requester, Safety
from normalizer.triage.triage import triage
from tests.support.triage import NOW, chat

MEANINGS = {"theft": ("stolen",), "assets": ("coins", "wallet"), "quiet": ("news",), "angry": ("outrageous",)}
ENVELOPE = Envelope(
    connector="c", channel="chat", account="a", source_id="1", received_at=NOW, raw=b"", size=0, media_type="text/plain"
)


def _draft(text: str, *, quoted: str = "", automated: str | None = None, **changes: object) -> Draft:
    message = Message(
        id="",
        source_id="1",
        received_at=NOW,
        text=text + quoted,
        new_text=text,
        automated=automated,  # type: ignore[arg-type]
    )
    return msgspec.structs.replace(Draft(requester=Requester(id=""), message=message), **changes)


def _fired(draft: Draft, *rules: Rule) -> list[str]:
    digest = repr(rules)
    context = Context(now=NOW, rules=Rules(digest=digest, meanings=MEANINGS, rules=rules))
    return [reason.rule for reason in triage(draft, ENVELOPE, context).triage.matched if reason.rule != "model"]


@pytest.mark.parametrize(
    ("rule", "text", "holds"),
    [
        (Rule(name="r", all=("$theft", "$assets")), "coins stolen", True),
        (Rule(name="r", all=("$theft", "$assets")), "stolen", False),
        (Rule(name="r", any=("nothing", "$assets")), "my wallet", True),
        (Rule(name="r", all=("$theft",), none=("$quiet",)), "stolen, in the news", False),
        (Rule(name="r", all=("$theft", "$assets"), near=10), "stolen are my coins", True),
        (Rule(name="r", all=("$theft", "$assets"), near=10), f"stolen {'x' * 30} coins", False),
        (Rule(name="r", all=("$theft",), none=("$quiet",), near=5), f"stolen {'x' * 30} news", True),
        (Rule(name="r", all=("purple rain",)), "PURPLE  RAIN", True),
        (Rule(name="r", channel=("email",), all=("$theft",)), "stolen", False),
        (Rule(name="r", channel=("chat",)), "anything", True),
        (Rule(name="r", attachments=True), "anything", False),
        (Rule(name="r", attachments=False), "anything", True),
        (Rule(name="r", redacted=True), "anything", False),
        (Rule(name="r", phishing=False), "anything", True),
        (Rule(name="r", facts=("tx_hashes",)), "anything", False),
    ],
)
def test_a_rule_holds_when_its_conditions_do(rule, text, holds):
    """Words together and apart, channel, files, secrets, phishing and facts decide whether a rule holds."""
    assert _fired(_draft(text), rule) == (["r"] if holds else [])


def test_facts_and_secrets_are_conditions():
    """What other steps found in a message can be asked for."""
    facts = Facts(tx_hashes=(Fact(value="0x1"),))
    safety = Safety(redacted=(Redaction(kind="mnemonic", count=1, where="text"),))
    rules = (Rule(name="hash", facts=("tx_hashes",)), Rule(name="secret", redacted=True))

    assert _fired(_draft("hello", facts=facts, safety=safety), *rules) == ["hash", "secret"]


def test_the_highest_urgency_wins_and_all_reasons_are_kept():
    """Of several rules the most urgent says what the message is; every one is shown, with its words."""
    rules = (
        Rule(name="low", all=("$assets",), category="other", topic="other", urgency="low", tags=("a",)),
        Rule(
            name="top", all=("$theft",), category="security", topic="theft", urgency="critical", route="x", tags=("b",)
        ),
    )
    context = Context(now=NOW, rules=Rules(digest="several", meanings=MEANINGS, rules=rules))
    found = triage(_draft("coins stolen"), ENVELOPE, context).triage

    assert (found.category, found.topic, found.urgency, found.lane, found.route) == (
        "security", "theft", "critical", "urgent", "x",
    )  # fmt: skip
    assert found.tags == ("a", "b")
    assert [(each.rule, each.text) for each in found.matched][:2] == [("low", "coins"), ("top", "stolen")]


def test_wording_raises_one_step_but_never_to_critical():
    """Anger makes low normal and normal high; high stays high."""
    found = {}
    for urgency in ("low", "normal", "high"):
        rule = Rule(name="r", all=("bell",), category="how_to", topic="fees", urgency=urgency)
        context = Context(now=NOW, rules=Rules(digest=urgency, meanings=MEANINGS, rules=(rule,)))
        found[urgency] = triage(_draft("bell, outrageous"), ENVELOPE, context).triage.urgency

    assert found == {"low": "normal", "normal": "high", "high": "high"}


@pytest.mark.parametrize("kind", ["auto_reply", "bounce", "feedback_report", "delivery_receipt"])
def test_machines_are_never_critical(kind):
    """What a machine quotes is no emergency, whatever it is."""
    context = Context(now=NOW, rules=shipped_rules())
    found = triage(_draft("all my coins were stolen from my wallet", automated=kind), ENVELOPE, context).triage

    assert (found.urgency, found.lane) == ("low", "bulk")


def test_quoted_history_weighs_less():
    """A theft that only the history tells of makes a message high, and says that it was quoted."""
    context = Context(now=NOW, rules=shipped_rules())
    quoted = "\n> My wallet was hacked and all coins were stolen\n"
    found = triage(_draft("Good morning, any update on this one?", quoted=quoted), ENVELOPE, context).triage

    assert (found.urgency, found.category, found.lane) == ("high", "security", "normal")
    assert any(reason.rule.endswith("(quoted)") for reason in found.matched)


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("余额突然变0了我没操作", "critical"),
        ("勝手に送金されてる", "critical"),
        ("my assets are being stolen", "critical"),
        ("not stolen, just asking", "not critical"),
        ("how do I add a custom token?", "not critical"),
    ],
)
def test_shipped_rules_know_an_emergency(text, urgency):
    """What tells of a theft is critical and urgent, what only names one is not."""
    found = chat(text).triage

    assert (found.urgency == "critical") == (urgency == "critical")
    assert (found.lane == "urgent") == (urgency == "critical")


def test_without_rules_there_is_no_triage():
    """A context without rules leaves a draft as it is."""
    draft = _draft("my coins were stolen")

    assert triage(draft, ENVELOPE, Context(now=NOW)) == draft


def test_rules_travel_to_a_child_process():
    """A context with rules is the same after it was sent."""
    context = Context(now=NOW, rules=shipped_rules())
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(context), type=Context)

    assert sent.rules == context.rules
    assert sent.rules
    assert sent.rules.rules == shipped_rules().rules

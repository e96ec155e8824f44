"""What the configuration tells the normalizer, and the lists that it names."""

from datetime import UTC, datetime

import pytest

from config.loader import load
from config.settings import Config
from fanin.knowledge import read_knowledge
from model.errors import Misconfigured
from normalizer.safety.phishing import verdict


def config(tmp_path, monkeypatch, text):
    """A configuration of this text, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fanin.yaml").write_text(text)
    return load(None, {})


def test_lists_are_read_from_the_files_that_are_named(tmp_path, monkeypatch):
    """Every message is compared with the lists, the own domains and the patterns of the configuration."""
    (tmp_path / "bad.txt").write_text("bad.example\nshop.moonpurse.com\n")
    text = """
facts: {numbers: {order: "W[0-9]{10}"}}
safety: {brands: [Moonpurse], own_domains: [moonpurse.com], phishing_lists: [bad.txt]}
"""
    settings = config(tmp_path, monkeypatch, text)
    knowledge = read_knowledge(settings)
    context = knowledge.context(settings.connectors["drop"], datetime(2026, 3, 1, tzinfo=UTC))

    assert context.number_patterns == (("order", "W[0-9]{10}"),)
    assert context.phishing is not None
    assert verdict("www.bad.example", context.phishing, context.brands) == "blocked"
    assert verdict("shop.moonpurse.com", context.phishing, context.brands) is None
    assert verdict("moonpurse-login.example", context.phishing, context.brands) == "lookalike"


@pytest.mark.parametrize(
    ("content", "text"),
    [(None, r"missing.txt cannot be read: .*correct the path"), ("{", "not a list of eth-phishing-detect")],
)
def test_a_list_that_cannot_be_read_is_named(tmp_path, content, text):
    """The key, the file and what to do are told."""
    if content is not None:
        (tmp_path / "missing.txt").write_text(content)
    settings = Config(safety={"phishing_lists": [str(tmp_path / "missing.txt")]})

    with pytest.raises(Misconfigured, match=rf"^safety.phishing_lists: .*{text}"):
        read_knowledge(settings)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('facts: {numbers: {order: "("}}', "facts.numbers.order: not a regular expression"),
        ('facts: {numbers: {order: "(a+)+"}}', "facts.numbers.order: a group must not be repeated"),
        ("facts: {numbers: {Order: a}}", "a name is made of a-z"),
        ("safety: {brands: [Moonpurse]}", "brands needs it"),
        ("safety: {own_domains: ['https://moonpurse.com']}", "expected a domain"),
    ],
)
def test_a_mistake_is_told_by_its_key(tmp_path, monkeypatch, text, mistake):
    """Patterns that could take for ever, brands without domains and addresses for domains are refused."""
    with pytest.raises(Misconfigured) as refused:
        config(tmp_path, monkeypatch, text)

    assert mistake in str(refused.value)

"""Rules of an operator's own are read with the shipped ones, and mistakes in them are told by line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.loader import load
from config.rules import read_rules, shipped_rules
from model.errors import Misconfigured

ROOT = Path(__file__).parents[3]


def _file(folder: Path, content: str) -> Path:
    file = folder / "rules.yaml"
    file.write_text(content)
    return file


def test_own_rules_add_to_the_shipped_ones(tmp_path):
    """Words join a shipped meaning, a rule of a shipped name takes its place, and the digest tells the sets apart."""
    content = "words: {theft: [slurped]}\nrules: [{name: assets_stolen, all: $theft, urgency: high}]"
    rules = read_rules([_file(tmp_path, content)])

    assert "slurped" in rules.meanings["theft"]
    assert "stolen" in rules.meanings["theft"]
    assert [rule.urgency for rule in rules.rules if rule.name == "assets_stolen"] == ["high"]
    assert len(rules.rules) == len(shipped_rules().rules)
    assert rules != shipped_rules()


def test_shipped_rules_can_be_left_out(tmp_path):
    """Without the shipped rules their words remain."""
    rules = read_rules([_file(tmp_path, "rules: [{name: mine, all: $theft}]")], shipped=False)

    assert [rule.name for rule in rules.rules] == ["mine"]
    assert rules.meanings.keys() == shipped_rules().meanings.keys()


def test_the_example_of_rules_can_be_read():
    """The annotated example is valid."""
    assert {"vip_waits", "payment_with_proof"} <= {
        rule.name for rule in read_rules([ROOT / "config" / "rules.example.yaml"]).rules
    }


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("rules:\n  - name: a\n    al: [x]", ":3: rules[0].al: unknown key; did you mean all?"),
        ("rules:\n  - {name: a, all: [x],\n     urgency: huge}", ":3: rules[0].urgency: expected critical"),
        ("rules:\n  - {name: a, all: [$nothing]}", ":2: rules[0].all[0]: there is no meaning nothing"),
        ("rules:\n  - {name: a, urgency: high}", ":2: rules[0]: has no condition"),
        ("rules:\n  - {name: a, any: [x], near: 5}", ":2: rules[0].near: needs words in all"),
        ("negation: {of: [nothing]}", ":1: negation.of[0]: there is no meaning nothing"),
        ("rules: [", "this is not YAML"),
    ],
)
def test_mistakes_are_told_with_file_and_line(tmp_path, content, told):
    """What is wrong in a file of rules is told with its line, its key and what was expected."""
    file = _file(tmp_path, content)
    with pytest.raises(Misconfigured) as refused:
        read_rules([file])

    assert str(file) in str(refused.value)
    assert told in str(refused.value)


def test_a_mistake_in_rules_is_one_of_the_configuration(tmp_path):
    """The configuration names the key that names the file, and passes on what is wrong in it."""
    file = _file(tmp_path, "rules: [{name: a, al: [x]}]")
    config = tmp_path / "fanin.yaml"
    config.write_text(f"triage: {{rules: [{file}]}}\n")
    with pytest.raises(Misconfigured) as refused:
        load(config, {})

    assert f"{config}:1: triage.rules" in str(refused.value)
    assert f"{file}:1: rules[0].al: unknown key" in str(refused.value)


def test_a_file_that_is_missing_is_named():
    """Rules that cannot be read are told by the name of their file."""
    with pytest.raises(Misconfigured, match=f"cannot read the rules: {os.strerror(2)}"):
        read_rules([Path("nowhere.yaml")])

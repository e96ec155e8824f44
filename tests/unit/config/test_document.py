"""The YAML that is understood."""

import string
from textwrap import dedent

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.document import MAX_BYTES, read_document


def values(text: str, **environ: str):
    document = read_document(dedent(text).encode(), environ)
    assert document.mistakes == []
    return document.values


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("null", None),
        ("", None),
        ("-12", -12),
        ("1.5", 1.5),
        ("yes", "yes"),
        ("on", "on"),
        ("0123", "0123"),
        ("12:30", "12:30"),
        ("1e3", "1e3"),
        ("2026-11-01", "2026-11-01"),
        ('"12"', "12"),
        ("'true'", "true"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
    ],
)
def test_values_have_the_types_of_the_core_schema(written, value):
    """Only true, false, null and decimal numbers are not text: no surprises by `on`, `12:30` or dates."""
    assert values(f"key: {written}") == {"key": value}


def test_keys_are_text():
    """A key is the text that stands there, whatever it looks like."""
    assert values("{1: a, true: b, null: c}") == {"1": "a", "true": "b", "null": "c"}


def test_lines_are_remembered():
    """Each place knows its line: of a value in a mapping, the line of its key."""
    document = read_document(b"a:\n  b:\n    - one\n    - two\n", {})
    assert document.lines == {(): 1, ("a",): 1, ("a", "b"): 2, ("a", "b", 0): 3, ("a", "b", 1): 4}


def test_anchors_and_merged_keys():
    """An alias repeats what its anchor names; `<<` brings in keys that are not given beside it."""
    text = """
        one: &one {a: 1, b: 1}
        two: {b: 2, <<: *one}
        three: {<<: [*one, {b: 3, c: 3}]}
    """
    expected = {"one": {"a": 1, "b": 1}, "two": {"a": 1, "b": 2}, "three": {"a": 1, "b": 1, "c": 3}}
    assert values(text) == expected


def test_variables_are_replaced():
    """`${NAME}` is replaced by a variable, with a default if it is not set or empty, and stays text."""
    text = """
        plain: ${PORT}
        inside: imap.${DOMAIN}.com
        default: ${NOWHERE:-none}
        empty: ${EMPTY:-none}
        nothing: ${EMPTY:-}
        literal: $${PORT} $$ $PORT ${not a name}
    """
    assert values(text, PORT="993", DOMAIN="example", EMPTY="") == {
        "plain": "993",
        "inside": "imap.example.com",
        "default": "none",
        "empty": "none",
        "nothing": "",
        "literal": "${PORT} $$ $PORT ${not a name}",
    }


def test_a_variable_cannot_change_the_structure():
    """What a variable holds is a value, even if it looks like YAML."""
    assert values("key: ${SET}", SET="{a: 1}\nother: 2") == {"key": "{a: 1}\nother: 2"}


def test_a_large_file_is_refused():
    """A file that is too large is not parsed."""
    assert read_document(b"#" * (MAX_BYTES + 1), {}).mistakes == [
        (0, (), "the file is larger than 1024 KiB; is it the right one?")
    ]


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "{a: ",
        "- ",
        "- - ",
        "a:\n- ",
        "'",
        '"',
        "? a\n",
        "&a ",
        "*a ",
        "a: ${a:-",
        "'${a:-",
        "'$${",
        "'${",
        "---\n",
        "!a ",
        "\t",
    ],
)
def test_no_repetition_stalls_it(unit):
    """A file of the largest size that repeats any part of the syntax is read or refused at once."""
    read_document((unit * MAX_BYTES)[:MAX_BYTES].encode(), {})
    read_document(("a: " + unit * MAX_BYTES)[: MAX_BYTES - 1].encode() + unit[:1].encode(), {})


@pytest.mark.parametrize("unit", ["${a:-", "${a", "$${", "${"])
def test_no_repetition_of_variables_stalls_it(unit):
    """A value as long as a file can be, made of beginnings of variables, is read at once."""
    text = unit * (MAX_BYTES // len(unit) - 8)
    assert read_document(f"a: '{text}'".encode(), {}).values == {"a": text.replace("$${", "${")}


@given(st.binary(max_size=200))
@example(b"\xc2\x80")
def test_no_bytes_make_it_raise(content):
    """Whatever the file holds, reading it names mistakes and never raises."""
    read_document(content, {})


@given(st.text(string.ascii_letters + " \n\t:-{}[]&*!|>%@`'\"#?,<$\\~", max_size=80))
def test_no_yaml_makes_it_raise(text):
    """Whatever YAML the file tries, reading it names mistakes and never raises."""
    read_document(text.encode(), {})

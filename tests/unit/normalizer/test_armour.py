"""Texts that PGP programs signed or encrypted in place."""

import time

import pytest

from normalizer.text.armour import without_armour
from normalizer.text.reply import new_text
from tests.unit.normalizer.understood import HEAD, understand

MARK = "-----BEGIN PGP SIGNED MESSAGE-----"
BEGIN = f"{MARK}\nHash: SHA512\n\n"
END = "\n-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCgAdFiEECPbAhaBWEfiz\n=Iqan\n-----END PGP SIGNATURE-----"

INSIDE = f"Hello\n{BEGIN}Inside{END}".replace("\n-", "\n- -")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{BEGIN}Hello{END}\n", "Hello\n"),
        (f"{BEGIN}Hello\n\n- - one\n- -- \nAnn{END}\n", "Hello\n\n- one\n-- \nAnn\n"),
        (f"Above\n{BEGIN}Hello{END}\n\n-- \nA list", "Above\nHello\n\n-- \nA list"),
        (f"{BEGIN}{INSIDE}{END}", "Hello\nInside"),
        (f"{BEGIN}Hello{END}\n{BEGIN}again{END}", "Hello\nagain"),
        (f"{BEGIN}cut off", f"{BEGIN}cut off"),
        (f"{BEGIN}Hello\n-----BEGIN PGP SIGNATURE-----\nVersion: 1\n\niQIzBAEBCgAdFiEECPbAhaBWEfiz", "Hello"),
        (
            f"{BEGIN}Hello\n-----BEGIN PGP SIGNATURE-----\n\niQIz==\n=Iqan\n\nwords below\nit",
            "Hello\n\nwords below\nit",
        ),
        (f"{BEGIN}Hello\n-----BEGIN PGP SIGNATURE-----\nbelow\n{BEGIN}again{END}", "Hello\nbelow\nagain"),
        (f"{MARK}\nHash: SHA256\n \nFirst\n\nsecond{END}", "First\n\nsecond"),
        (f"{MARK}\nHash: SHA256\n\xa0\nFirst\n\nsecond{END}", "First\n\nsecond"),
        (f"{MARK}\nHash: SHA256\nFirst\n\nsecond{END}", "First\n\nsecond"),
        (f"{MARK} my wallet\nhelp\n\nsecond", f"{MARK} my wallet\nhelp\n\nsecond"),
        (f"{MARK} my wallet\nhelp\n\nsecond{END}", f"{MARK} my wallet\nhelp\n\nsecond{END}"),
        (f"> {BEGIN}", f"> {BEGIN}"),
        ("-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNED MESSAGE-----"),
    ],
)
def test_the_armour_of_a_signature_is_no_word_of_the_sender(text, words):
    """What was signed is left, whole."""
    assert without_armour(text) == words


def test_a_signed_answer_below_a_quotation_is_the_new_text():
    """The armour above the quotation is not what the sender wrote."""
    text = f"{BEGIN}On 2 Mar 2026, at 10:15, Support <help@example.org> wrote:\n> How?\n\nLike this.{END}\n"
    assert new_text(text) == "Like this."


def test_an_encrypted_text_says_so():
    """The agent knows why there is nothing to read."""
    text = "-----BEGIN PGP MESSAGE-----\n\nhQEMAwzOQ1qnzNo7\n-----END PGP MESSAGE-----\n"
    message = understand(HEAD + b"\r\n" + text.encode()).message
    assert message.text == f"{text}\n\n[A part of this message is encrypted and could not be read here.]"


def test_signatures_take_bounded_time():
    """However many there are."""
    start = time.thread_time()
    without_armour(f"{BEGIN}Hello{END}\n" * 20_000)
    assert time.thread_time() - start < 1

"""Who a customer is: proven identities share a conversation, claims and wrong proofs open nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

SECRET = "s" * 40
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = (
    KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)
BY_HASH = {"identity_secret": SECRET}
BY_TOKEN = {"jwt": {"algorithm": "ES256", "key": PUBLIC, "audience": "fanin"}}


def _hash(user: str) -> str:
    return hmac.new(SECRET.encode(), user.encode(), hashlib.sha256).hexdigest()


def _token(**claims: object) -> str:
    return jwt.encode({"sub": "alice", "aud": "fanin", "exp": time.time() + 300, **claims}, KEY, "ES256")


def _unsigned(header: dict[str, str], claims: dict[str, object]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, ""])


async def test_a_proven_identity_joins_the_open_conversation(start):
    """A second device of a proven user sees what the first one said, and answers in the same conversation."""
    _, customer = await start(**BY_HASH)
    proof = {"user_id": "alice", "user_hash": _hash("alice")}
    phone, desktop = await customer(identity=proof), await customer(identity=proof)
    _, first = await phone.post("from my phone")
    _, second = await desktop.post("from my desk")
    assert (first["tracking_number"], second["seq"]) == (second["tracking_number"], 2)
    _, history = await phone.history()
    assert [said["text"] for said in history["messages"]] == ["from my phone", "from my desk"]


async def test_a_claim_joins_nothing(start):
    """Who merely says to be somebody has a conversation of its own, and the ticket says so."""
    app, customer = await start(**BY_HASH)
    alice = await customer(identity={"user_id": "alice", "user_hash": _hash("alice")})
    mallory = await customer(identity={"user_id": "alice", "email": "alice@example.com"})
    _, first = await alice.post("mine")
    _, second = await mallory.post("mine too")
    assert first["tracking_number"] != second["tracking_number"]
    assert second["seq"] == 1
    [event] = await app.store.events(await app.store.find_conversation(second["tracking_number"]), 0)
    assert [one.verified for one in event.data.requester.identities] == [False, False]
    assert event.data.facts.app["claimed_user"] == "alice"


async def test_an_ended_conversation_is_not_joined(start):
    """After a proven user ended the session, the next one begins a conversation of its own, and the token is void."""
    _, customer = await start(**BY_HASH)
    proof = {"user_id": "alice", "user_hash": _hash("alice")}
    one = await customer(identity=proof)
    _, first = await one.post("done")
    async with one.http.delete(f"{one.base}/sessions/{one.session_id}", headers=one.authorization) as answer:
        assert answer.status == 204
    assert (await one.post("again"))[0] == 401
    _, second = await (await customer(identity=proof)).post("something else")
    assert first["tracking_number"] != second["tracking_number"]


async def test_an_anonymous_conversation_goes_on_when_the_user_signs_in(start):
    """The token of an anonymous session carries its conversation over to the proven user, once."""
    _, customer = await start(**BY_TOKEN)
    anonymous = await customer()
    _, first = await anonymous.post("hello?")
    signed_in = await customer(identity={"jwt": _token(name="Alice")}, continues=anonymous.token)
    _, second = await signed_in.post("it is me")
    assert (second["tracking_number"], second["seq"]) == (first["tracking_number"], 2)
    assert (await anonymous.history())[0] == 401


async def test_a_token_says_who_it_is(start):
    """The claims of a token are proven, those beside it are not taken."""
    app, customer = await start(**BY_TOKEN)
    token = _token(name="Alice", email="Alice@Example.com", phone_number="+49 30 1234567", locale="zh-Hant")
    one = await customer(identity={"jwt": token, "user_id": "bob", "email": "bob@example.com"})
    _, done = await one.post("1")
    [event] = await app.store.events(await app.store.find_conversation(done["tracking_number"]), 0)
    who = event.data.requester
    assert [(one.kind, one.value, one.verified) for one in who.identities] == [
        ("chat", "alice", True),
        ("email", "alice@example.com", True),
        ("phone", "+49 30 1234567", True),
    ]
    assert (who.name, who.language) == ("Alice", "zh-Hant")


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_PUBLIC = (
    RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)


@pytest.mark.parametrize(
    ("algorithm", "private", "public"),
    [("HS256", SECRET, SECRET), ("RS256", RSA, RSA_PUBLIC), ("ES256", KEY, PUBLIC)],
    ids=["HS256", "RS256", "ES256"],
)
async def test_each_algorithm_proves_its_own_tokens_alone(start, algorithm, private, public):
    """A token of the configured algorithm and key is taken; the same claims signed in another way are not."""
    _, customer = await start(jwt={"algorithm": algorithm, "key": public, "audience": "fanin"})
    claims = {"sub": "alice", "aud": "fanin", "exp": time.time() + 300}
    one = await customer(opened=False)
    status, opened = await one.open(identity={"jwt": jwt.encode(claims, private, algorithm)})
    assert (status, opened["verified"]) == (201, True)
    for other, key in {"HS256": SECRET, "RS256": RSA, "ES256": KEY}.items():
        if other != algorithm:
            status, problem = await one.open(identity={"jwt": jwt.encode(claims, key, other)})
            assert (status, problem["code"]) == (401, "identity_refused")


def _signed_with_the_public_key() -> str:
    """The confusion of algorithms: the public key, which anybody has, used as the secret of an HMAC."""
    part = _unsigned({"alg": "HS256", "typ": "JWT"}, {"sub": "alice", "aud": "fanin", "exp": time.time() + 300})[:-1]
    digest = hmac.new(PUBLIC.encode(), part.encode(), hashlib.sha256).digest()
    return f"{part}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "make",
    [
        lambda: _token(exp=time.time() - 60),
        lambda: _token(exp=time.time() + 30 * 86400),
        lambda: _token(exp=str(int(time.time()) + 30 * 86400)),
        lambda: _token(aud="somebody else"),
        lambda: jwt.encode({"sub": "alice", "aud": "fanin"}, KEY, "ES256"),
        lambda: jwt.encode({"aud": "fanin", "exp": time.time() + 300}, KEY, "ES256"),
        lambda: _token()[:-4] + "AAAA",
        lambda: _unsigned({"alg": "none"}, {"sub": "alice", "aud": "fanin", "exp": time.time() + 300}),
        _signed_with_the_public_key,
        lambda: jwt.encode(
            {"sub": "alice", "aud": "fanin", "exp": time.time() + 300}, ec.generate_private_key(ec.SECP256R1()), "ES256"
        ),
        lambda: "no token",
    ],
    ids=[
        "expired",
        "for a month",
        "for a month, as a text",
        "of another",
        "no exp",
        "no sub",
        "changed",
        "none",
        "HS256",
        "other key",
        "text",
    ],
)
async def test_a_wrong_token_is_refused(start, make):
    """A token that proves nothing opens no session, not even an anonymous one."""
    _, customer = await start(**BY_TOKEN)
    status, problem = await (await customer(opened=False)).open(identity={"jwt": make()})
    assert (status, problem["code"]) == (401, "identity_refused")


async def test_a_proof_with_an_id_is_taken_once(start):
    """A token with a jti that somebody has seen opens no second session."""
    _, customer = await start(**BY_TOKEN)
    token = _token(jti=str(uuid.uuid4()))
    await customer(identity={"jwt": token})
    status, problem = await (await customer(opened=False)).open(identity={"jwt": token})
    assert (status, problem["code"]) == (401, "identity_refused")


async def test_a_signature_of_one_user_is_none_of_another(start):
    """The hash of one user's id does not open a session of another, nor does a hash without an id that is one line."""
    _, customer = await start(**BY_HASH)
    for identity in (
        {"user_id": "alice", "user_hash": _hash("mallory")},
        {"user_hash": _hash("alice")},
        {"user_id": "al\r\nice", "user_hash": _hash("al\r\nice")},
    ):
        status, problem = await (await customer(opened=False)).open(identity=identity)
        assert (status, problem["code"]) == (401, "identity_refused")


async def test_a_chat_may_ask_for_an_identity(start):
    """Where anonymous customers are not let in, a session needs a proof."""
    _, customer = await start(anonymous=False, **BY_HASH)
    status, problem = await (await customer(opened=False)).open(identity={"user_id": "alice"})
    assert (status, problem["code"]) == (401, "identity_refused")
    await customer(identity={"user_id": "alice", "user_hash": _hash("alice")})

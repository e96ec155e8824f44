"""Who we are on X: the account's handle and name, which others may copy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.base import State
from connectors.budget import Budget
from connectors.imitation import Ours
from connectors.x.client import Answer, Client
from connectors.x.errors import Refused
from connectors.x.message import Account, text
from connectors.x.settings import XSettings
from model.clock import Clock
from model.errors import Transient
from model.json import Json

KEY = "account"
FRESH = timedelta(days=1)
"""How long handle and name are taken for what they are: X takes money for each look."""


async def ours(settings: XSettings, client: Client, budget: Budget, clock: Clock, state: State) -> Account:
    """The account with its handle and name, and the configured names.

    Where X cannot be asked now, the configured names alone.  Raises CredentialsRejected.
    """
    try:
        known = await profile(settings, client, budget, clock, state)
    except (Transient, Refused):
        known = {}
    handles, names = [known.get("username", "")], [known.get("name", ""), *settings.names]
    ids = frozenset({settings.user_id})
    return Account(id=settings.user_id, ours=Ours(ids, tuple(filter(None, handles)), tuple(filter(None, names))))


async def profile(settings: XSettings, client: Client, budget: Budget, clock: Clock, state: State) -> Mapping[str, Any]:
    """Id, handle (`username`) and name of the account, asked for once a day; empty where X knows no such account.

    Raises CredentialsRejected, Transient or Refused.
    """
    stored = await state.get(KEY)
    if stored is not None and isinstance(stored[0], dict) and stored[0].get("id") == settings.user_id:
        return stored[0]
    await budget.hold(state, KEY, settings.prices.user)
    answer: Answer = await client.get_user(id=settings.user_id, user_fields="name,username", user_auth=False)
    await budget.settle(state, KEY, settings.prices.user)
    user = answer.body.get("data")
    if not isinstance(user, Mapping):
        return {}
    kept: dict[str, Json] = {name: text(user, name) for name in ("id", "username", "name")}
    await state.put(KEY, kept, version=stored[1] if stored else None, expires=clock.now() + FRESH)
    return kept

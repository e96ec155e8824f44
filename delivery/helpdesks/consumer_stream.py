"""Events in a Redis stream with a consumer group (https://redis.io/docs/latest/develop/data-types/streams/).

An entry has the fields `id` and `event`, and `options` where the route has some.  It counts as acknowledged
when it is there, was given to a consumer of the group, and is not pending any more.  That it is absent says
nothing: a server that was wiped or lost its last second would look the same.  So fanin alone removes entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from model.event import Event
from model.json import Json
from model.ticket import Lane

SOME = 200
"""How many entries are looked at together."""


class Stream:
    """One stream for each lane; beside it `:entries`, a hash of event id to entry."""

    def __init__(self, keys: Mapping[Lane, str], group: str) -> None:
        self._keys, self._group = keys, group

    def put(self, lane: Lane, event: Event, options: Mapping[str, Json]) -> tuple[str, list[str], list[str | bytes]]:
        """Add an entry unless the event has one."""
        fields: list[str | bytes] = ["id", event.id, "event", msgspec.json.encode(event)]
        if options:
            fields += ["options", msgspec.json.encode(options)]
        return _PUT, self._both(lane), [self._group, event.id, *fields]

    def acknowledged(self, lane: Lane, place: str) -> tuple[str, list[str], list[str | bytes]]:
        """Entries that were given out and are not pending; they cannot fail."""
        return _ACKNOWLEDGED, [self._keys[lane]], [self._group, place or "-", str(SOME)]

    def forget(self, lane: Lane, events: Sequence[str]) -> tuple[str, list[str], list[str | bytes]]:
        """Remove the entries of the events."""
        return _FORGET, self._both(lane), list(events)

    def missing(self, lane: Lane, events: Sequence[str]) -> tuple[str, list[str], list[str | bytes]]:
        """Events that have no entry."""
        return _MISSING, self._both(lane), list(events)

    def _both(self, lane: Lane) -> list[str]:
        return [self._keys[lane], f"{self._keys[lane]}:entries"]


_PUT = """
local entry = redis.call('HGET', KEYS[2], ARGV[2])
if entry and #redis.call('XRANGE', KEYS[1], entry, entry) == 1 then return 0 end
redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
redis.call('HSET', KEYS[2], ARGV[2], redis.call('XADD', KEYS[1], '*', unpack(ARGV, 3)))
return 1
"""
_ACKNOWLEDGED = """
if redis.call('EXISTS', KEYS[1]) == 0 then return {'', {}} end
local last
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local known = {}
  for i = 1, #group, 2 do known[group[i]] = group[i + 1] end
  if known['name'] == ARGV[1] then last = known['last-delivered-id'] end
end
if not last then return {'', {}} end
local found, place, wanted = {}, '', tonumber(ARGV[3])
local entries = redis.call('XRANGE', KEYS[1], ARGV[2], last, 'COUNT', wanted)
for _, entry in ipairs(entries) do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], entry[1], entry[1], 1) == 0 then
    found[#found + 1] = {entry[2][2], ''}
  end
end
if #entries == wanted then place = '(' .. entries[wanted][1] end
return {place, found}
"""
_FORGET = """
for _, event in ipairs(ARGV) do
  local entry = redis.call('HGET', KEYS[2], event)
  if entry then
    redis.call('XDEL', KEYS[1], entry)
    redis.call('HDEL', KEYS[2], event)
  end
end
return 0
"""
_MISSING = """
local lost = {}
for _, event in ipairs(ARGV) do
  local entry = redis.call('HGET', KEYS[2], event)
  if not entry or #redis.call('XRANGE', KEYS[1], entry, entry) == 0 then lost[#lost + 1] = event end
end
return lost
"""

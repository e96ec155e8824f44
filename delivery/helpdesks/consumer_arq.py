"""Events as jobs of arq (https://arq-docs.helpmanuel.com, version 0.28) for a worker that is not ours.

The function is `deliver(context, event, options)`, the job's id `EVENT.HELPDESK`, everything JSON.  A job that
has left its queue was finished, and its result says how: the other side keeps results for an hour or more.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import msgspec

from model.event import Event
from model.json import Json
from model.ticket import Lane

FUNCTION = "deliver"
EXPIRY = 30 * 24 * 3600 * 1000
"""Milliseconds for which a job waits; one that has expired fails."""

SOME = 200
"""How many jobs are looked at together."""


class ArqJobs:
    """One arq queue for each lane; beside it `:handed`, a sorted set of what was put there."""

    def __init__(self, helpdesk: str, keys: Mapping[Lane, str]) -> None:
        self._helpdesk, self._keys = helpdesk, keys

    def put(self, lane: Lane, event: Event, options: Mapping[str, Json]) -> tuple[str, list[str], list[str | bytes]]:
        """Add a job unless the event has one, or has succeeded."""
        now = str(int(time.time() * 1000))
        body = msgspec.json.encode({"t": None, "f": FUNCTION, "a": [event, dict(options)], "k": {}, "et": int(now)})
        return _PUT, self._both(lane), [event.id, f".{self._helpdesk}", now, body, str(EXPIRY)]

    def acknowledged(self, lane: Lane, place: str) -> tuple[str, list[str], list[str | bytes]]:
        """Jobs that have left the queue with a result; oldest first, as arq takes them."""
        return _ACKNOWLEDGED, self._both(lane), [f".{self._helpdesk}", place or "0", str(SOME)]

    def forget(self, lane: Lane, events: Sequence[str]) -> tuple[str, list[str], list[str | bytes]]:
        """Remove the events from what was put there; the result is the other side's."""
        return _FORGET, self._both(lane), list(events)

    def missing(self, lane: Lane, events: Sequence[str]) -> tuple[str, list[str], list[str | bytes]]:
        """Events that have neither a job in the queue nor a result."""
        return _MISSING, self._both(lane), [f".{self._helpdesk}", *events]

    def _both(self, lane: Lane) -> list[str]:
        return [self._keys[lane], f"{self._keys[lane]}:handed"]


# How a result ended: '' for success, else why not.  One that is no JSON was written with another serializer.
_RESULT = """
local function outcome(result)
  local read, value = pcall(cjson.decode, result)
  if not read or type(value) ~= 'table' then return 'the result is no JSON: set job_serializer to JSON' end
  if value['s'] == true then return '' end
  return 'the consumer failed: ' .. string.sub(tostring(value['r']), 1, 200)
end
"""
_PUT = (
    _RESULT
    + """
local id = ARGV[1] .. ARGV[2]
local result = redis.call('GET', 'arq:result:' .. id)
if result and outcome(result) == '' then
  redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[1])
  return 0
end
if redis.call('EXISTS', 'arq:job:' .. id) == 1 and redis.call('ZSCORE', KEYS[1], id) then
  redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[1])
  return 0
end
redis.call('DEL', 'arq:result:' .. id, 'arq:retry:' .. id)
redis.call('SET', 'arq:job:' .. id, ARGV[4], 'PX', ARGV[5])
redis.call('ZADD', KEYS[1], ARGV[3], id)
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return 1
"""
)
_ACKNOWLEDGED = (
    _RESULT
    + """
local found, finished, start, wanted = {}, 0, tonumber(ARGV[2]), tonumber(ARGV[3])
local handed = redis.call('ZRANGE', KEYS[2], start, start + wanted - 1)
for _, event in ipairs(handed) do
  local id = event .. ARGV[1]
  if not redis.call('ZSCORE', KEYS[1], id) then
    finished = finished + 1
    local result = redis.call('GET', 'arq:result:' .. id)
    if result then found[#found + 1] = {event, outcome(result)} end
  end
end
-- Jobs are taken in their order: behind a stretch of which none is finished there is nothing to look for.
if finished == 0 or #handed < wanted then return {'', found} end
return {tostring(start + wanted), found}
"""
)
_FORGET = """
for _, event in ipairs(ARGV) do redis.call('ZREM', KEYS[2], event) end
return 0
"""
_MISSING = """
local lost = {}
for i = 2, #ARGV do
  local id = ARGV[i] .. ARGV[1]
  local known = redis.call('ZSCORE', KEYS[1], id) or redis.call('EXISTS', 'arq:result:' .. id) == 1
  if not known or not redis.call('ZSCORE', KEYS[2], ARGV[i]) then lost[#lost + 1] = ARGV[i] end
end
return lost
"""

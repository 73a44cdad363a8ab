#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

/// What Redis executes as one step: the compares that make a repeated, late or stale send harmless.
/// Texts are Lua, so they stand here whole; `redis_journal.cpp` and `redis_ledger.cpp` are the only callers.
namespace wutong::persistence {

enum class Script : std::size_t { append, flush, lease, log_size, walk };

/// KEYS: head, log. ARGV: expected head, new head, entry id, batch. Answers the head that stands.
/// The XADD comes first: when it is refused nothing is written, and the head stays.
inline constexpr std::string_view append_script = R"lua(
local head = redis.call('GET', KEYS[1])
if not head then return redis.error_reply('NOSTORE no head') end
if head ~= ARGV[1] then return head end
redis.call('XADD', KEYS[2], ARGV[3], 'b', ARGV[4])
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]
)lua";

/// KEYS: head, mark, months of the book, one per snapshot, one per identity, one per history or order
/// book append.
/// ARGV: epoch, writer, highest sequence, expected mark, new mark, number of snapshots, of identities,
/// of months; each snapshot; each identity's claim, empty where it goes; each month that the book's
/// appends are of; then of each append its bytes and its expiry in Unix ms (0: kept for ever; with an
/// asterisk behind it: it stands as it is, unless the key is new).
/// Answers done, fenced, ahead or other.
/// Sequences are compared as text, since a Lua number holds only 53 bits. The first write may be
/// refused for want of memory; Redis refuses none that follows in the same script.
inline constexpr std::string_view flush_script = R"lua(
local head = redis.call('GET', KEYS[1])
local mark = redis.call('GET', KEYS[2])
if not head or not mark then return redis.error_reply('NOSTORE no head or no mark') end
local epoch, sequence, writer = string.match(head, '^(%d+)%-(%d+) (.*)$')
if epoch ~= ARGV[1] or writer ~= ARGV[2] then return 'fenced' end
local highest = ARGV[3]
if #sequence < #highest or (#sequence == #highest and sequence < highest) then return 'ahead' end
if mark == ARGV[5] then return 'done' end
if mark ~= ARGV[4] then return 'other' end
local snapshots, identities, months = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
for i = 1, snapshots do redis.call('SET', KEYS[3 + i], ARGV[8 + i]) end
local key, argument = 3 + snapshots, 8 + snapshots
for i = 1, identities do
  if ARGV[argument + i] == '' then
    redis.call('DEL', KEYS[key + i])
  else
    redis.call('SET', KEYS[key + i], ARGV[argument + i])
  end
end
key, argument = key + identities, argument + identities
for i = 1, months do redis.call('SADD', KEYS[3], ARGV[argument + i]) end
argument = argument + months + 1
for i = key + 1, #KEYS do
  local bytes, expire_at = ARGV[argument], ARGV[argument + 1]
  local stands = string.byte(expire_at, -1) == 42
  if stands then expire_at = string.sub(expire_at, 1, -2) end
  local length = redis.call('APPEND', KEYS[i], bytes)
  if expire_at == '0' then
    redis.call('PERSIST', KEYS[i])
  elseif length == #bytes then
    redis.call('PEXPIREAT', KEYS[i], expire_at)
  elseif not stands then
    redis.call('PEXPIREAT', KEYS[i], expire_at, 'GT')
  end
  argument = argument + 2
end
redis.call('SET', KEYS[2], ARGV[5])
return 'done'
)lua";

/// KEYS: lease. ARGV: renew, read or release; owner; number of the call; ms to live.
/// Answers {who holds it, ms that remain, number of the last renewal}. One that ran out keeps its
/// owner's name and 0 ms until another takes it, so that it can be told from one that was released.
/// The number of a call grows: a release that was stuck on its way must not undo a later renewal.
inline constexpr std::string_view lease_script = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ms, number, holder =
  string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+) (.*)$')
if not holder then until_ms, number, holder = 0, 0, '' end
local remaining = math.max(0, until_ms - now)
local stale = tonumber(ARGV[3]) < tonumber(number)
if ARGV[1] == 'renew' and ((holder == ARGV[2] and not stale) or remaining == 0) then
  redis.call('SET', KEYS[1], string.format('%.0f %s %s', now + ARGV[4], ARGV[3], ARGV[2]))
  return {ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[3])}
end
if ARGV[1] == 'release' and holder == ARGV[2] and not stale then
  redis.call('DEL', KEYS[1])
  return {'', 0, 0}
end
return {holder, remaining, tonumber(number)}
)lua";

/// KEYS: log. Answers {entries, bytes}, exact, by walking the stream's nodes: about a millisecond
/// per ten thousand. Sampling would take the oldest entries for all, and those are often the small
/// ones.
inline constexpr std::string_view log_size_script = R"lua(
return {redis.call('XLEN', KEYS[1]), redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 0) or 0}
)lua";

/// ARGV: cursor, pattern of the snapshots' keys, keys to look at, bytes of each snapshot.
/// Answers {next cursor, {key, its first bytes, key, …}}. One script, since a command a snapshot would
/// cost as much time here and more on the way. Looks at whatever keys there are, as SCAN does, and writes
/// nothing.
inline constexpr std::string_view walk_script = R"lua(
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local beginnings = {}
for _, key in ipairs(page[2]) do
  beginnings[#beginnings + 1] = key
  beginnings[#beginnings + 1] = redis.call('GETRANGE', key, 0, ARGV[4] - 1)
end
return {page[1], beginnings}
)lua";

inline constexpr std::size_t script_count = 5;

/// In the order of `Script`.
inline constexpr std::array<std::string_view, script_count> script_texts = {
    append_script, flush_script, lease_script, log_size_script, walk_script};

/// Their names for EVALSHA, as the server told them on opening.
using ScriptNames = std::array<std::string, script_count>;

}  // namespace wutong::persistence

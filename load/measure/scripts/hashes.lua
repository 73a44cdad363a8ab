-- The checkout, written as it is written most often: a member is a hash of its fields, an order is a string
-- that ends with the retention, events go to a stream.
--
-- KEYS: the order's key, the member's, the stream of events.
-- ARGV: the content (member, when, amount, points to use: what a known order is compared by), the amount, the points
-- to use, when in Unix milliseconds, the business day, the last day of what is earned, the most that is earned in a
-- day, the most orders in ten minutes. Days are counted from the epoch. Answers as load/measure/checkout_rules.py
-- has it.
local content, amount, use = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local minute, today, ends = math.floor(ARGV[4] / 60000), tonumber(ARGV[5]), ARGV[6]
local cap, orders_max = tonumber(ARGV[7]), tonumber(ARGV[8])
local order, member, events = KEYS[1], KEYS[2], KEYS[3]

local known = redis.call('GET', order)
if known then
  local separator = string.find(known, '|', 1, true)
  local before = string.sub(known, 1, separator - 1)
  if before == content then return 'known ' .. string.sub(known, separator + 1) end
  local names = {'member', 'occurred_at', 'amount', 'points'}
  local had, has = string.gmatch(before, '%S+'), string.gmatch(content, '%S+')
  for index = 1, #names do
    if had() ~= has() then return 'refused ' .. names[index] end
  end
end

local fields = redis.call('HMGET', member, 'available', 'first_ends', 'day', 'earned', 'minute', 'm' .. minute,
  'm' .. minute - 1, 'm' .. minute - 2, 'm' .. minute - 3, 'm' .. minute - 4, 'm' .. minute - 5,
  'm' .. minute - 6, 'm' .. minute - 7, 'm' .. minute - 8, 'm' .. minute - 9)
local available, first_ends = tonumber(fields[1] or 0), tonumber(fields[2])
local earned_today = tonumber(fields[3]) == today and tonumber(fields[4]) or 0
local orders = 0
for index = 6, 15 do orders = orders + (fields[index] or 0) end

-- In burn order; only asked for where something ends or is used.
local function lots()
  local found, all = {}, redis.call('HGETALL', member)
  for index = 1, #all, 2 do
    local last_day = string.match(all[index], '^lot:(%d+)$')
    if last_day then found[#found + 1] = {tonumber(last_day), tonumber(all[index + 1])} end
  end
  table.sort(found, function(a, b) return a[1] < b[1] end)
  return found
end

local gone = 0
if first_ends and first_ends < today then
  first_ends = nil
  for _, lot in ipairs(lots()) do
    if lot[1] < today then
      gone = gone + lot[2]
      redis.call('HDEL', member, 'lot:' .. lot[1])
    else
      first_ends = first_ends or lot[1]
    end
  end
  available = available - gone
  redis.call('HSET', member, 'available', available, 'first_ends', first_ends or ends)
end

if use > 0 then
  if use % 100 ~= 0 then return 'refused steps' end
  if use > available then return 'refused balance' end
  if use * 3 > amount * 15 / 100 then return 'refused share' end
end

local outcome, earned = 'done', math.floor((amount - use * 3) / 1000)
if orders + 1 > orders_max then
  outcome, earned, use = 'declined', 0, 0
else
  earned = math.max(0, math.min(earned, cap - earned_today))
  local left = use
  if left > 0 then
    for _, lot in ipairs(lots()) do
      local taken = math.min(left, lot[2])
      left = left - taken
      if taken == lot[2] then
        redis.call('HDEL', member, 'lot:' .. lot[1])
      else
        if taken > 0 then redis.call('HINCRBY', member, 'lot:' .. lot[1], -taken) end
        first_ends = lot[1]
        break
      end
    end
  end
  if earned > 0 then redis.call('HINCRBY', member, 'lot:' .. ends, earned) end
  available = available + earned - use
  redis.call('HSET', member, 'available', available, 'day', today, 'earned', earned_today + earned,
    'first_ends', math.min(first_ends or ends, ends), 'minute', minute)
  redis.call('HINCRBY', member, 'm' .. minute, 1)
  local last = tonumber(fields[5])
  if last and last < minute then
    for past = last - 9, math.min(last, minute - 10) do redis.call('HDEL', member, 'm' .. past) end
  end
end

local receipt = outcome .. ' ' .. earned .. ' ' .. use .. ' ' .. available
redis.call('SET', order, content .. '|' .. receipt, 'EX', '3024000')
redis.call('XADD', events, '*', 'order', order, 'content', content, 'receipt', receipt, 'expired', gone)
return 'new ' .. receipt

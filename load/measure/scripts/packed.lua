-- The checkout with a member's whole state as one packed string, so that it is read and written by one command
-- each. Given and answers what hashes.lua does.
local content, amount, use = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local minute, today, ends = math.floor(ARGV[4] / 60000), tonumber(ARGV[5]), tonumber(ARGV[6])
local cap, orders_max = tonumber(ARGV[7]), tonumber(ARGV[8])

local known = redis.call('GET', KEYS[1])
if known then
  local before, receipt = unpack(cmsgpack.unpack(known))
  if before == content then return 'known ' .. receipt end
  local had, has = string.gmatch(before, '%S+'), string.gmatch(content, '%S+')
  for _, name in ipairs({'member', 'occurred_at', 'amount', 'points'}) do
    if had() ~= has() then return 'refused ' .. name end
  end
end

-- The business day and what was earned on it; lots in burn order, each its last day and its points; the minutes
-- with orders, oldest first, each with how many.
local day, earned_today, lots, minutes = today, 0, {}, {}
local state = redis.call('GET', KEYS[2])
if state then
  day, earned_today, lots, minutes = unpack(cmsgpack.unpack(state))
  if day ~= today then day, earned_today = today, 0 end
end
local gone, available, orders = 0, 0, 0
while lots[1] and lots[1] < today do
  gone = gone + lots[2]
  table.remove(lots, 1)
  table.remove(lots, 1)
end
while minutes[1] and minutes[1] <= minute - 10 do
  table.remove(minutes, 1)
  table.remove(minutes, 1)
end
for index = 2, #lots, 2 do available = available + lots[index] end
for index = 2, #minutes, 2 do orders = orders + minutes[index] end

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
  earned_today = earned_today + earned
  available = available + earned - use
  local left = use
  while left > 0 do
    local taken = math.min(left, lots[2])
    left = left - taken
    lots[2] = lots[2] - taken
    if lots[2] == 0 then
      table.remove(lots, 1)
      table.remove(lots, 1)
    end
  end
  if earned > 0 then
    local place = 1
    while lots[place] and lots[place] < ends do place = place + 2 end
    if lots[place] == ends then
      lots[place + 1] = lots[place + 1] + earned
    else
      table.insert(lots, place, earned)
      table.insert(lots, place, ends)
    end
  end
  local count = #minutes
  if count > 0 and minutes[count - 1] == minute then
    minutes[count] = minutes[count] + 1
  else
    minutes[count + 1], minutes[count + 2] = minute, 1
  end
end
local receipt = outcome .. ' ' .. earned .. ' ' .. use .. ' ' .. available
redis.call('SET', KEYS[1], cmsgpack.pack({content, receipt}), 'EX', '3024000')
redis.call('SET', KEYS[2], cmsgpack.pack({day, earned_today, lots, minutes}))
redis.call('XADD', KEYS[3], '*', 'event', cmsgpack.pack({KEYS[1], content, receipt, gone}))
return 'new ' .. receipt

-- The checkout with as little work as it can be done with: a member is one string of fixed numbers and its lots,
-- the usual case (one lot, which goes on) touches no table, and the order's key is looked up and written by one
-- command. Orders in ten minutes are the running ten minutes and a share of those before, which is two numbers and
-- not ten. Given and answers what hashes.lua does.
local call, floor = redis.call, math.floor
local content, amount, use = ARGV[1], ARGV[2] + 0, ARGV[3] + 0
local now, today, ends = ARGV[4] + 0, ARGV[5] + 0, ARGV[6] + 0
local window = floor(now / 600000)

-- Day, earned on it, window, orders in it and in the one before; then lots in burn order: last day and points.
local day, earned_today, at, orders, orders_before = today, 0, window, 0, 0
local lot_ends, lot_points, lots = ends, 0, nil
local available, gone = 0, 0
local state = call('GET', KEYS[2])
if state then
  day, earned_today, at, orders, orders_before, lot_ends, lot_points = struct.unpack('<I4I4I4I4I4I4I4', state)
  if day ~= today then earned_today = 0 end
  if at ~= window then
    orders_before = at == window - 1 and orders or 0
    orders = 0
  end
  available = lot_points
  if #state > 28 or lot_ends ~= ends or use > 0 then
    lots, available = {}, 0
    for place = 21, #state, 8 do
      local last_day, points = struct.unpack('<I4I4', state, place)
      if last_day < today then
        gone = gone + points
      elseif points > 0 then
        lots[#lots + 1] = {last_day, points}
        available = available + points
      end
    end
  end
end

local outcome, earned = 'done ', floor((amount - use * 3) / 1000)
local refusal
if use > 0 then
  if use % 100 ~= 0 then refusal = 'refused steps'
  elseif use > available then refusal = 'refused balance'
  elseif use * 3 > amount * 15 / 100 then refusal = 'refused share' end
end
if orders + floor(orders_before * (600000 - now % 600000) / 600000) >= ARGV[8] + 0 then
  outcome, earned, use = 'declined ', 0, 0
elseif earned > ARGV[7] - earned_today then
  earned = ARGV[7] - earned_today
  if earned < 0 then earned = 0 end
end

local receipt = outcome .. earned .. ' ' .. use .. ' ' .. available + earned - use
local known
if refusal then
  known = call('GET', KEYS[1])
  if not known then return refusal end
else
  known = call('SET', KEYS[1], content .. '|' .. receipt, 'EX', '3024000', 'NX', 'GET')
end
if known then
  local separator = string.find(known, '|', 1, true)
  if string.sub(known, 1, separator - 1) == content then return 'known ' .. string.sub(known, separator + 1) end
  local had, has = string.gmatch(known, '[^ |]+'), string.gmatch(content, '%S+')
  for _, name in ipairs({'member', 'occurred_at', 'amount', 'points'}) do
    if had() ~= has() then return 'refused ' .. name end
  end
end

if outcome == 'done ' then
  orders = orders + 1
  if lots then
    while use > 0 do
      local lot = lots[1]
      local taken = math.min(use, lot[2])
      use, lot[2] = use - taken, lot[2] - taken
      if lot[2] == 0 then table.remove(lots, 1) end
    end
    local place = 1
    while lots[place] and lots[place][1] < ends do place = place + 1 end
    if lots[place] and lots[place][1] == ends then
      lots[place][2] = lots[place][2] + earned
    else
      table.insert(lots, place, {ends, earned})
    end
    state = struct.pack('<I4I4I4I4I4', today, earned_today + earned, window, orders, orders_before)
    for _, lot in ipairs(lots) do state = state .. struct.pack('<I4I4', lot[1], lot[2]) end
  else
    state = struct.pack('<I4I4I4I4I4I4I4', today, earned_today + earned, window, orders, orders_before, ends,
      lot_points + earned)
  end
  call('SET', KEYS[2], state)
end
call('XADD', KEYS[3], '*', KEYS[1], content .. '|' .. receipt .. ' ' .. gone)
return 'new ' .. receipt

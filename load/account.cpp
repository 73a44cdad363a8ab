#include "load/account.h"

#include <absl/numeric/int128.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace wutong::load {
namespace {

/// floor(whole × part / of), and nothing of nothing.
std::int64_t floor_share(std::int64_t whole, std::int64_t part, std::int64_t of) {
  if (of == 0) return 0;
  return static_cast<std::int64_t>(absl::int128(whole) * part / of);
}

}  // namespace

bool Account::name_lot(const std::string& party, absl::CivilDay expires_on, std::uint32_t serial) {
  for (const Lot& lot : lots_) {
    const bool same_terms = lot.party == party && lot.expires_on == expires_on;
    if (lot.serial == serial) return same_terms;
    // An empty lot may be forgotten and come back under another serial.
    if (same_terms && lot.points > 0) return false;
  }
  lots_[lot_of(party, expires_on)].serial = serial;
  return true;
}

std::size_t Account::lot_of(const std::string& party, absl::CivilDay expires_on) {
  for (std::size_t i = 0; i < lots_.size(); ++i) {
    if (lots_[i].party == party && lots_[i].expires_on == expires_on) return i;
  }
  for (const Lot& lot : lots_) next_serial_ = std::max(next_serial_, lot.serial + 1);
  lots_.push_back({.party = party, .expires_on = expires_on, .serial = next_serial_});
  return lots_.size() - 1;
}

void Account::adjust_lot(const std::string& party, absl::CivilDay expires_on, std::int64_t points) {
  lots_[lot_of(party, expires_on)].points += points;
}

void Account::adjust_counter(absl::CivilDay day, std::int64_t points) {
  const auto counter = earned_.find(day);
  if (counter != earned_.end())
    counter->second = std::max<std::int64_t>(0, counter->second + points);
}

std::vector<std::size_t> Account::burn_order() const {
  std::vector<std::size_t> order(lots_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t left, std::size_t right) {
    return std::tie(lots_[left].expires_on, lots_[left].serial) <
           std::tie(lots_[right].expires_on, lots_[right].serial);
  });
  return order;
}

std::vector<LotUse> Account::use(std::int64_t points) {
  std::vector<LotUse> used;
  for (const std::size_t i : burn_order()) {
    Lot& lot = lots_[i];
    const std::int64_t taken = std::min(points, lot.points);
    if (taken == 0) continue;
    lot.points -= taken;
    points -= taken;
    used.push_back({lot.party, lot.expires_on, taken});
  }
  return used;
}

std::int64_t Account::repay(const std::vector<Incoming>& incoming) {
  std::int64_t repaid = 0;
  for (const Incoming& in : incoming) {
    Lot& lot = lots_[in.lot];
    const std::int64_t part = std::min({debt_, in.points, lot.points});
    lot.points -= part;
    debt_ -= part;
    repaid += part;
  }
  return repaid;
}

std::optional<CheckoutResult> Account::checkout(const std::string& order_key, const Order& order,
                                                std::int64_t received_at_unix_ms,
                                                const std::vector<std::int64_t>& caps) {
  expire(received_at_unix_ms);
  const std::int64_t points = order.points_to_use;
  if (points % rules_->offset.step_points != 0) return std::nullopt;
  if (points > points_max(*rules_, order, available())) return std::nullopt;

  const absl::CivilDay day = rules_->day_of(order.occurred_at_unix_ms);
  CheckoutResult result{.earning = earning_of(*rules_, order),
                        .expires_on = rules_->expiry_of(day)};
  std::int64_t& counter = earned_[day];
  std::int64_t allowed = result.earning.points();
  for (const std::int64_t bound : caps) {
    allowed = std::min(allowed, std::max<std::int64_t>(0, bound - counter));
  }
  cut_to(result.earning.awards, allowed);
  counter += allowed;

  result.used = use(points);
  std::vector<Incoming> incoming;
  for (const Award& award : result.earning.awards) {
    if (award.points == 0) continue;
    const std::size_t lot = lot_of(award.party, result.expires_on);
    lots_[lot].points += award.points;
    incoming.push_back({static_cast<std::uint32_t>(lot), award.points});
  }
  result.debt_repaid = repay(incoming);
  expire(received_at_unix_ms);

  Taken taken{.order = order, .result = result};
  taken.clawed_back.resize(result.earning.awards.size());
  taken.given_back.resize(result.used.size());
  taken_.insert_or_assign(order_key, std::move(taken));
  return result;
}

/// The scope as an amount and its excluded part, if that much is left.
std::optional<RefundScope> Account::judged(const Taken& taken, const RefundScope& scope) const {
  const std::int64_t left = taken.order.amount_minor - taken.refunded_minor;
  const std::int64_t excluded_left = taken.order.excluded_minor - taken.refunded_excluded_minor;
  RefundScope part = scope;
  if (scope.kind == RefundScope::Kind::whole) {
    part.amount_minor = left;
    part.excluded_minor = excluded_left;
  } else if (scope.kind == RefundScope::Kind::lines) {
    for (const std::uint32_t number : scope.lines) {
      const auto line = std::ranges::find(taken.order.lines, number, &Line::number);
      if (line == taken.order.lines.end()) return std::nullopt;
      if (std::ranges::count(taken.refunded_lines, number) != 0) return std::nullopt;
      part.amount_minor += line->amount_minor;
      if (line->excluded) part.excluded_minor += line->amount_minor;
    }
  }
  if (part.amount_minor > left || part.excluded_minor > excluded_left) return std::nullopt;
  if (part.amount_minor - part.excluded_minor > left - excluded_left) return std::nullopt;
  return part;
}

void Account::claw_back(const std::string& party, absl::CivilDay expires_on, std::int64_t points,
                        RefundResult& result) {
  Lot& own = lots_[lot_of(party, expires_on)];
  const std::int64_t from_own = std::min(points, own.points);
  own.points -= from_own;
  points -= from_own;
  const std::int64_t expired = std::min(points, own.expired);
  own.expired -= expired;
  points -= expired;
  result.clawed_back_as_expired += expired;
  for (const LotUse& taken : use(points)) points -= taken.points;
  debt_ += points;
  result.debt_incurred += points;
}

std::optional<RefundResult> Account::refund(const std::string& order_key, const RefundScope& scope,
                                            std::int64_t received_at_unix_ms) {
  const auto found = taken_.find(order_key);
  if (found == taken_.end()) return std::nullopt;
  Taken& taken = found->second;
  const auto part = judged(taken, scope);
  if (!part) return std::nullopt;
  expire(received_at_unix_ms);

  taken.refunded_minor += part->amount_minor;
  taken.refunded_excluded_minor += part->excluded_minor;
  taken.refunded_lines.insert(taken.refunded_lines.end(), scope.lines.begin(), scope.lines.end());
  const std::int64_t amount = taken.order.amount_minor;
  const std::int64_t earning_goods = amount - taken.order.excluded_minor;
  const std::int64_t earning_back = taken.refunded_minor - taken.refunded_excluded_minor;

  RefundResult result{.amount_minor = part->amount_minor, .excluded_minor = part->excluded_minor};
  const Earning& earning = taken.result.earning;
  const std::int64_t offset_back =
      floor_share(earning.offset_money_minor, taken.refunded_minor, amount);
  result.offset_money_minor = offset_back - taken.offset_back_minor;
  result.cash_back_minor = part->amount_minor - result.offset_money_minor;
  taken.offset_back_minor = offset_back;

  const absl::CivilDay today = rules_->day_of(received_at_unix_ms);
  std::vector<Incoming> incoming;
  for (std::size_t i = 0; i < taken.given_back.size(); ++i) {
    const LotUse& used = taken.result.used[i];
    const std::int64_t back = floor_share(used.points, taken.refunded_minor, amount);
    const std::int64_t now = back - taken.given_back[i];
    taken.given_back[i] = back;
    result.total_given_back += back;
    if (now == 0) continue;
    const std::size_t lot = lot_of(used.party, rules_->give_back_expiry_of(used.expires_on, today));
    lots_[lot].points += now;
    incoming.push_back({static_cast<std::uint32_t>(lot), now});
    result.given_back += now;
  }
  for (std::size_t i = 0; i < taken.clawed_back.size(); ++i) {
    const Award& award = earning.awards[i];
    std::int64_t back = floor_share(award.points, earning_back, earning_goods);
    // What stays eligible, in proportion to the goods that stay, against what the line was given for.
    const bool falls_below = absl::int128(earning.eligible_minor) * (earning_goods - earning_back) <
                             absl::int128(award.threshold_minor) * earning_goods;
    if (award.lost_below_threshold && falls_below) back = award.points;
    const std::int64_t now = back - taken.clawed_back[i];
    taken.clawed_back[i] = back;
    // A line that was cut to nothing has no lot.
    if (now > 0) claw_back(award.party, taken.result.expires_on, now, result);
    result.clawed_back += now;
    result.total_clawed_back += back;
  }
  result.total_amount_minor = taken.refunded_minor;
  std::int64_t& counter = earned_[rules_->day_of(taken.order.occurred_at_unix_ms)];
  counter -= std::min(counter, result.clawed_back);
  result.debt_repaid = repay(incoming);
  expire(received_at_unix_ms);
  return result;
}

void Account::expire(std::int64_t now_unix_ms) {
  const absl::CivilDay today = rules_->day_of(now_unix_ms);
  for (Lot& lot : lots_) {
    if (lot.expires_on >= today) continue;
    lot.expired += lot.points;
    lot.points = 0;
  }
}

std::int64_t Account::available() const {
  std::int64_t sum = 0;
  for (const Lot& lot : lots_) sum += lot.points;
  return sum;
}

std::optional<std::int64_t> Account::earned_on(absl::CivilDay day) const {
  const auto found = earned_.find(day);
  if (found == earned_.end()) return std::nullopt;
  return found->second;
}

}  // namespace wutong::load

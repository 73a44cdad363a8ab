#include "tests/actors/domain/oracle/script.h"

#include <algorithm>
#include <string_view>

#include "tests/actors/domain/oracle/altered.h"
#include "tests/actors/domain/oracle/days.h"

namespace wutong::oracle {

using namespace domain;

namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

/// Takes numbers out of one, the simplest of which is 0.
class Digits {
 public:
  explicit Digits(std::uint32_t number) : rest_(number) {}

  std::uint32_t next(std::uint32_t base) {
    const std::uint32_t digit = rest_ % base;
    rest_ /= base;
    return digit;
  }

 private:
  std::uint32_t rest_;
};

RecordKey key_of(std::string_view space, std::string_view venue, std::string_view id) {
  std::uint64_t high = 14695981039346656037U;
  for (const std::string_view text :
       {space, std::string_view("/"), venue, std::string_view("/"), id}) {
    for (const char byte : text) high = (high ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  }
  return {high, static_cast<std::uint32_t>(id.size())};
}

RecordKey key_of(std::string_view space, const Origin& origin, std::string_view id) {
  return key_of(space, origin.venue.text(), id);
}

std::int64_t portion(std::int64_t of, std::uint32_t part) {
  return floored(of, part % 10'001, 10'000);
}

/// The simplest is now.
Instant occurred(std::uint32_t choice, std::uint32_t part, Instant now) {
  const auto up_to = [&](std::int64_t ms) { return Duration{1 + part * 60'493LL % ms}; };
  switch (choice) {
    case 1:
      return now - up_to(7 * day);
    case 2:
      return now - up_to(10 * minute);
    case 3:
      return now - Duration{5 * minute};
    case 4:
      return now + up_to(5 * minute);
    case 5:
      return now + Duration{5 * minute} + up_to(hour);
    case 6:
      return now - Duration{7 * day} - up_to(2 * day);
    case 7:
      return now - up_to(2 * day);
    default:
      return now;
  }
}

/// The later ones more often.
template <typename T>
const T* pick(const std::vector<T>& all, std::uint32_t choice) {
  if (all.empty()) return nullptr;
  const std::size_t reach = choice % 4 == 3 ? all.size() : std::min<std::size_t>(all.size(), 4);
  return &all[all.size() - 1 - choice / 4 % reach];
}

void add_lines(Checkout& checkout, Digits& which, std::uint32_t part) {
  constexpr const char* categories[] = {"shoes", "hats", "tea"};
  constexpr const char* skus[] = {"a", "b", "c"};
  constexpr const char* brands[] = {"x", "y", "x"};
  const std::uint32_t excluded = which.next(8);
  const bool stores = which.next(2) == 1 && checkout.origin.venue == VenueId::intern("M1");
  const std::int64_t first = portion(checkout.amount.minor_units, part);
  const std::int64_t next = portion(checkout.amount.minor_units - first, part * 31);
  const std::int64_t amounts[] = {first, next, checkout.amount.minor_units - first - next};
  for (std::uint32_t i = 0; i < 3; ++i) {
    BasketLine line{.number = i + 1,
                    .sku = skus[i],
                    .category = categories[i],
                    .brand = brands[i],
                    .quantity_thousandths = 1'000,
                    .amount = {amounts[i]},
                    .excluded = (excluded >> i) % 2 == 1};
    if (stores && i == 1) line.store = StoreId::intern("shop");
    if (stores && i == 2) line.store = StoreId::intern("tea");
    if (line.excluded) checkout.excluded_from_earning += line.amount;
    checkout.lines.push_back(line);
  }
}

void add_tenders(Checkout& checkout, const OffsetRule& rule, std::uint32_t choice) {
  const std::int64_t paid = offset_money(rule, checkout.points_to_use.count);
  const std::int64_t due = std::max<std::int64_t>(0, checkout.amount.minor_units - paid);
  const std::int64_t gift = choice == 1 ? due / 2 : choice == 2 ? due : 0;
  const std::int64_t voucher = choice == 3 ? due / 3 : 0;
  checkout.tenders = {{"cash", {due - gift - voucher}}};
  if (gift > 0) checkout.tenders.push_back({"gift", {gift}});
  if (voucher > 0) checkout.tenders.push_back({"voucher", {voucher}});
}

/// Something wrong with points; tells whether there was something to do.
void ask_badly(Checkout& checkout, const Oracle& oracle, std::uint32_t fault, Instant now) {
  const OffsetRule& rule = oracle.program.offset;
  const std::int64_t step = rule.step_points.count;
  const std::int64_t most = most_points(rule, std::max<std::int64_t>(0, offset_base(checkout)));
  const std::int64_t usable = oracle.purse().usable(oracle.today(now));
  if (fault == 1) checkout.points_to_use = {most + step};
  if (fault == 2) checkout.points_to_use = {usable / step * step + step};
  if (fault == 3) checkout.points_to_use.count += 1;
  if (fault == 4) {
    checkout.hold_id = "none";
    checkout.hold = key_of("hold", checkout.origin, "none");
  }
}

void spoil(Checkout& checkout, std::uint32_t fault) {
  if (fault == 5) checkout.currency = "EUR";
  if (fault == 6) checkout.excluded_from_earning = checkout.amount + Money{1};
  if (fault == 7) checkout.excluded_from_offset = checkout.amount + Money{1};
  if (fault == 8 && !checkout.lines.empty()) checkout.lines[0].amount += Money{1};
  if (fault == 9 && !checkout.lines.empty()) checkout.excluded_from_earning += Money{1};
  if (fault == 10 && !checkout.tenders.empty()) checkout.tenders[0].amount += Money{1};
}

}  // namespace

Step random_step(load::Random& random) {
  const auto any = [&] { return static_cast<std::uint32_t>(random.next() >> 32U); };
  return {any(), any(), any(), any() % 10'001, any(), any()};
}

Duration Script::wait_of(const Step& step) {
  Digits wait(step.wait);
  const std::uint32_t choice = wait.next(40);
  const auto up_to = [&](std::int64_t ms) {
    return Duration{1 + wait.next(1U << 20U) * (ms >> 10U) / 1'024};
  };
  if (step.wait == 0) return {1};
  if (choice < 18) return up_to(3 * minute);
  if (choice < 27) return up_to(4 * hour);
  if (choice < 36) return up_to(3 * day);
  if (choice < 39) return up_to(30 * day);
  return up_to(150 * day);
}

Turn Script::next(const Step& step, std::size_t number, const Oracle& oracle, Instant now) {
  if (!oracle.enrolled() && number > 0) return {.command = Enroll{"wang"}};
  const std::uint32_t kind = step.kind % 100;
  if (kind < 45) return {.command = checkout(step, number, oracle, now)};
  if (kind < 67) return {.command = refund(step, number, now)};
  if (kind < 75) return {.command = hold(step, number, oracle, now)};
  if (kind < 78) return {.command = release(step, now)};
  if (kind < 84) return {.command = grant(step, number, oracle, now)};
  if (kind < 87) return {.command = revoke(step, number, now)};
  if (kind < 95) return {.command = again(step)};
  if (kind < 96) return {.command = Enroll{"wang"}};
  if (kind < 98) return {.switches_program = true};
  return {};
}

void Script::done(const Command& command, const Outcome& outcome) {
  past_.push_back(command);
  if (outcome.kind != Outcome::Kind::accepted) return;
  if (const auto* order = std::get_if<Checkout>(&command)) {
    orders_.push_back(
        {*order, order->amount.minor_units, order->excluded_from_earning.minor_units});
  }
  if (const auto* refund = std::get_if<Refund>(&command)) {
    for (OrderSeen& order : orders_) {
      if (order.checkout.key != refund->order) continue;
      order.left -= outcome.amount;
      order.excluded_left -= outcome.excluded;
    }
  }
  if (const auto* hold = std::get_if<Hold>(&command)) holds_.push_back(*hold);
  if (const auto* grant = std::get_if<Grant>(&command)) grants_.push_back(*grant);
}

Checkout Script::checkout(const Step& step, std::size_t number, const Oracle& oracle,
                          Instant now) const {
  Digits which(step.which);
  Digits twist(step.twist);
  Digits amount(step.amount);
  Checkout checkout{.order_id = "o" + std::to_string(number), .currency = "CNY"};
  const bool hotel = which.next(4) == 1;
  checkout.origin.venue = VenueId::intern(hotel ? "H1" : "M1");
  const std::uint32_t store = which.next(4);
  if (!hotel && store == 2) checkout.origin.store = StoreId::intern("shop");
  if (!hotel && store == 3) checkout.origin.store = StoreId::intern("tea");
  constexpr Channel channels[] = {Channel::unspecified, Channel::till, Channel::web};
  checkout.origin.channel = channels[which.next(3)];
  const std::uint32_t size = amount.next(20);
  const std::int64_t fen = amount.next(200'000);
  checkout.amount = {size == 1 ? 0 : size == 2 ? fen % 100 : size < 8 ? fen / 10 : fen};
  const bool lines = which.next(2) == 1;
  const std::uint32_t tenders = which.next(8);
  if (which.next(4) == 1) {
    checkout.excluded_from_offset = {portion(checkout.amount.minor_units, step.part)};
  }
  if (lines) {
    add_lines(checkout, which, step.part);
  } else if (which.next(4) == 1) {
    checkout.excluded_from_earning = {portion(checkout.amount.minor_units, step.part)};
  }

  const std::uint32_t time = twist.next(32);
  checkout.occurred_at = occurred(time, step.part, now);
  checkout.origin.offline = time == 15;
  const std::uint32_t points = twist.next(6);
  const OffsetRule& rule = oracle.program.offset;
  const std::int64_t most = most_points(rule, offset_base(checkout));
  const bool may_pay = offset_base(checkout) >= rule.threshold.minor_units;
  const std::int64_t usable = oracle.purse().usable(oracle.today(now));
  const auto ask = [&](std::int64_t limit) {
    const std::int64_t all = may_pay ? std::min(limit, most) : 0;
    const std::int64_t asked = step.part % 2 == 0 ? all : portion(all, step.part);
    checkout.points_to_use = {asked / rule.step_points.count * rule.step_points.count};
  };
  if (points == 1 || points == 2) ask(usable);
  std::vector<Hold> open;
  const bool any_hold = twist.next(8) == 1;
  for (const Hold& one : holds_) {
    if (points > 3 && (any_hold || oracle.purse().held_by(one.key))) open.push_back(one);
  }
  if (const Hold* held = pick(open, which.next(16)); held != nullptr) {
    checkout.origin.venue = held->origin.venue;
    checkout.origin.store = {};
    for (BasketLine& line : checkout.lines) line.store = {};
    checkout.hold_id = held->hold_id;
    checkout.hold = held->key;
    ask(oracle.purse().held_by(held->key).value_or(held->points.count));
  }
  const std::uint32_t fault = twist.next(40);
  const std::uint32_t other_fault = twist.next(300);
  ask_badly(checkout, oracle, fault, now);
  ask_badly(checkout, oracle, other_fault, now);
  add_tenders(checkout, rule, tenders);
  spoil(checkout, fault);
  spoil(checkout, other_fault);
  checkout.key = key_of("order", checkout.origin, checkout.order_id);
  return checkout;
}

Refund Script::refund(const Step& step, std::size_t number, Instant now) const {
  Digits twist(step.twist);
  Refund refund{.refund_id = "r" + std::to_string(number), .reason = "returned"};
  const std::uint32_t time = twist.next(32);
  refund.occurred_at = occurred(time, step.part, now);
  refund.origin.offline = time == 15;
  const OrderSeen* const order = pick(orders_, step.which);
  const std::uint32_t fault = twist.next(60);
  if (order == nullptr || fault == 1) {
    refund.origin.venue = refund.order_venue = VenueId::intern("M1");
    refund.order_id = "none";
    refund.scope = RefundOfWhole{};
  } else {
    const Checkout& checkout = order->checkout;
    refund.origin.venue = refund.order_venue = checkout.origin.venue;
    refund.order_id = checkout.order_id;
    const std::uint32_t scope = twist.next(5);
    if (scope == 1) {
      std::vector<std::uint32_t> numbers;
      for (std::uint32_t i = 0; i < 3; ++i) {
        if (((step.part % 7 + 1) >> i) % 2 == 1) numbers.push_back(i + 1);
      }
      if (fault == 2) numbers.push_back(9);
      refund.scope = RefundOfLines{numbers};
    } else if (scope >= 2) {
      const std::int64_t earning = portion(order->left - order->excluded_left, step.part);
      const std::int64_t excluded = scope == 3 ? portion(order->excluded_left, step.part) : 0;
      RefundOfAmount part{{earning + excluded}, {excluded}};
      if (fault == 2) part.amount = {order->left + 1};
      if (fault == 3) part.excluded = part.amount + Money{1};
      if (fault == 4) part.amount = {order->left - order->excluded_left + 1};
      if (fault == 5) part.amount = part.excluded = {order->excluded_left + 1};
      refund.scope = part;
    } else {
      refund.scope = RefundOfWhole{};
    }
    if (fault >= 6 && fault < 9) refund.origin.venue = VenueId::intern("H1");
  }
  refund.order = key_of("order", refund.order_venue.text(), refund.order_id);
  refund.key = key_of("refund", refund.origin, refund.refund_id);
  return refund;
}

Hold Script::hold(const Step& step, std::size_t number, const Oracle& oracle, Instant now) const {
  Digits twist(step.twist);
  Hold hold{.hold_id = "h" + std::to_string(number)};
  hold.origin.venue = VenueId::intern(step.which % 4 == 1 ? "H1" : "M1");
  hold.occurred_at = occurred(twist.next(30), step.part, now);
  const std::int64_t usable = oracle.purse().usable(oracle.today(now));
  const std::int64_t asked = twist.next(30) == 1 ? usable + 1 : portion(usable, step.part);
  hold.points = {std::max<std::int64_t>(1, asked)};
  hold.key = key_of("hold", hold.origin, hold.hold_id);
  return hold;
}

Release Script::release(const Step& step, Instant now) const {
  Digits twist(step.twist);
  Release release{.hold_id = "none"};
  release.occurred_at = occurred(twist.next(30), step.part, now);
  release.origin.venue = VenueId::intern("M1");
  if (const Hold* hold = pick(holds_, step.which); hold != nullptr && twist.next(20) != 1) {
    release.hold_id = hold->hold_id;
    release.origin.venue = hold->origin.venue;
  }
  release.hold = key_of("hold", release.origin, release.hold_id);
  release.key = key_of("release", release.origin, release.hold_id);
  return release;
}

Grant Script::grant(const Step& step, std::size_t number, const Oracle& oracle, Instant now) const {
  Digits which(step.which);
  Digits twist(step.twist);
  Grant grant{.grant_id = "g" + std::to_string(number)};
  grant.origin.venue = VenueId::intern("M1");
  grant.occurred_at = occurred(twist.next(20), step.part, now);
  grant.points = {1 + (step.amount % 3 == 2 ? step.amount / 3 % 5'000 : step.amount / 3 % 300)};
  constexpr const char* parties[] = {"MALL", "HOTEL", "BRAND", "SHOP"};
  grant.party = PartyId::intern(parties[which.next(4)]);
  if (which.next(20) == 1) grant.party = PartyId::intern("NOBODY");
  const std::int32_t today = oracle.today(now);
  const std::uint32_t expiry = which.next(6);
  if (expiry == 1) grant.expires_on = Day{today + static_cast<std::int32_t>(step.part % 40)};
  if (expiry == 2) grant.expires_on = Day{last_day({}, today)};
  if (expiry == 3) grant.expires_on = Day{today};
  if (expiry == 4 && which.next(4) == 1) grant.expires_on = Day{today - 1};
  grant.reason = "goodwill";
  grant.key = key_of("grant", grant.origin, grant.grant_id);
  return grant;
}

RevokeGrant Script::revoke(const Step& step, std::size_t number, Instant now) const {
  Digits twist(step.twist);
  RevokeGrant revoke{.revocation_id = "v" + std::to_string(number), .grant_id = "none"};
  revoke.origin.venue = VenueId::intern("M1");
  revoke.occurred_at = occurred(twist.next(20), step.part, now);
  if (const Grant* grant = pick(grants_, step.which); grant != nullptr && twist.next(20) != 1) {
    revoke.grant_id = grant->grant_id;
  }
  revoke.reason = "by mistake";
  revoke.grant = key_of("grant", revoke.origin, revoke.grant_id);
  revoke.key = key_of("revocation", revoke.origin, revoke.revocation_id);
  return revoke;
}

/// A retry: the same once more, or with one thing changed.
std::optional<Command> Script::again(const Step& step) const {
  const Command* const past = pick(past_, step.which);
  if (past == nullptr) return std::nullopt;
  const std::uint32_t change = step.twist % 12;
  Command command = altered(*past, change);
  if (auto* revoke = std::get_if<RevokeGrant>(&command); revoke != nullptr && change == 3) {
    revoke->grant_id = grants_.empty() ? "none" : grants_.back().grant_id;
    revoke->grant = key_of("grant", revoke->origin, revoke->grant_id);
  }
  return command;
}

}  // namespace wutong::oracle

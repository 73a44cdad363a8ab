#include "tests/actors/domain/random_world.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "actors/domain/calendar.h"
#include "actors/domain/offset.h"

namespace wutong::testing {

using namespace domain;

namespace {

const char* const categories[] = {"shoes", "hats", "tea"};

PartyId party(const char* id) { return PartyId::intern(id); }

std::vector<Promotion> promotions_of(const Choices& choices) {
  Promotion times = multiplier("T", choices.multiplier_basis_points);
  times.steps = {{{100'00}, {choices.multiplier_basis_points}},
                 {{500'00}, {choices.multiplier_basis_points + 3'333}}};
  times.lost_below_threshold = choices.lost_below_threshold;
  if (choices.on_lines) times.lines.categories = {"shoes", "tea"};
  if (choices.several_funders) {
    times.funding = {{party("BRAND"), {3'333}}, {party("MALL"), {6'667}}};
  }
  Promotion bonus = fixed_bonus("B", choices.bonus, "BRAND");
  bonus.fixed_from = {50'00};
  if (choices.one_group) {
    times.stacking_group = bonus.stacking_group = Symbol::intern("either");
  }
  return {times, bonus};
}

/// An amount spread over three lines, the last of them perhaps excluded.
void add_lines(Checkout& checkout, const Step& step) {
  const std::int64_t third = checkout.amount.minor_units / 3;
  const std::int64_t amounts[] = {third, third, checkout.amount.minor_units - 2 * third};
  for (std::uint32_t i = 0; i < 3; ++i) {
    checkout.lines.push_back({.number = i + 1,
                              .category = categories[i],
                              .store = i == 1 ? StoreId::intern("shop") : StoreId{},
                              .amount = {amounts[i]},
                              .excluded = i == 2 && step.part % 2 == 1});
  }
  checkout.excluded_from_earning = checkout.lines[2].excluded ? checkout.lines[2].amount : Money{};
}

Checkout next_checkout(World& world, const Step& step, std::size_t number) {
  Order order{.id = std::to_string(number),
              .venue = step.which % 3 == 0 ? "H1" : "M1",
              .amount = {step.amount}};
  const bool late = step.kind % 5 == 1;
  const bool with_points = step.kind % 5 >= 3 && !late;
  if (late) order.paid_at = world.now - Duration{step.part * 60'000LL};
  const Checkout without = world.checkout(order);
  if (with_points) {
    const Points most =
        quote(world.member, world.program, world.policy, {without}, world.now).points_max;
    const bool all = step.kind % 5 == 4;
    order.use =
        all ? most : in_whole_steps(world.program.offset, {most.count * step.part / 10'000});
  }
  Checkout checkout = world.checkout(order);
  if (step.which % 2 == 1) add_lines(checkout, step);
  return checkout;
}

RefundScope next_scope(const CheckedOut& order, const RefundTotals* before, const Step& step) {
  const RefundTotals so_far = before == nullptr ? RefundTotals{} : *before;
  const Money left = order.content.amount - so_far.amount;
  const Money excluded_left = order.content.excluded_from_earning - so_far.excluded;
  const auto portion = [&](Money of) { return Money{of.minor_units * step.part / 10'000}; };
  if (step.amount % 4 == 0) return RefundOfWhole{};
  if (step.amount % 4 == 1 && !order.lines.empty()) {
    return RefundOfLines{{order.lines[step.part % order.lines.size()].number}};
  }
  const Money earning = portion(left - excluded_left);
  const Money excluded = step.amount % 4 == 2 ? portion(excluded_left) : Money{};
  return RefundOfAmount{earning + excluded, excluded};
}

template <typename Kind>
std::vector<const Kind*> all_of(const World& world) {
  std::vector<const Kind*> found;
  for (const Record& record : world.member.records) {
    if (const auto* one = std::get_if<Kind>(&record)) found.push_back(one);
  }
  return found;
}

template <typename Kind>
const Kind* any_of(const World& world, const Step& step) {
  const auto found = all_of<Kind>(world);
  return found.empty() ? nullptr : found[step.which % found.size()];
}

Points portion(Points of, const Step& step) { return {of.count * step.part / 10'000}; }

/// Of any hold, over or not, so that those which are over are asked for too.
std::optional<Command> capture(World& world, const Step& step, std::size_t number) {
  const Held* hold = any_of<Held>(world, step);
  if (hold == nullptr) return std::nullopt;
  const Points held = held_by(world.member, hold->key, world.now);
  const Order order{.id = std::to_string(number),
                    .amount = {step.amount},
                    .use = in_whole_steps(world.program.offset, portion(held, step))};
  Checkout checkout = world.capture(order, hold->hold_id);
  if (step.which % 4 == 3) checkout.origin.offline = true;
  return checkout;
}

std::optional<Command> hold_or_grant(World& world, const Step& step, std::size_t number) {
  const std::string id = std::to_string(number);
  if (step.kind == 10) {
    return world.hold(id, std::max(portion(world.balances().available, step), Points{1}));
  }
  if (step.kind == 11) return capture(world, step, number);
  if (step.kind == 12) {
    const Held* hold = any_of<Held>(world, step);
    if (hold != nullptr) return world.release(hold->hold_id);
  }
  if (step.kind == 13) {
    Grant grant = world.grant(id, {step.part + 1}, step.which % 2 == 0 ? "MALL" : "HOTEL");
    if (step.which % 3 == 0) {
      const Day today = business_day(world.now, world.program.zone);
      grant.expires_on = Day{today.since_epoch + static_cast<std::int32_t>(step.which % 40)};
    }
    return grant;
  }
  if (step.kind == 14) {
    const Granted* grant = any_of<Granted>(world, step);
    if (grant != nullptr) return world.revocation(id, grant->grant_id);
  }
  return std::nullopt;
}

Limit many(const char* id, Measure measure, Window window, LimitEffect effect, std::int64_t bound,
           std::int32_t seconds = 0) {
  return {.id = LimitId::intern(id),
          .measure = measure,
          .window = window,
          .seconds = seconds,
          .effect = effect,
          .bound = bound};
}

std::vector<Limit> many_limits() {
  using enum LimitEffect;
  using enum Measure;
  using enum Window;
  std::vector<Limit> limits{many("l1", orders, sliding, decline, 6, 2 * 86'400),
                            many("l2", amount, calendar_week, decline, 9'000'00),
                            many("l3", points_used, calendar_day, decline, 3'000),
                            many("l4", refunds, calendar_month, decline, 9),
                            many("l5", points_earned, calendar_month, cap, 7'000),
                            many("l6", points_earned, sliding, cap, 2'000, 30 * 86'400),
                            many("l7", orders, calendar_day, flag, 2),
                            many("l8", orders, sliding, decline, 2, 3'600),
                            many("l9", points_earned, sliding, cap, 300, 86'400)};
  limits[7].mode = limits[8].mode = LimitMode::shadow;
  limits[0].scoped = {{.channel = {}, .venue = VenueId::intern("H1"), .format = {}, .bound = 4}};
  return limits;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Choices& choices) {
  return out << "{base " << choices.base_points << ", funders " << choices.several_funders
             << ", stores " << choices.stores << ", times " << choices.multiplier_basis_points
             << ", on lines " << choices.on_lines << ", bonus " << choices.bonus << ", share "
             << choices.offset_share << ", one group " << choices.one_group << ", lost "
             << choices.lost_below_threshold << ", cap " << choices.daily_cap << ", monthly "
             << choices.monthly_expiry << ", ahead " << choices.ahead << ", grace "
             << choices.grace_days << ", breakage " << choices.breakage_of_group << ", shortfall "
             << choices.shortfall << ", many limits " << choices.many_limits << '}';
}

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "{kind " << step.kind << ", amount " << step.amount << ", part " << step.part
             << ", which " << step.which << ", hours " << step.hours_later << '}';
}

rc::Gen<Choices> any_choices() {
  using rc::gen::arbitrary;
  using rc::gen::element;
  using rc::gen::inRange;
  return rc::gen::build<Choices>(
      rc::gen::set(&Choices::base_points, inRange<std::uint32_t>(1, 30)),
      rc::gen::set(&Choices::several_funders, arbitrary<bool>()),
      rc::gen::set(&Choices::stores, arbitrary<bool>()),
      rc::gen::set(&Choices::multiplier_basis_points, inRange<std::uint32_t>(10'000, 40'000)),
      rc::gen::set(&Choices::on_lines, arbitrary<bool>()),
      rc::gen::set(&Choices::bonus, inRange<std::uint32_t>(0, 200)),
      // The whole order paid with points is what leaves members in debt after a refund.
      rc::gen::set(&Choices::offset_share, element<std::uint32_t>(1'500, 10'000)),
      rc::gen::set(&Choices::one_group, arbitrary<bool>()),
      rc::gen::set(&Choices::lost_below_threshold, arbitrary<bool>()),
      rc::gen::set(&Choices::daily_cap, element<std::uint32_t>(0, 0, 37, 500, 5'000)),
      rc::gen::set(&Choices::monthly_expiry, arbitrary<bool>()),
      rc::gen::set(&Choices::ahead, inRange<std::uint32_t>(0, 3)),
      rc::gen::set(&Choices::grace_days, element<std::uint32_t>(0, 0, 10)),
      rc::gen::set(&Choices::breakage_of_group, arbitrary<bool>()),
      rc::gen::set(&Choices::shortfall, element<std::uint32_t>(0, 0, 1, 2)),
      rc::gen::set(&Choices::many_limits, arbitrary<bool>()));
}

rc::Gen<Step> any_step() {
  using rc::gen::inRange;
  return rc::gen::build<Step>(
      rc::gen::set(&Step::kind, inRange<std::uint32_t>(0, 16)),
      rc::gen::set(&Step::amount, rc::gen::weightedOneOf<std::uint32_t>(
                                      {{1, inRange<std::uint32_t>(0, 100)},
                                       {8, inRange<std::uint32_t>(100, 2'000'00)}})),
      rc::gen::set(&Step::part, inRange<std::uint32_t>(0, 10'001)),
      rc::gen::set(&Step::which, inRange<std::uint32_t>(0, 1'000)),
      rc::gen::set(&Step::hours_later,
                   rc::gen::weightedOneOf<std::uint32_t>({{6, inRange<std::uint32_t>(0, 30)},
                                                          {1, inRange<std::uint32_t>(0, 4'000)}})));
}

World world_of(const Choices& choices, bool backwards) {
  World world;
  Program& program = world.program;
  program.promotions.clear();
  program.offset = {.threshold = {10'00},
                    .share = {choices.offset_share},
                    .step_points = {10},
                    .step_value = {30}};
  program.expiry = {.kind = choices.monthly_expiry ? ExpiryRule::Kind::end_of_month_after
                                                   : ExpiryRule::Kind::end_of_year_after,
                    .ahead = static_cast<int>(choices.ahead),
                    .give_back_grace_days = static_cast<int>(choices.grace_days)};
  Venue& mall = program.venues.at(VenueId::intern("M1"));
  mall.rate = {{choices.base_points}, {10'00}};
  if (choices.several_funders) mall.funding = {{party("MALL"), {6'001}}, {party("HOTEL"), {3'999}}};
  if (choices.stores) {
    const StoreId shop = StoreId::intern("shop");
    mall.stores.emplace(shop, Store{.id = shop, .party = party("BRAND")});
  }
  if (choices.breakage_of_group) program.parties.at(party("MALL")).breakage = party("GROUP");
  auto promotions = promotions_of(choices);
  if (backwards) std::ranges::reverse(promotions);
  for (const Promotion& promotion : promotions) add(program, promotion);
  if (choices.daily_cap != 0) {
    world.policy.limits = {daily_limit("a", choices.daily_cap + 20),
                           daily_limit("b", choices.daily_cap),
                           daily_limit("c", 5, LimitEffect::cap, LimitMode::shadow)};
  }
  if (choices.many_limits)
    std::ranges::copy(many_limits(), std::back_inserter(world.policy.limits));
  if (backwards) std::ranges::reverse(world.policy.limits);
  program.shortfall = static_cast<Shortfall>(choices.shortfall + 1);
  program.hold_timeout = Duration{86'400'000};
  return world;
}

Choices forgiving(Choices choices) {
  choices.shortfall = 0;
  choices.many_limits = false;
  return choices;
}

Command next_command(World& world, const Step& step, std::size_t number) {
  world.now = world.now + Duration{step.hours_later * 3'600'000LL};
  world.pass_time();
  if (auto command = hold_or_grant(world, step, number)) return *std::move(command);
  const CheckedOut* original = step.kind < 5 ? nullptr : any_of<CheckedOut>(world, step);
  if (original == nullptr) return next_checkout(world, step, number);
  const Order named{.id = original->order_id, .venue = std::string(original->origin.venue.text())};
  return world.refund("r" + std::to_string(number), named,
                      next_scope(*original, find_totals(world.member, original->key), step));
}

}  // namespace wutong::testing

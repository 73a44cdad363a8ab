#include "tests/actors/domain/oracle/documents.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <algorithm>
#include <utility>

namespace wutong::oracle {

using namespace domain;

namespace {

constexpr std::array<const char*, Documents::choices> names = {"zone",
                                                               "base_points",
                                                               "funding",
                                                               "stores",
                                                               "breakage",
                                                               "multiplier",
                                                               "multiplier_filter",
                                                               "multiplier_funding",
                                                               "second_multiplier",
                                                               "bonus",
                                                               "bonus_funding",
                                                               "groups",
                                                               "lost",
                                                               "dates",
                                                               "where",
                                                               "offset",
                                                               "expiry",
                                                               "cutoff",
                                                               "grace",
                                                               "shortfall",
                                                               "hold_timeout",
                                                               "tenders",
                                                               "foreign_refunds",
                                                               "start"};

PartyId party(const char* id) { return PartyId::intern(id); }

absl::TimeZone zone_named(const char* name) {
  absl::TimeZone zone;
  absl::LoadTimeZone(name, &zone);
  return zone;
}

Instant midnight(std::int64_t year, int month, int day) {
  return {
      absl::ToUnixMillis(absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone()))};
}

void add_parties(Program& program, const Documents& documents, bool second) {
  const std::int64_t dearer = second ? 125 : 0;
  const std::pair<const char*, std::int64_t> prices[] = {
      {"MALL", 3'000 + dearer}, {"HOTEL", 2'800}, {"BRAND", 3'000}, {"SHOP", 2'950 + dearer}};
  for (const auto& [id, price] : prices) {
    Party one{.id = party(id), .price = {price}, .breakage = party(id)};
    if (documents.of[Documents::breakage] % 2 == 1 && one.id == party("MALL")) {
      one.breakage = party("GROUP");
    }
    program.parties.emplace(one.id, one);
  }
}

void add_venues(Program& program, const Documents& documents, bool second) {
  const auto& of = documents.of;
  Venue mall{.id = VenueId::intern("M1"),
             .format = FormatId::intern("mall"),
             .party = party("MALL"),
             .rate = {{1 + of[Documents::base_points] % 30 + (second ? 2 : 0)}, {10'00}},
             .refunds_orders_of = {VenueId::intern("M1")}};
  if (of[Documents::funding] % 3 == 1) {
    mall.funding = {{party("MALL"), {6'001}}, {party("HOTEL"), {3'999}}};
  }
  if (of[Documents::funding] % 3 == 2) {
    mall.funding = {{party("BRAND"), {1'111}}, {party("MALL"), {8'888}}, {party("SHOP"), {1}}};
  }
  if (of[Documents::stores] % 3 > 0) {
    const StoreId shop = StoreId::intern("shop");
    mall.stores.emplace(shop, Store{.id = shop, .party = party("SHOP")});
    const StoreId tea = StoreId::intern("tea");
    Store house{.id = tea, .party = party("MALL")};
    if (of[Documents::stores] % 3 == 2) house.rate = EarningRate{{7}, {3'33}};
    mall.stores.emplace(tea, house);
  }
  Venue hotel{.id = VenueId::intern("H1"),
              .format = FormatId::intern("hotel"),
              .party = party("HOTEL"),
              .rate = {{1}, {5'00}},
              .refunds_orders_of = {VenueId::intern("H1")}};
  if (of[Documents::foreign_refunds] % 2 == 1) hotel.refunds_orders_of.push_back(mall.id);
  program.venues.emplace(mall.id, mall);
  program.venues.emplace(hotel.id, hotel);
}

std::vector<FundingShare> funded(std::uint32_t choice) {
  if (choice % 2 == 0) return {{party("MALL"), {10'000}}};
  return {{party("BRAND"), {3'333}}, {party("MALL"), {6'667}}};
}

void add_promotions(Program& program, const Documents& documents, bool second) {
  const auto& of = documents.of;
  const Symbol group = of[Documents::groups] % 2 == 1 ? Symbol::intern("either") : Symbol{};
  const bool lost = of[Documents::lost] % 2 == 1;
  auto& promotions = program.promotions;
  if (of[Documents::bonus] % 300 > 0) {
    promotions.push_back({.id = PromotionId::intern("B"),
                          .stacking_group = group,
                          .fixed = {of[Documents::bonus] % 300},
                          .fixed_from = {50'00},
                          .funding = funded(of[Documents::bonus_funding]),
                          .lost_below_threshold = lost});
  }
  if (of[Documents::multiplier] % 40'000 > 0) {
    const std::int64_t times = 10'000 + of[Documents::multiplier] % 40'000;
    Promotion one{.id = PromotionId::intern("T"),
                  .stacking_group = group,
                  .steps = {{{100'00}, {times}}, {{500'00}, {times + 3'333}}},
                  .funding = funded(of[Documents::multiplier_funding]),
                  .lost_below_threshold = lost};
    const std::uint32_t filter = of[Documents::multiplier_filter] % 4;
    if (filter == 1) one.lines.categories = {"shoes", "tea"};
    if (filter == 2) one.lines.stores = {StoreId::intern("shop")};
    if (filter == 3) one.lines = {.skus = {"a", "b"}, .brands = {"x"}};
    if (of[Documents::dates] % 2 == 1) one.weekdays = 0x35;
    promotions.push_back(one);
  }
  if (of[Documents::second_multiplier] % 3 > 0 && !second) {
    Promotion one{.id = PromotionId::intern("U"),
                  .stacking_group = of[Documents::second_multiplier] % 3 == 2 ? group : Symbol{},
                  .steps = {{{0}, {12'500}}},
                  .funding = funded(0)};
    if (of[Documents::where] % 4 == 1) one.venues = {VenueId::intern("M1")};
    if (of[Documents::where] % 4 == 2) one.formats = {FormatId::intern("hotel")};
    if (of[Documents::where] % 4 == 3) one.stores = {StoreId::intern("shop")};
    if (of[Documents::dates] % 4 > 1) {
      one.starts_at = start_of(documents) + Duration{5 * 86'400'000LL};
      one.ends_at = start_of(documents) + Duration{200 * 86'400'000LL};
    }
    promotions.push_back(one);
  }
}

constexpr Measure measures[] = {Measure::points_earned, Measure::points_used, Measure::orders,
                                Measure::amount, Measure::refunds};
constexpr std::int64_t bounds[5][4] = {{500, 37, 5'000, 60},
                                       {300, 100, 2'000, 0},
                                       {3, 1, 10, 5},
                                       {1'000'00, 300'00, 9'000'00, 99'99},
                                       {2, 1, 5, 0}};

/// In the order in which documents are compiled.
std::array<ScopedBound, 10> all_scopes() {
  const VenueId mall = VenueId::intern("M1");
  return {{{.member = "li"},
           {.member = "wang"},
           {.channel = Channel::till},
           {.channel = Channel::web},
           {.store = StoreId::intern("shop"), .venue = mall},
           {.store = StoreId::intern("tea"), .venue = mall},
           {.venue = VenueId::intern("H1")},
           {.venue = mall},
           {.format = FormatId::intern("hotel")},
           {.format = FormatId::intern("mall")}}};
}

Limit limit_of(const LimitChoice& choice, std::size_t number) {
  const std::size_t measure = choice.measure % 5;
  Limit limit{.id = LimitId::intern(absl::StrCat("l", number)),
              .measure = measures[measure],
              .bound = bounds[measure][choice.bound % 4]};
  constexpr Window windows[] = {Window::calendar_day, Window::calendar_week, Window::calendar_month,
                                Window::sliding, Window::sliding};
  limit.window = windows[choice.window % 5];
  if (limit.window == Window::sliding) {
    constexpr std::int32_t lengths[] = {600, 3'600, 86'400, 7, 61, 2'592'000};
    limit.seconds = lengths[choice.window / 5 % 6];
  }
  constexpr LimitEffect effects[] = {LimitEffect::flag, LimitEffect::cap, LimitEffect::decline,
                                     LimitEffect::cap};
  limit.effect = effects[choice.effect % 4];
  // A cap is on an award, see 4.4.
  if (limit.effect == LimitEffect::cap && limit.measure != Measure::points_earned) {
    limit.effect = LimitEffect::decline;
  }
  constexpr LimitMode modes[] = {LimitMode::live,   LimitMode::live,   LimitMode::live,
                                 LimitMode::shadow, LimitMode::shadow, LimitMode::off};
  limit.mode = modes[choice.mode % 6];
  const auto scopes = all_scopes();
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    if ((choice.scope >> i) % 2 == 0) continue;
    limit.scoped.push_back(scopes[i]);
    limit.scoped.back().bound =
        bounds[measure][(choice.bound + 1 + i) % 4] + static_cast<std::int64_t>(i);
  }
  return limit;
}

}  // namespace

Documents random_documents(load::Random& random) {
  Documents documents;
  for (std::uint32_t& choice : documents.of) {
    choice = random.below(3) == 0 ? 0 : static_cast<std::uint32_t>(random.below(100'000));
  }
  const std::uint64_t limits = random.below(2) == 0 ? 0 : 1 + random.below(4);
  for (std::uint64_t i = 0; i < limits; ++i) {
    const auto any = [&] { return static_cast<std::uint32_t>(random.below(1'000)); };
    // One in four of all scopes: of more, the most specific would leave the others no room.
    const auto scopes = static_cast<std::uint32_t>(random.below(1'024) & random.below(1'024));
    documents.limits.push_back({any(), any(), any(), any(), any(), scopes});
  }
  return documents;
}

Program program_of(const Documents& documents, std::uint32_t version) {
  const auto& of = documents.of;
  const bool second = version % 2 == 0;
  constexpr const char* zones[] = {"Asia/Shanghai", "Europe/London", "America/New_York",
                                   "America/Santiago"};
  Program program{
      .version = version, .currency = "CNY", .zone = zone_named(zones[of[Documents::zone] % 4])};
  constexpr OffsetRule offsets[] = {{{50'00}, {1'500}, {100}, {300}},
                                    {{10'00}, {10'000}, {10}, {30}},
                                    {{0}, {5'000}, {7}, {3}},
                                    {{20'00}, {9'000}, {1}, {10}}};
  program.offset = offsets[(of[Documents::offset] + (second ? 1 : 0)) % 4];
  const std::uint32_t expiry = of[Documents::expiry];
  program.expiry = {.kind = expiry % 2 == 0 ? ExpiryRule::Kind::end_of_year_after
                                            : ExpiryRule::Kind::end_of_month_after,
                    .ahead = static_cast<int>(expiry / 2 % 3),
                    .give_back_grace_days = static_cast<int>(of[Documents::grace] % 4 * 5)};
  constexpr int cutoffs[] = {0, 1'101, 615, 1'231};
  program.expiry.cutoff_month_day = cutoffs[of[Documents::cutoff] % 4];
  if (second) program.expiry.ahead = (program.expiry.ahead + 1) % 3;
  constexpr Shortfall shortfalls[] = {Shortfall::debt, Shortfall::debt, Shortfall::booked_loss,
                                      Shortfall::refused};
  program.shortfall = shortfalls[of[Documents::shortfall] % 4];
  constexpr std::int64_t minutes[] = {15, 1'440, 1, 120};
  program.hold_timeout = {minutes[of[Documents::hold_timeout] % 4] * 60'000};
  if (of[Documents::tenders] % 2 == 1) program.tenders_without_earning = {"gift", "voucher"};
  add_parties(program, documents, second);
  add_venues(program, documents, second);
  add_promotions(program, documents, second);
  return program;
}

RiskPolicy policy_of(const Documents& documents) {
  RiskPolicy policy{.version = 1};
  for (std::size_t i = 0; i < documents.limits.size(); ++i) {
    policy.limits.push_back(limit_of(documents.limits[i], i));
  }
  return policy;
}

Instant start_of(const Documents& documents) {
  const std::uint32_t choice = documents.of[Documents::start];
  return midnight(2025, 1, 1) + Duration{(choice % 700) * 86'400'000LL + choice % 86'399 * 997LL};
}

std::string text_of(const Documents& documents) {
  std::string text = "documents:";
  for (std::size_t i = 0; i < documents.of.size(); ++i) {
    if (documents.of[i] != 0) absl::StrAppend(&text, " ", names[i], "=", documents.of[i]);
  }
  for (std::size_t i = 0; i < documents.limits.size(); ++i) {
    const Limit limit = limit_of(documents.limits[i], i);
    absl::StrAppend(&text, "\n  limit ", std::string(limit.id.text()), ": measure ",
                    static_cast<int>(limit.measure), " window ", static_cast<int>(limit.window),
                    " seconds ", limit.seconds, " effect ", static_cast<int>(limit.effect),
                    " mode ", static_cast<int>(limit.mode), " bound ", limit.bound);
    for (const ScopedBound& scope : limit.scoped) {
      absl::StrAppend(&text, " [", scope.member, std::string(scope.store.text()),
                      std::string(scope.venue.text()), std::string(scope.format.text()), " ch ",
                      static_cast<int>(scope.channel), ": ", scope.bound, "]");
    }
  }
  return text;
}

}  // namespace wutong::oracle

#include "gateway/documents/risk_document.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "gateway/documents/document_checks.h"
#include "gateway/documents/document_file.h"
#include "wutong/documents/v1/risk_policy.pb.h"

namespace wutong {
namespace {

namespace document = wutong::documents::v1;

domain::Measure measure_of(document::Limit::Measure measure) {
  switch (measure) {
    case document::Limit::ORDERS:
      return domain::Measure::orders;
    case document::Limit::AMOUNT:
      return domain::Measure::amount;
    case document::Limit::POINTS_USED:
      return domain::Measure::points_used;
    case document::Limit::REFUNDS:
      return domain::Measure::refunds;
    default:
      return domain::Measure::points_earned;
  }
}

domain::Window window_of(document::Limit::Window window) {
  switch (window) {
    case document::Limit::CALENDAR_WEEK:
      return domain::Window::calendar_week;
    case document::Limit::CALENDAR_MONTH:
      return domain::Window::calendar_month;
    case document::Limit::SLIDING:
      return domain::Window::sliding;
    default:
      return domain::Window::calendar_day;
  }
}

domain::LimitEffect effect_of(document::Limit::Effect effect) {
  switch (effect) {
    case document::Limit::CAP:
      return domain::LimitEffect::cap;
    case document::Limit::DECLINE:
      return domain::LimitEffect::decline;
    default:
      return domain::LimitEffect::flag;
  }
}

domain::LimitMode mode_of(document::Limit::Mode mode) {
  switch (mode) {
    case document::Limit::SHADOW:
      return domain::LimitMode::shadow;
    case document::Limit::OFF:
      return domain::LimitMode::off;
    default:
      return domain::LimitMode::live;
  }
}

std::int32_t compile_seconds(const document::Limit& from, const DocumentPath& path,
                             DocumentChecks& checks) {
  const auto field = path.field("sliding_seconds");
  if (from.window() != document::Limit::SLIDING) {
    if (from.has_sliding_seconds()) checks.add(field, "is for a SLIDING window alone");
    return 0;
  }
  return static_cast<std::int32_t>(checks.in_range(
      field, from.has_sliding_seconds(), from.sliding_seconds(), {1, domain::sliding_seconds_max}));
}

domain::ScopedBound compile_scope(const document::ScopedBound& from, const DocumentPath& path,
                                  DocumentChecks& checks) {
  domain::ScopedBound to{
      .bound = checks.in_range(path.field("bound"), from.has_bound(), from.bound(), any_amount)};
  const auto id = [&](std::string_view name, const std::string& text) {
    checks.check_id(path.field(name), text);
    return text;
  };
  switch (from.scope_case()) {
    case document::ScopedBound::kMember:
      to.member = id("member", from.member());
      break;
    case document::ScopedBound::kChannel:
      if (from.channel() == 0) checks.add(path.field("channel"), "must be given");
      to.channel = static_cast<domain::Channel>(from.channel());
      break;
    case document::ScopedBound::kStore:
      checks.check_id(path.field("store").field("venue"), from.store().venue());
      checks.check_id(path.field("store").field("store"), from.store().store());
      to.venue = domain::VenueId::intern(from.store().venue());
      to.store = domain::StoreId::intern(from.store().store());
      break;
    case document::ScopedBound::kVenue:
      to.venue = domain::VenueId::intern(id("venue", from.venue()));
      break;
    case document::ScopedBound::kFormat:
      to.format = domain::FormatId::intern(id("format", from.format()));
      break;
    case document::ScopedBound::SCOPE_NOT_SET:
      checks.add(path, "must name a member, channel, store, venue or format");
      break;
  }
  return to;
}

/// What of a scope stands in the order in which scopes precede each other.
auto place_of(const domain::ScopedBound& scope) {
  return std::make_tuple(scope.member.empty(), scope.channel == domain::Channel::unspecified,
                         scope.store.empty(), scope.venue.empty(), scope.format.empty(),
                         std::string_view(scope.member), scope.channel, scope.store.text(),
                         scope.venue.text(), scope.format.text());
}

std::vector<domain::ScopedBound> compile_scopes(const document::Limit& from,
                                                const DocumentPath& path, DocumentChecks& checks) {
  const auto list = path.field("scoped_bounds");
  checks.check_count(list, static_cast<std::size_t>(from.scoped_bounds_size()), {0, 1'000});
  std::vector<domain::ScopedBound> scopes;
  for (const auto& scope : from.scoped_bounds()) {
    scopes.push_back(compile_scope(scope, list.element(scopes.size()), checks));
  }
  const auto in_order = [](const domain::ScopedBound& a, const domain::ScopedBound& b) {
    return place_of(a) < place_of(b);
  };
  std::ranges::sort(scopes, in_order);
  const auto same = [](const domain::ScopedBound& a, const domain::ScopedBound& b) {
    return place_of(a) == place_of(b);
  };
  if (std::ranges::adjacent_find(scopes, same) != scopes.end()) {
    checks.add(list, "name one scope twice");
  }
  return scopes;
}

domain::Limit compile_limit(const document::Limit& from, const DocumentPath& path,
                            DocumentChecks& checks) {
  const auto check_given = [&](std::string_view name, int value) {
    if (value == 0) checks.add(path.field(name), "must be given");
  };
  check_given("measure", from.measure());
  check_given("window", from.window());
  check_given("effect", from.effect());
  if (from.effect() == document::Limit::CAP && from.measure() != 0 &&
      from.measure() != document::Limit::POINTS_EARNED) {
    checks.add(path.field("effect"), "can be CAP for POINTS_EARNED alone");
  }
  return {
      .id = domain::LimitId::intern(from.id()),
      .measure = measure_of(from.measure()),
      .window = window_of(from.window()),
      .seconds = compile_seconds(from, path, checks),
      .effect = effect_of(from.effect()),
      .mode = mode_of(from.mode()),
      .bound = checks.in_range(path.field("bound"), from.has_bound(), from.bound(), any_amount),
      .scoped = compile_scopes(from, path, checks),
  };
}

}  // namespace

DocumentResult<domain::RiskPolicy> compile_risk_policy(std::string_view text) {
  document::RiskPolicy from;
  DocumentPlaces places;
  if (auto errors = parse_document(text, from, places); !errors.empty()) {
    return tl::unexpected(std::move(errors));
  }

  DocumentChecks checks(places);
  auto to = std::make_shared<domain::RiskPolicy>();
  to->version = from.version();
  if (to->version == 0) checks.add({"version", {}}, "must be given, 1 or more");
  const DocumentPath list{"limits", {}};
  checks.check_count(list, static_cast<std::size_t>(from.limits_size()), {0, 100});
  UniqueIds ids(checks);
  for (const auto& limit : from.limits()) {
    const auto path = list.element(to->limits.size()).named("limit", limit.id());
    ids.add(path.field("id"), limit.id());
    to->limits.push_back(compile_limit(limit, path, checks));
  }
  std::ranges::sort(to->limits, {}, &domain::Limit::id);

  if (auto errors = checks.take(); !errors.empty()) return tl::unexpected(std::move(errors));
  return to;
}

DocumentResult<domain::RiskPolicy> load_risk_policy(const std::filesystem::path& file) {
  const auto text = read_document(file);
  if (!text) return tl::unexpected(text.error());
  return compile_risk_policy(*text);
}

}  // namespace wutong

#include "gateway/documents/risk_document.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "gateway/documents/document_checks.h"
#include "gateway/documents/document_file.h"
#include "wutong/documents/v1/risk_policy.pb.h"

namespace wutong {
namespace {

namespace document = wutong::documents::v1;

domain::LimitEffect effect_of(document::Limit::Effect effect) {
  return effect == document::Limit::CAP ? domain::LimitEffect::cap : domain::LimitEffect::flag;
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

domain::Limit compile_limit(const document::Limit& from, const DocumentPath& path,
                            DocumentChecks& checks) {
  const auto check_given = [&](std::string_view name, int value) {
    if (value == 0) checks.add(path.field(name), "must be given");
  };
  check_given("measure", from.measure());
  check_given("window", from.window());
  check_given("effect", from.effect());
  return {
      .id = domain::LimitId::intern(from.id()),
      .measure = domain::Measure::points_earned,
      .window = domain::Window::calendar_day,
      .effect = effect_of(from.effect()),
      .mode = mode_of(from.mode()),
      .bound = checks.in_range(path.field("bound"), from.has_bound(), from.bound(), any_amount),
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
  checks.check_count(list, static_cast<std::size_t>(from.limits_size()), {0, 1'000});
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

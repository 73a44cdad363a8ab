#include "gateway/documents/risk_scopes.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <string>

#include "gateway/documents/document_checks.h"
#include "wutong/documents/v1/risk_policy.pb.h"

namespace wutong {
namespace {

namespace document = wutong::documents::v1;

const domain::Venue* venue_named(const domain::Program& program, const std::string& id) {
  const auto known = domain::VenueId::find(id);
  return known ? program.venue(*known) : nullptr;
}

bool has_store(const domain::Venue& venue, const std::string& id) {
  const auto known = domain::StoreId::find(id);
  return known && venue.stores.contains(*known);
}

bool has_format(const domain::Program& program, const std::string& id) {
  return std::ranges::any_of(program.venues,
                             [&](const auto& venue) { return venue.second.format.text() == id; });
}

void check_scope(const document::ScopedBound& scope, const DocumentPath& path,
                 const domain::Program& program, DocumentChecks& checks) {
  const auto check_venue = [&](const DocumentPath& field, const std::string& id) {
    const domain::Venue* venue = venue_named(program, id);
    if (venue == nullptr) checks.add(field, absl::StrCat("the program has no venue \"", id, "\""));
    return venue;
  };
  if (scope.has_venue()) check_venue(path.field("venue"), scope.venue());
  if (scope.has_store()) {
    const auto field = path.field("store");
    const std::string& store = scope.store().store();
    const domain::Venue* venue = check_venue(field.field("venue"), scope.store().venue());
    if (venue != nullptr && !has_store(*venue, store)) {
      checks.add(field.field("store"), absl::StrCat("the program has no store \"", store,
                                                    "\" in venue \"", scope.store().venue(), "\""));
    }
  }
  if (scope.has_format() && !has_format(program, scope.format())) {
    checks.add(path.field("format"),
               absl::StrCat("the program has no venue of format \"", scope.format(), "\""));
  }
}

}  // namespace

std::vector<DocumentError> scopes_without_traffic(std::string_view policy_text,
                                                  const domain::Program& program) {
  document::RiskPolicy policy;
  DocumentPlaces places;
  if (auto errors = parse_document(policy_text, policy, places); !errors.empty()) return errors;
  DocumentChecks checks(places);
  const DocumentPath limits{"limits", {}};
  for (int i = 0; i < policy.limits_size(); ++i) {
    const document::Limit& limit = policy.limits(i);
    const auto path = limits.element(static_cast<std::size_t>(i)).named("limit", limit.id());
    for (int j = 0; j < limit.scoped_bounds_size(); ++j) {
      check_scope(limit.scoped_bounds(j),
                  path.field("scoped_bounds").element(static_cast<std::size_t>(j)), program,
                  checks);
    }
  }
  return checks.take();
}

}  // namespace wutong

#include <absl/strings/str_cat.h>
#include <absl/time/civil_time.h>

#include <algorithm>
#include <utility>

#include "gateway/documents/program_parts.h"

/// Promotions.
namespace wutong {
namespace {

std::size_t size_of(int size) { return static_cast<std::size_t>(size); }

std::optional<absl::CivilSecond> civil_second_of(const std::string& text) {
  absl::CivilSecond second;
  if (is_shaped_like(text, "0000-00-00T00:00:00") && absl::ParseCivilTime(text, &second)) {
    return second;
  }
  absl::CivilMinute minute;
  if (is_shaped_like(text, "0000-00-00T00:00") && absl::ParseCivilTime(text, &minute)) {
    return absl::CivilSecond(minute);
  }
  return std::nullopt;
}

std::optional<domain::Instant> compile_moment(const std::string& text, const DocumentPath& path,
                                              const absl::TimeZone& zone, DocumentChecks& checks) {
  if (text.empty()) return std::nullopt;
  const auto civil = civil_second_of(text);
  if (!civil) {
    checks.add(path, "must be a date-time of the program's time zone, \"YYYY-MM-DDTHH:MM\"");
    return std::nullopt;
  }
  const auto found = zone.At(*civil);
  const auto moment = found.kind == absl::TimeZone::TimeInfo::SKIPPED ? found.trans : found.pre;
  return domain::Instant{absl::ToUnixMillis(moment)};
}

/// Values that must differ; `known` notes what is wrong with one.
template <typename Known>
std::vector<std::string> compile_values(const google::protobuf::RepeatedPtrField<std::string>& from,
                                        const DocumentPath& path, DocumentChecks& checks,
                                        Known known) {
  checks.check_count(path, size_of(from.size()), {0, 10'000});
  std::vector<std::string> values;
  UniqueIds unique(checks);
  for (const auto& value : from) {
    const auto inner = path.element(values.size());
    unique.add(inner, value);
    if (!value.empty()) known(inner, value);
    values.push_back(value);
  }
  return values;
}

template <typename Id>
std::vector<Id> interned(const std::vector<std::string>& texts) {
  std::vector<Id> ids;
  for (const auto& text : texts) ids.push_back(Id::intern(text));
  return ids;
}

class PromotionCompiler {
 public:
  PromotionCompiler(const document::Promotion& from, DocumentPath path, DocumentChecks& checks,
                    const ProgramIds& ids)
      : from_(from), path_(std::move(path)), checks_(checks), ids_(ids) {}

  domain::Promotion compile(const absl::TimeZone& zone) {
    domain::Promotion to;
    to.id = domain::PromotionId::intern(from_.id());
    if (!from_.stacking_group().empty()) {
      checks_.check_id(path_.field("stacking_group"), from_.stacking_group());
      to.stacking_group = domain::Symbol::intern(from_.stacking_group());
    }
    compile_when(to, zone);
    compile_where(to);
    compile_reward(to);
    if (from_.funding_size() == 0) checks_.add(path_.field("funding"), "must be given");
    to.funding = compile_funding(from_.funding(), path_.field("funding"), checks_, ids_);
    to.lost_below_threshold = from_.lost_below_threshold();
    return to;
  }

 private:
  void compile_when(domain::Promotion& to, const absl::TimeZone& zone) {
    to.starts_at = compile_moment(from_.starts_at(), path_.field("starts_at"), zone, checks_);
    to.ends_at = compile_moment(from_.ends_at(), path_.field("ends_at"), zone, checks_);
    if (to.starts_at && to.ends_at && *to.ends_at <= *to.starts_at) {
      checks_.add(path_.field("ends_at"), "must be after starts_at");
    }
    if (from_.weekdays_size() == 0) return;
    to.weekdays = 0;
    const auto list = path_.field("weekdays");
    for (int i = 0; i < from_.weekdays_size(); ++i) {
      const auto bit = 1U << static_cast<unsigned>(from_.weekdays(i) - document::MONDAY);
      if ((to.weekdays & bit) != 0) checks_.add(list.element(size_of(i)), "is given twice");
      to.weekdays = static_cast<std::uint8_t>(to.weekdays | bit);
    }
  }

  auto known_store() {
    return [this](const DocumentPath& path, const std::string& id) {
      if (!ids_.stores.contains(id)) {
        checks_.add(path, absl::StrCat("no store has the id \"", id, "\""));
      }
    };
  }

  void compile_where(domain::Promotion& to) {
    to.venues = interned<domain::VenueId>(compile_values(
        from_.venues(), path_.field("venues"), checks_,
        [this](const auto& path, const auto& id) { ids_.venues.check_known(path, "venue", id); }));
    to.formats = interned<domain::FormatId>(compile_values(
        from_.formats(), path_.field("formats"), checks_, [this](const auto& path, const auto& id) {
          ids_.formats.check_known(path, "format", id);
        }));
    to.stores = interned<domain::StoreId>(
        compile_values(from_.stores(), path_.field("stores"), checks_, known_store()));
  }

  void compile_reward(domain::Promotion& to) {
    switch (from_.reward_case()) {
      case document::Promotion::kMultiplier:
        return compile_multiplier(from_.multiplier(), path_.field("multiplier"), to);
      case document::Promotion::kFixedBonus: {
        const auto& bonus = from_.fixed_bonus();
        const auto path = path_.field("fixed_bonus");
        to.fixed = {
            checks_.in_range(path.field("points"), bonus.has_points(), bonus.points(), any_points)};
        to.fixed_from = {checks_.in_range(path.field("from_minor_units"),
                                          bonus.has_from_minor_units(), bonus.from_minor_units(),
                                          any_amount, 0)};
        return;
      }
      case document::Promotion::REWARD_NOT_SET:
        return checks_.add(path_, "must have a multiplier or a fixed_bonus");
    }
  }

  void compile_multiplier(const document::Multiplier& from, const DocumentPath& path,
                          domain::Promotion& to) {
    const auto list = path.field("steps");
    checks_.check_count(list, size_of(from.steps_size()), {1, 100});
    for (int i = 0; i < from.steps_size(); ++i) {
      const auto& step = from.steps(i);
      const auto inner = list.element(size_of(i));
      const domain::Step compiled{
          .from = {checks_.in_range(inner.field("from_minor_units"), step.has_from_minor_units(),
                                    step.from_minor_units(), any_amount, 0)},
          .multiplier = {checks_.in_range(
              inner.field("multiplier_basis_points"), step.has_multiplier_basis_points(),
              step.multiplier_basis_points(), {domain::basis_points_of_one, 1'000'000})}};
      if (!to.steps.empty() && compiled.from <= to.steps.back().from) {
        checks_.add(inner.field("from_minor_units"), "must be above the step before");
      }
      to.steps.push_back(compiled);
    }
    compile_lines(from.lines(), path.field("lines"), to.lines);
  }

  void compile_lines(const document::LineFilter& from, const DocumentPath& path,
                     domain::LineFilter& to) {
    const auto anything = [](const auto&, const auto&) {};
    to.skus = compile_values(from.skus(), path.field("skus"), checks_, anything);
    to.categories = compile_values(from.categories(), path.field("categories"), checks_, anything);
    to.brands = compile_values(from.brands(), path.field("brands"), checks_, anything);
    to.stores = interned<domain::StoreId>(
        compile_values(from.stores(), path.field("stores"), checks_, known_store()));
  }

  const document::Promotion& from_;
  DocumentPath path_;
  DocumentChecks& checks_;
  const ProgramIds& ids_;
};

}  // namespace

void compile_promotions(const document::Program& from, DocumentChecks& checks,
                        const ProgramIds& ids, domain::Program& to) {
  for (int i = 0; i < from.promotions_size(); ++i) {
    const auto& promotion = from.promotions(i);
    auto path =
        DocumentPath{"promotions", {}}.element(size_of(i)).named("promotion", promotion.id());
    to.promotions.push_back(
        PromotionCompiler(promotion, std::move(path), checks, ids).compile(to.zone));
  }
  std::ranges::sort(to.promotions, {}, &domain::Promotion::id);
}

}  // namespace wutong

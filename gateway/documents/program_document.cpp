#include "gateway/documents/program_document.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "actors/domain/keeping.h"
#include "gateway/documents/document_file.h"
#include "gateway/documents/program_parts.h"

namespace wutong {
namespace {

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t day_ms = 86'400'000;

void compile_currency(const document::Program& from, DocumentChecks& checks, domain::Program& to) {
  to.currency = from.currency();
  const bool three_capitals =
      to.currency.size() == 3 &&
      std::ranges::all_of(to.currency, [](unsigned char c) { return absl::ascii_isupper(c); });
  if (!three_capitals) checks.add({"currency", {}}, "must be three capital letters of ISO 4217");
}

void compile_zone(const document::Program& from, DocumentChecks& checks, domain::Program& to) {
  const auto& name = from.time_zone();
  if (name.empty()) return checks.add({"time_zone", {}}, "must be given");
  // These would mean something else on another machine. A path may also lead there: no zone has a dot.
  const bool of_this_machine = name == "localtime" || absl::StartsWith(name, "libc:") ||
                               absl::StartsWith(name, "file:") || absl::StrContains(name, '.') ||
                               name.front() == '/' || name.front() == ':';
  if (of_this_machine || !absl::LoadTimeZone(name, &to.zone)) {
    checks.add({"time_zone", {}}, absl::StrCat("\"", name, "\" is not a time zone of IANA's list"));
  }
}

void compile_bounds(const document::Program& from, DocumentChecks& checks, domain::Program& to) {
  const auto& bounds = from.bounds();
  const DocumentPath path{"bounds", {}};
  const auto seconds = [&](std::string_view name, bool given, std::int64_t value, std::int64_t most,
                           std::int64_t otherwise) {
    return checks.in_range(path.field(name), given, value, {0, most}, otherwise) * second_ms;
  };
  to.bounds.clock_skew_max = {seconds("clock_skew_max_seconds", bounds.has_clock_skew_max_seconds(),
                                      bounds.clock_skew_max_seconds(), 3'600, 300)};
  to.bounds.late_after = {seconds("late_after_seconds", bounds.has_late_after_seconds(),
                                  bounds.late_after_seconds(), 86'400, 300)};
  to.bounds.backdating_max = {
      checks.in_range(path.field("backdating_max_days"), bounds.has_backdating_max_days(),
                      bounds.backdating_max_days(), {0, domain::backdating_days_max}, 7) *
      day_ms};
}

void compile_offset(const document::Program& from, DocumentChecks& checks, domain::Program& to) {
  const auto& offset = from.offset();
  const DocumentPath path{"offset", {}};
  to.offset.threshold = {checks.in_range(path.field("threshold_minor_units"),
                                         offset.has_threshold_minor_units(),
                                         offset.threshold_minor_units(), any_amount, 0)};
  to.offset.share = {checks.in_range(path.field("share_basis_points"),
                                     offset.has_share_basis_points(), offset.share_basis_points(),
                                     {0, domain::basis_points_of_one}, 1'500)};
  to.offset.step_points = {checks.in_range(path.field("step_points"), offset.has_step_points(),
                                           offset.step_points(), {1, 1'000'000}, 100)};
  to.offset.step_value = {checks.in_range(path.field("step_minor_units"),
                                          offset.has_step_minor_units(), offset.step_minor_units(),
                                          {1, 1'000'000'000}, 300)};
}

/// Month × 100 + day of "MM-DD"; 0 for what is no day of any year.
int month_day_of(const std::string& text) {
  constexpr int days_of_month[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int month = 0;
  int day = 0;
  const bool shaped = is_shaped_like(text, "00-00") &&
                      absl::SimpleAtoi(text.substr(0, 2), &month) &&
                      absl::SimpleAtoi(text.substr(3), &day);
  if (!shaped || month < 1 || month > 12 || day < 1 || day > days_of_month[month - 1]) return 0;
  return month * 100 + day;
}

void compile_expiry(const document::Program& from, DocumentChecks& checks, domain::Program& to) {
  const DocumentPath path{"expiry", {}};
  to.expiry.give_back_grace_days = static_cast<int>(
      checks.in_range(path.field("give_back_grace_days"), from.expiry().has_give_back_grace_days(),
                      from.expiry().give_back_grace_days(), {0, 366}, 0));
  switch (from.expiry().rule_case()) {
    case document::Expiry::kEndOfMonth: {
      const auto& rule = from.expiry().end_of_month();
      to.expiry.kind = domain::ExpiryRule::Kind::end_of_month_after;
      to.expiry.ahead = static_cast<int>(checks.in_range(
          path.field("end_of_month").field("months"), rule.has_months(), rule.months(), {0, 120}));
      return;
    }
    case document::Expiry::kEndOfYear: {
      const auto& rule = from.expiry().end_of_year();
      const auto inner = path.field("end_of_year");
      to.expiry.kind = domain::ExpiryRule::Kind::end_of_year_after;
      to.expiry.ahead = static_cast<int>(
          checks.in_range(inner.field("years"), rule.has_years(), rule.years(), {0, 2}));
      if (rule.cutoff().empty()) return;
      to.expiry.cutoff_month_day = month_day_of(rule.cutoff());
      if (to.expiry.cutoff_month_day == 0) {
        checks.add(inner.field("cutoff"), "must be a day of the year, \"MM-DD\"");
      }
      return;
    }
    case document::Expiry::RULE_NOT_SET:
      return checks.add(path, "must be given: end_of_month or end_of_year");
  }
}

void compile_holdings(const document::Program& from, DocumentChecks& checks, domain::Program& to) {
  constexpr std::int64_t day_seconds = 86'400;
  to.hold_timeout = {checks.in_range({"hold_timeout_seconds", {}}, from.has_hold_timeout_seconds(),
                                     from.hold_timeout_seconds(), {1, day_seconds}, 900) *
                     1'000};
  switch (from.shortfall()) {
    case document::BOOKED_LOSS:
      to.shortfall = domain::Shortfall::booked_loss;
      break;
    case document::REFUSED:
      to.shortfall = domain::Shortfall::refused;
      break;
    default:
      to.shortfall = domain::Shortfall::debt;
      break;
  }
}

void compile_tenders(const document::Program& from, DocumentChecks& checks, domain::Program& to) {
  const DocumentPath path{"tenders_without_earning", {}};
  checks.check_count(path, static_cast<std::size_t>(from.tenders_without_earning_size()),
                     {0, 1'000});
  UniqueIds kinds(checks);
  for (const auto& kind : from.tenders_without_earning()) {
    kinds.add(path.element(to.tenders_without_earning.size()), kind);
    to.tenders_without_earning.push_back(kind);
  }
}

}  // namespace

DocumentResult<domain::Program> compile_program(std::string_view text) {
  document::Program from;
  DocumentPlaces places;
  if (auto errors = parse_document(text, from, places); !errors.empty()) {
    return tl::unexpected(std::move(errors));
  }

  DocumentChecks checks(places);
  ProgramIds ids(checks);
  collect_ids(from, checks, ids);
  auto to = std::make_shared<domain::Program>();
  to->version = from.version();
  if (to->version == 0) checks.add({"version", {}}, "must be given, 1 or more");
  compile_currency(from, checks, *to);
  compile_zone(from, checks, *to);
  compile_bounds(from, checks, *to);
  compile_offset(from, checks, *to);
  compile_expiry(from, checks, *to);
  compile_holdings(from, checks, *to);
  compile_tenders(from, checks, *to);
  compile_parties(from, checks, ids, *to);
  compile_venues(from, checks, ids, *to);
  compile_promotions(from, checks, ids, *to);

  if (auto errors = checks.take(); !errors.empty()) return tl::unexpected(std::move(errors));
  return to;
}

DocumentResult<domain::Program> load_program(const std::filesystem::path& file) {
  const auto text = read_document(file);
  if (!text) return tl::unexpected(text.error());
  return compile_program(*text);
}

}  // namespace wutong

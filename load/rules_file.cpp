#include "load/rules_file.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <google/protobuf/util/json_util.h>
#include <wutong/documents/v1/program.pb.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace wutong::load {
namespace {

namespace documents = wutong::documents::v1;

Rate rate_of(const documents::Rate& rate) {
  return {.points = rate.points(), .per_minor = rate.per_minor_units()};
}

template <typename Shares>
std::vector<Share> shares_of(const Shares& shares) {
  std::vector<Share> out;
  for (const documents::FundingShare& share : shares) {
    out.push_back({share.party(), share.share_basis_points()});
  }
  return out;
}

template <typename Texts>
std::vector<std::string> texts_of(const Texts& texts) {
  return {texts.begin(), texts.end()};
}

tl::expected<Venue, std::string> venue_of(const documents::Venue& venue,
                                          const documents::Program& program) {
  Venue out{.id = venue.id(),
            .format = venue.format(),
            .party = venue.party(),
            .funding = shares_of(venue.funding()),
            .refunds_orders_of = texts_of(venue.refunds_orders_of())};
  const auto format = std::ranges::find(program.formats(), venue.format(), &documents::Format::id);
  if (venue.has_rate()) {
    out.rate = rate_of(venue.rate());
  } else if (format != program.formats().end() && format->has_rate()) {
    out.rate = rate_of(format->rate());
  } else {
    return tl::unexpected(absl::StrCat("venue ", venue.id(), " has no rate"));
  }
  for (const documents::Store& store : venue.stores()) {
    out.stores.push_back({.id = store.id(), .party = store.party()});
    if (store.has_rate()) out.stores.back().rate = rate_of(store.rate());
  }
  return out;
}

/// Of a civil date-time in the program's time zone; one that a clock change skips is the moment of
/// the change, of one that comes twice it is the first.
tl::expected<std::optional<std::int64_t>, std::string> instant_of(const std::string& text,
                                                                  absl::TimeZone zone) {
  if (text.empty()) return std::nullopt;
  absl::CivilSecond second;
  if (!absl::ParseLenientCivilTime(text, &second)) {
    return tl::unexpected(absl::StrCat("'", text, "' is not a date and time"));
  }
  const absl::TimeZone::TimeInfo info = zone.At(second);
  const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  return absl::ToUnixMillis(skipped ? info.trans : info.pre);
}

tl::expected<Promotion, std::string> promotion_of(const documents::Promotion& promotion,
                                                  absl::TimeZone zone) {
  Promotion out{.id = promotion.id(),
                .stacking_group = promotion.stacking_group(),
                .venues = texts_of(promotion.venues()),
                .formats = texts_of(promotion.formats()),
                .stores = texts_of(promotion.stores()),
                .fixed_points = promotion.fixed_bonus().points(),
                .fixed_from_minor = promotion.fixed_bonus().from_minor_units(),
                .funding = shares_of(promotion.funding()),
                .lost_below_threshold = promotion.lost_below_threshold()};
  const auto starts = instant_of(promotion.starts_at(), zone);
  const auto ends = instant_of(promotion.ends_at(), zone);
  if (!starts) return tl::unexpected(starts.error());
  if (!ends) return tl::unexpected(ends.error());
  out.starts_at_unix_ms = *starts;
  out.ends_at_unix_ms = *ends;
  if (!promotion.weekdays().empty()) out.weekdays.fill(false);
  for (const int weekday : promotion.weekdays()) {
    if (weekday < documents::MONDAY || weekday > documents::SUNDAY) continue;
    out.weekdays[static_cast<std::size_t>(weekday - documents::MONDAY)] = true;
  }
  for (const documents::Step& step : promotion.multiplier().steps()) {
    out.steps.push_back({step.from_minor_units(), step.multiplier_basis_points()});
  }
  const documents::LineFilter& lines = promotion.multiplier().lines();
  out.lines = {texts_of(lines.skus()), texts_of(lines.categories()), texts_of(lines.brands()),
               texts_of(lines.stores())};
  return out;
}

OffsetRule offset_of(const documents::Offset& offset) {
  OffsetRule rule;
  if (offset.has_threshold_minor_units()) rule.threshold_minor = offset.threshold_minor_units();
  if (offset.has_share_basis_points()) rule.share_basis_points = offset.share_basis_points();
  if (offset.has_step_points()) rule.step_points = offset.step_points();
  if (offset.has_step_minor_units()) rule.step_minor = offset.step_minor_units();
  return rule;
}

tl::expected<ExpiryRule, std::string> expiry_of(const documents::Expiry& expiry) {
  ExpiryRule rule{.give_back_grace_days = expiry.give_back_grace_days()};
  if (expiry.has_end_of_month()) {
    rule.end_of_month_after = expiry.end_of_month().months();
    return rule;
  }
  if (!expiry.has_end_of_year()) return tl::unexpected(std::string("expiry has no rule"));
  rule.end_of_year_after = expiry.end_of_year().years();
  const std::string& cutoff = expiry.end_of_year().cutoff();
  if (cutoff.empty()) return rule;
  absl::CivilDay day;
  // A leap year, so that February 29 can be told.
  if (!absl::ParseCivilTime(absl::StrCat("2000-", cutoff), &day)) {
    return tl::unexpected(absl::StrCat("'", cutoff, "' is not a day of the year"));
  }
  rule.cutoff_month_day = day.month() * 100 + day.day();
  return rule;
}

}  // namespace

tl::expected<Rules, std::string> rules_of_text(const std::string& json) {
  documents::Program program;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &program);
  if (!parsed.ok()) return tl::unexpected(parsed.ToString());

  Rules rules{.currency = program.currency(),
              .offset = offset_of(program.offset()),
              .tenders_without_earning = texts_of(program.tenders_without_earning())};
  if (!absl::LoadTimeZone(program.time_zone(), &rules.zone)) {
    return tl::unexpected(absl::StrCat("no time zone '", program.time_zone(), "'"));
  }
  if (program.bounds().has_late_after_seconds()) {
    rules.late_after_ms = std::int64_t{program.bounds().late_after_seconds()} * 1'000;
  }
  const auto expiry = expiry_of(program.expiry());
  if (!expiry) return tl::unexpected(expiry.error());
  rules.expiry = *expiry;
  for (const documents::Party& party : program.parties()) {
    rules.parties[party.id()] = {party.price_thousandths()};
  }
  for (const documents::Venue& document : program.venues()) {
    auto venue = venue_of(document, program);
    if (!venue) return tl::unexpected(venue.error());
    rules.venues.push_back(*std::move(venue));
  }
  for (const documents::Promotion& document : program.promotions()) {
    auto promotion = promotion_of(document, rules.zone);
    if (!promotion) return tl::unexpected(promotion.error());
    rules.promotions.push_back(*std::move(promotion));
  }
  std::ranges::sort(rules.promotions, {}, &Promotion::id);
  return rules;
}

tl::expected<Rules, std::string> rules_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return tl::unexpected(absl::StrCat("cannot read ", path));
  std::ostringstream text;
  text << in.rdbuf();
  auto rules = rules_of_text(text.str());
  if (!rules) return tl::unexpected(absl::StrCat(path, ": ", rules.error()));
  return rules;
}

tl::expected<Rules, std::string> rules_with_venue(const std::string& path) {
  auto rules = rules_of_file(path);
  if (rules && rules->venues.empty())
    return tl::unexpected(std::string("a program without venues"));
  return rules;
}

}  // namespace wutong::load

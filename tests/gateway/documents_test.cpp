#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/documents/program_document.h"
#include "gateway/documents/risk_document.h"
#include "tests/gateway/documents_fixture.h"
#include "tests/support/program_p0.h"

namespace wutong {
namespace {

using ::testing::ElementsAre;
using testing::errors_of;
using testing::good_program;
using ::testing::IsEmpty;

const std::filesystem::path source_dir = WUTONG_SOURCE_DIR;

std::string text_in(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Everything of a program as text, so that two can be compared and a difference be read.
std::string describe(const domain::Program& program);

TEST(Documents, ProgramP0IsTheOneOfTheDomainsTests) {
  const auto program = load_program(source_dir / "tests/data/p0.json");

  ASSERT_THAT(errors_of(program), IsEmpty());
  EXPECT_EQ(describe(**program), describe(testing::program_p0()));
}

TEST(Documents, EveryDocumentThatIsShippedOrTestedWithCompiles) {
  for (const auto* folder : {"ops/program", "tests/data"}) {
    for (const auto& entry : std::filesystem::directory_iterator(source_dir / folder)) {
      if (entry.path().extension() != ".json") continue;
      const bool is_policy = entry.path().filename().string().find("policy") != std::string::npos;
      const auto errors = is_policy ? errors_of(load_risk_policy(entry.path()))
                                    : errors_of(load_program(entry.path()));
      EXPECT_THAT(errors, IsEmpty()) << entry.path();
    }
  }
}

TEST(Documents, TheSampleIsAGroupOfTwelveVenuesInFourFormats) {
  const auto program = load_program(source_dir / "ops/program/program.json");

  ASSERT_TRUE(program.has_value());
  EXPECT_EQ((*program)->venues.size(), 12U);
  EXPECT_EQ((*program)->parties.size(), 7U);
  EXPECT_TRUE(std::ranges::is_sorted((*program)->promotions, {}, &domain::Promotion::id));
}

TEST(Documents, EverythingThatIsLeftOutHasItsDefault) {
  const auto program = compile_program(
      R"({"version": 7, "currency": "CNY", "time_zone": "UTC",
          "expiry": {"end_of_month": {"months": 24}},
          "parties": [{"id": "P", "price_thousandths": 0}],
          "formats": [{"id": "f", "rate": {"points": 0, "per_minor_units": 1}}],
          "venues": [{"id": "V", "format": "f", "party": "P", "stores": [{"id": "s"}]}]})");

  ASSERT_THAT(errors_of(program), IsEmpty());
  const auto& compiled = **program;
  EXPECT_EQ(compiled.bounds.clock_skew_max, domain::Duration{300'000});
  EXPECT_EQ(compiled.bounds.backdating_max, domain::Duration{7 * 86'400'000LL});
  EXPECT_EQ(compiled.bounds.late_after, domain::Duration{300'000});
  EXPECT_EQ(compiled.offset.threshold, domain::Money{0});
  EXPECT_EQ(compiled.offset.share, domain::BasisPoints{1'500});
  EXPECT_EQ(compiled.offset.step_points, domain::Points{100});
  EXPECT_EQ(compiled.offset.step_value, domain::Money{300});
  EXPECT_EQ(compiled.expiry.ahead, 24);
  EXPECT_EQ(compiled.expiry.give_back_grace_days, 0);
  EXPECT_EQ(compiled.shortfall, domain::Shortfall::debt);
  EXPECT_EQ(compiled.hold_timeout, domain::Duration{900'000});
  const auto& venue = *compiled.venue(domain::VenueId::intern("V"));
  EXPECT_THAT(venue.refunds_orders_of, ElementsAre(domain::VenueId::intern("V")));
  EXPECT_THAT(venue.funding, IsEmpty());
  const auto& store = venue.stores.at(domain::StoreId::intern("s"));
  EXPECT_TRUE(store.party.empty());
  EXPECT_FALSE(store.rate.has_value());
}

TEST(Documents, AWindowIsOfTheProgramsTimeZone) {
  const auto window = [](const std::string& zone, const std::string& starts_at) {
    const auto program = compile_program(absl::StrReplaceAll(
        good_program,
        {{"Asia/Shanghai", zone},
         {R"({"id": "S", )", R"({"id": "S", "starts_at": ")" + starts_at + R"(", )"}}));
    return program.has_value() ? (*program)->promotions.at(0).starts_at.value_or(domain::Instant{})
                               : domain::Instant{};
  };

  EXPECT_EQ(window("Asia/Shanghai", "2026-11-20T00:00"), testing::at("2026-11-20 00:00:00"));
  EXPECT_EQ(window("Asia/Shanghai", "2026-11-20T23:59:59"), testing::at("2026-11-20 23:59:59"));
  // Skipped by a clock change: the moment of the change. There twice: the first of the two.
  EXPECT_EQ(window("Europe/London", "2026-03-29T01:30"), testing::at("2026-03-29 01:00:00", "UTC"));
  EXPECT_EQ(window("Europe/London", "2026-10-25T01:30"), testing::at("2026-10-25 00:30:00", "UTC"));
}

TEST(Documents, PromotionsComeInTheByteOrderOfTheirIds) {
  const auto text = absl::StrReplaceAll(good_program, {{R"("promotions": [)",
                                                        R"("promotions": [
          {"id": "b", "fixed_bonus": {"points": 1}, "funding": [{"party": "MALL", "share_basis_points": 10000}]},
          {"id": "B", "fixed_bonus": {"points": 2}, "funding": [{"party": "MALL", "share_basis_points": 10000}]},)"}});

  const auto program = compile_program(text);

  ASSERT_THAT(errors_of(program), IsEmpty());
  std::vector<std::string> ids;
  for (const auto& promotion : (*program)->promotions) ids.emplace_back(promotion.id.text());
  EXPECT_THAT(ids, ElementsAre("B", "S", "b"));
}

TEST(Documents, AFileThatCannotBeReadIsToldWithoutAPlace) {
  const auto program = load_program(source_dir / "no-such-file.json");

  EXPECT_THAT(errors_of(program), ElementsAre("cannot be read: No such file or directory"));
}

TEST(Documents, NoCutOfADocumentCrashes) {
  const auto text = text_in(source_dir / "ops/program/program.json");
  for (std::size_t length = 0; length + 2 < text.size(); length += 7) {
    EXPECT_FALSE(compile_program(std::string_view(text).substr(0, length)).has_value()) << length;
  }
}

// --- Programs as text

std::string describe(const domain::EarningRate& rate) {
  return absl::StrCat(rate.points.count, "/", rate.per.minor_units);
}

std::string describe(const std::vector<domain::FundingShare>& shares) {
  std::string text;
  for (const auto& share : shares) {
    absl::StrAppend(&text, std::string(share.party.text()), ":", share.share.count, " ");
  }
  return text;
}

template <typename Ids>
std::string describe_ids(const Ids& ids) {
  std::string text;
  for (const auto& id : ids) absl::StrAppend(&text, std::string(id.text()), " ");
  return text;
}

std::string describe(const domain::Venue& venue) {
  std::vector<std::string> stores;
  for (const auto& [id, store] : venue.stores) {
    stores.push_back(absl::StrCat(std::string(id.text()), " ", std::string(store.party.text()), " ",
                                  store.rate ? describe(*store.rate) : ""));
  }
  std::ranges::sort(stores);
  auto text = absl::StrCat(std::string(venue.id.text()), " ", std::string(venue.format.text()), " ",
                           std::string(venue.party.text()), " ");
  absl::StrAppend(&text, describe(venue.funding), describe(venue.rate), " refunds ",
                  describe_ids(venue.refunds_orders_of), "stores");
  for (const auto& store : stores) absl::StrAppend(&text, " ", store);
  return text;
}

std::string describe(const domain::Promotion& promotion) {
  auto text =
      absl::StrCat(std::string(promotion.id.text()), " group ",
                   std::string(promotion.stacking_group.text()), " weekdays ", promotion.weekdays);
  for (const auto& moment : {promotion.starts_at, promotion.ends_at}) {
    absl::StrAppend(&text, " at ", moment ? moment->unix_ms : -1);
  }
  absl::StrAppend(&text, " in ", describe_ids(promotion.venues), "/",
                  describe_ids(promotion.formats), "/", describe_ids(promotion.stores), " steps");
  for (const auto& step : promotion.steps) {
    absl::StrAppend(&text, " ", step.from.minor_units, ":", step.multiplier.count);
  }
  absl::StrAppend(&text, " fixed ", promotion.fixed.count, " from ",
                  promotion.fixed_from.minor_units, " ", describe(promotion.funding),
                  promotion.lines.counts_all() ? "all" : "some", " ",
                  promotion.lost_below_threshold ? "lost" : "kept");
  return text;
}

std::string describe(const domain::Program& program) {
  std::vector<std::string> parts;
  for (const auto& [id, party] : program.parties) {
    parts.push_back(absl::StrCat("party ", std::string(id.text()), " ", party.price.thousandths,
                                 " ", std::string(party.breakage.text())));
  }
  for (const auto& [id, venue] : program.venues) parts.push_back("venue " + describe(venue));
  std::ranges::sort(parts);
  for (const auto& promotion : program.promotions) {
    parts.push_back("promotion " + describe(promotion));
  }
  for (const auto& kind : program.tenders_without_earning) parts.push_back("tender " + kind);
  auto text = absl::StrCat(program.version, " ", program.currency, " ", program.zone.name(), "\n");
  absl::StrAppend(&text, program.bounds.clock_skew_max.ms, " ", program.bounds.backdating_max.ms,
                  " ", program.bounds.late_after.ms, "\n");
  absl::StrAppend(&text, program.offset.threshold.minor_units, " ", program.offset.share.count, " ",
                  program.offset.step_points.count, " ", program.offset.step_value.minor_units);
  absl::StrAppend(&text, "\n", static_cast<int>(program.expiry.kind), " ", program.expiry.ahead,
                  " ", program.expiry.cutoff_month_day, " ", program.expiry.give_back_grace_days,
                  "\n");
  for (const auto& part : parts) absl::StrAppend(&text, part, "\n");
  return text;
}

}  // namespace
}  // namespace wutong

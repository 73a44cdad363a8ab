#pragma once

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// The program as the load generator understands it: what venues there are, and what the naive model
/// computes points by. Plain values, read once from the document that the gateway reads too; money in
/// minor units, instants in Unix milliseconds.
namespace wutong::load {

constexpr std::int64_t basis_points_of_one = 10'000;

struct Rate {
  std::int64_t points = 0;
  std::int64_t per_minor = 1;
};

struct Share {
  std::string party;
  std::int64_t basis_points = basis_points_of_one;
};

struct Party {
  std::int64_t price_thousandths = 0;
};

struct Store {
  std::string id;
  std::string party;
  std::optional<Rate> rate;
};

struct Venue {
  std::string id;
  std::string format;
  std::string party;
  /// Its own, or its format's.
  Rate rate;
  std::vector<Share> funding;
  std::vector<Store> stores;
  /// Ids of other venues whose orders may be refunded here.
  std::vector<std::string> refunds_orders_of;

  /// Nothing where the venue has no such store.
  [[nodiscard]] const Store* store(const std::string& store_id) const;
};

struct Step {
  std::int64_t from_minor = 0;
  std::int64_t multiplier_basis_points = basis_points_of_one;
};

/// Basket lines that carry one of the values of every list that is not empty.
struct LineFilter {
  std::vector<std::string> skus;
  std::vector<std::string> categories;
  std::vector<std::string> brands;
  std::vector<std::string> stores;
};

struct Promotion {
  std::string id;
  std::string stacking_group;
  std::optional<std::int64_t> starts_at_unix_ms;
  std::optional<std::int64_t> ends_at_unix_ms;
  std::vector<std::string> venues;
  std::vector<std::string> formats;
  std::vector<std::string> stores;
  /// From Monday.
  std::array<bool, 7> weekdays = {true, true, true, true, true, true, true};
  /// A multiplier in steps, ascending; or, if empty, a fixed bonus.
  std::vector<Step> steps;
  LineFilter lines;
  std::int64_t fixed_points = 0;
  std::int64_t fixed_from_minor = 0;
  std::vector<Share> funding;
  bool lost_below_threshold = false;
};

struct OffsetRule {
  std::int64_t threshold_minor = 0;
  std::int64_t share_basis_points = 1'500;
  std::int64_t step_points = 100;
  std::int64_t step_minor = 300;
};

struct ExpiryRule {
  /// Exactly one of the two is set.
  std::optional<int> end_of_month_after;
  std::optional<int> end_of_year_after;
  /// With years: orders from this day of the year on count to the next, month × 100 + day; 0 is none.
  int cutoff_month_day = 0;
  /// How much longer points live that are given back after their day; with 0 they are gone at once.
  int give_back_grace_days = 0;
};

struct Rules {
  std::string currency;
  absl::TimeZone zone;
  std::int64_t late_after_ms = 5 * 60'000;
  OffsetRule offset;
  ExpiryRule expiry;
  std::map<std::string, Party> parties;
  std::vector<Venue> venues;
  /// Ascending by id, in byte order.
  std::vector<Promotion> promotions;
  std::vector<std::string> tenders_without_earning;

  /// Nothing where there is no such venue.
  [[nodiscard]] const Venue* venue(const std::string& venue_id) const;
  /// The calendar day of an instant in the program's time zone.
  [[nodiscard]] absl::CivilDay day_of(std::int64_t unix_ms) const;
  /// The last day on which points can be used that an order of `business_day` earns.
  [[nodiscard]] absl::CivilDay expiry_of(absl::CivilDay business_day) const;
  /// The last day of points that ended on `expires_on` and are given back on `today`.
  [[nodiscard]] absl::CivilDay give_back_expiry_of(absl::CivilDay expires_on,
                                                   absl::CivilDay today) const;
};

}  // namespace wutong::load

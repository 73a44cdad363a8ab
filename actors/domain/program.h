#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/domain/quantities.h"
#include "actors/domain/symbol.h"

/// The loyalty program as the rules need it: compiled from a document, immutable, shared by all
/// shards. Nothing keeps a pointer into it beyond a decision, so that a new version can take its place
/// at any time; what must last is in the event.
namespace wutong::domain {

/// Points for each `per` of eligible spend.
struct EarningRate {
  Points points;
  Money per;
};

/// A party's share of what a promotion or a base award costs; the shares of one award sum to 10,000.
struct FundingShare {
  PartyId party;
  BasisPoints share;
};

/// Who settles points with the pool, at which price a point, and who gets what expires.
struct Party {
  PartyId id;
  MilliMoney price;
  /// The party that expired points of this party are paid back to: itself, or the group's.
  PartyId breakage;
};

struct Store {
  StoreId id;
  /// Settles points that goods of this store are paid with, and funds its base award.
  PartyId party;
  std::optional<EarningRate> rate;
};

struct Venue {
  VenueId id;
  FormatId format;
  /// Accepts points used here; funds base awards where `funding` is empty.
  PartyId party;
  std::vector<FundingShare> funding;
  /// The most specific of format and venue.
  EarningRate rate;
  absl::flat_hash_map<StoreId, Store> stores;
  /// Venues whose orders may be refunded here, this one included.
  std::vector<VenueId> refunds_orders_of;
};

/// From `from` of eligible spend on, the multiplier that applies to the whole of it.
struct Step {
  Money from;
  BasisPoints multiplier;
};

/// Which lines of a basket a multiplier counts; empty members do not restrict.
struct LineFilter {
  std::vector<std::string> skus;
  std::vector<std::string> categories;
  std::vector<std::string> brands;
  std::vector<StoreId> stores;

  [[nodiscard]] bool counts_all() const {
    return skus.empty() && categories.empty() && brands.empty() && stores.empty();
  }
};

/// A multiplier in steps, or a fixed bonus; one of the two.
struct Promotion {
  PromotionId id;
  /// Promotions of one group compete and the best one wins; empty is a group of its own.
  Symbol stacking_group;
  /// [starts_at, ends_at) by `occurred_at`.
  std::optional<Instant> starts_at;
  std::optional<Instant> ends_at;
  /// Where it applies; empty members do not restrict.
  std::vector<VenueId> venues;
  std::vector<FormatId> formats;
  std::vector<StoreId> stores;
  /// Bit w (Monday is 0) of the business days it runs on; 0x7f is every day.
  std::uint8_t weekdays = 0x7f;

  /// Ascending by `from`; empty for a fixed bonus.
  std::vector<Step> steps;
  LineFilter lines;
  Points fixed;
  Money fixed_from;

  /// In the document's order, which is that of the cumulative floor.
  std::vector<FundingShare> funding;
  /// Whether the whole award is lost once the rest of the order falls below the step's `from`.
  bool lost_below_threshold = false;
};

/// Paying with points (D3).
struct OffsetRule {
  Money threshold;
  BasisPoints share;
  Points step_points;
  Money step_value;
};

/// When awarded points expire (D8).
struct ExpiryRule {
  enum class Kind : std::uint8_t { end_of_month_after = 1, end_of_year_after = 2 };
  Kind kind = Kind::end_of_year_after;
  /// Months, or years, ahead of the business day of the order.
  int ahead = 1;
  /// With `end_of_year_after`: orders from this day of the year on (month × 100 + day) count to the
  /// next year; 0 is none.
  int cutoff_month_day = 0;
  /// Points given back after their day expire at once, or live this many days more.
  int give_back_grace_days = 0;
};

/// What becomes of the part of a claw-back that the member's points do not cover (D6).
enum class Shortfall : std::uint8_t {
  debt = 1,
  /// Borne by the party that funded the award; nothing is posted.
  booked_loss = 2,
  /// The refund is refused.
  refused = 3,
};

struct TimeBounds {
  Duration clock_skew_max{5 * 60'000};
  Duration backdating_max{7 * 86'400'000};
  Duration late_after{5 * 60'000};
};

struct Program {
  std::uint32_t version = 0;
  std::string currency;
  absl::TimeZone zone;
  TimeBounds bounds;
  OffsetRule offset;
  ExpiryRule expiry;
  Shortfall shortfall = Shortfall::debt;
  /// How long a hold sets points aside; at most a day.
  Duration hold_timeout{15 * 60'000};
  absl::flat_hash_map<PartyId, Party> parties;
  absl::flat_hash_map<VenueId, Venue> venues;
  /// Ascending by id, in byte order: the order of award lines.
  std::vector<Promotion> promotions;
  /// Tender kinds that earn nothing (a gift card, a voucher of the group).
  std::vector<std::string> tenders_without_earning;

  /// Nothing for a venue that this version does not have.
  [[nodiscard]] const Venue* venue(VenueId id) const {
    const auto found = venues.find(id);
    return found == venues.end() ? nullptr : &found->second;
  }
  /// Nothing for a party that this version does not have.
  [[nodiscard]] const Party* party(PartyId id) const {
    const auto found = parties.find(id);
    return found == parties.end() ? nullptr : &found->second;
  }
};

}  // namespace wutong::domain

#include "tests/actors/domain/oracle/earning.h"

#include <absl/numeric/int128.h>

#include <algorithm>
#include <map>
#include <optional>

#include "tests/actors/domain/oracle/days.h"

namespace wutong::oracle {

using namespace domain;

namespace {

using Wide = absl::int128;

constexpr std::int64_t one = basis_points_of_one;

template <typename T, typename U>
bool allows(const std::vector<T>& list, const U& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

/// All fractions of one order have the denominator `rate.per` × 10,000 × 10,000: one for a multiplier,
/// one for a funding share.
struct Rated {
  const Promotion* promotion = nullptr;
  std::int64_t threshold = 0;
  /// What it gives alone, exact.
  Wide gives = 0;
};

struct Rating {
  const Program& program;
  const Checkout& checkout;
  const Venue& venue;
  Instant paid_at;
  std::int32_t day = 0;
  std::int64_t eligible = 0;
  /// Of the goods that earn, how much does not count: paid with points or with such tenders.
  std::int64_t deducted = 0;
  EarningRate rate;

  [[nodiscard]] Wide points(Wide whole) const { return whole * rate.per.minor_units * one * one; }
};

const Store* store_in(const Venue& venue, StoreId id) {
  const auto found = venue.stores.find(id);
  return found == venue.stores.end() ? nullptr : &found->second;
}

bool counts(const LineFilter& filter, const BasketLine& line, StoreId store) {
  return allows(filter.skus, line.sku) && allows(filter.categories, line.category) &&
         allows(filter.brands, line.brand) && allows(filter.stores, store);
}

/// The eligible spend that the promotion counts.
std::int64_t counted_spend(const Rating& rating, const Promotion& promotion) {
  if (promotion.lines.counts_all()) return rating.eligible;
  std::int64_t earning_goods = 0;
  for (const BasketLine& line : rating.checkout.lines) {
    if (!line.excluded) earning_goods += line.amount.minor_units;
  }
  if (earning_goods == 0) return 0;
  std::int64_t counted = 0;
  std::int64_t so_far = 0;
  std::int64_t spread = 0;
  for (const BasketLine& line : rating.checkout.lines) {
    if (line.excluded) continue;
    so_far += line.amount.minor_units;
    const std::int64_t part = floored(rating.deducted, so_far, earning_goods) - spread;
    spread += part;
    if (counts(promotion.lines, line, store_of(rating.checkout, line))) {
      counted += line.amount.minor_units - part;
    }
  }
  return counted;
}

bool applies(const Rating& rating, const Promotion& promotion) {
  return (!promotion.starts_at || rating.paid_at >= *promotion.starts_at) &&
         (!promotion.ends_at || rating.paid_at < *promotion.ends_at) &&
         allows(promotion.venues, rating.venue.id) &&
         allows(promotion.formats, rating.venue.format) &&
         allows(promotion.stores, rating.checkout.origin.store) &&
         (promotion.weekdays >> weekday(rating.day)) % 2 == 1;
}

std::optional<Rated> rated(const Rating& rating, const Promotion& promotion) {
  if (!applies(rating, promotion)) return std::nullopt;
  if (promotion.steps.empty()) {
    if (rating.eligible < promotion.fixed_from.minor_units) return std::nullopt;
    return Rated{&promotion, promotion.fixed_from.minor_units,
                 rating.points(promotion.fixed.count)};
  }
  const Step* reached = nullptr;
  for (const Step& step : promotion.steps) {
    if (rating.eligible >= step.from.minor_units) reached = &step;
  }
  if (reached == nullptr) return std::nullopt;
  const Wide gives = Wide(counted_spend(rating, promotion)) * rating.rate.points.count *
                     (reached->multiplier.count - one) * one;
  return Rated{&promotion, reached->from.minor_units, gives};
}

/// One of each group: the one that gives most, the smaller id on a tie.
std::vector<Rated> winners(const Rating& rating) {
  std::vector<Rated> winners;
  std::map<Symbol, Rated> best;
  for (const Promotion& promotion : rating.program.promotions) {
    const auto candidate = rated(rating, promotion);
    if (!candidate) continue;
    if (promotion.stacking_group.empty()) {
      winners.push_back(*candidate);
      continue;
    }
    const auto [place, first] = best.try_emplace(promotion.stacking_group, *candidate);
    const Rated& champion = place->second;
    const bool better =
        candidate->gives > champion.gives ||
        (candidate->gives == champion.gives && promotion.id < champion.promotion->id);
    if (!first && better) place->second = *candidate;
  }
  for (const auto& [group, champion] : best) winners.push_back(champion);
  const auto order = [](const Rated& winner) {
    return std::pair(winner.promotion->steps.empty(), winner.promotion->id);
  };
  std::ranges::sort(winners, {}, order);
  return winners;
}

/// Adds one award line a party; `sum` is the exact sum of all parts so far, times 10,000.
class Lines {
 public:
  explicit Lines(Wide denominator) : denominator_(denominator) {}

  void add(const Award& award, Wide gives, const std::vector<FundingShare>& funding) {
    for (const FundingShare& share : funding) {
      sum_ += gives * share.share.count;
      const auto floored_sum = static_cast<std::int64_t>(sum_ / (denominator_ * one));
      Award line = award;
      line.party = share.party;
      line.points = floored_sum - given_;
      given_ = floored_sum;
      awards.push_back(line);
    }
  }

  std::vector<Award> awards;

 private:
  Wide denominator_;
  Wide sum_ = 0;
  std::int64_t given_ = 0;
};

std::vector<FundingShare> base_funding(const Venue& venue, const Store* store) {
  if (store != nullptr) return {{store->party, {one}}};
  if (venue.funding.empty()) return {{venue.party, {one}}};
  return venue.funding;
}

}  // namespace

std::int64_t floored(std::int64_t whole, std::int64_t part, std::int64_t of) {
  return static_cast<std::int64_t>(Wide(whole) * part / of);
}

std::int64_t offset_base(const Checkout& checkout) {
  return checkout.amount.minor_units - checkout.excluded_from_offset.minor_units;
}

std::int64_t most_points(const OffsetRule& rule, std::int64_t base) {
  const std::int64_t money = floored(base, rule.share.count, one);
  return money / rule.step_value.minor_units * rule.step_points.count;
}

std::int64_t offset_money(const OffsetRule& rule, std::int64_t points) {
  return floored(points, rule.step_value.minor_units, rule.step_points.count);
}

std::vector<Purse::Accepting> accepting(const Program& program, const Checkout& checkout) {
  const Venue& venue = *program.venue(checkout.origin.venue);
  const auto party_of = [&](StoreId id) {
    const Store* const store = store_in(venue, id);
    return store == nullptr ? venue.party : store->party;
  };
  const std::int64_t points = checkout.points_to_use.count;
  if (checkout.lines.empty() || checkout.amount == Money{}) {
    return {{party_of(checkout.origin.store), points}};
  }
  std::vector<Purse::Accepting> shares;
  std::int64_t goods = 0;
  std::int64_t so_far = 0;
  for (const BasketLine& line : checkout.lines) {
    goods += line.amount.minor_units;
    const std::int64_t up_to = floored(points, goods, checkout.amount.minor_units);
    if (up_to == so_far) continue;
    const PartyId party = party_of(store_of(checkout, line));
    const auto known = std::ranges::find(shares, party, &Purse::Accepting::party);
    Purse::Accepting& share =
        known == shares.end() ? shares.emplace_back(Purse::Accepting{party, 0}) : *known;
    share.points += up_to - so_far;
    so_far = up_to;
  }
  return shares;
}

Earned earned(const Program& program, const Checkout& checkout, Instant paid_at, std::int32_t day,
              std::int64_t offset_money) {
  const Venue& venue = *program.venue(checkout.origin.venue);
  const Store* const store = store_in(venue, checkout.origin.store);
  const std::int64_t goods =
      checkout.amount.minor_units - checkout.excluded_from_earning.minor_units;
  std::int64_t eligible = goods - offset_money;
  for (const Tender& tender : checkout.tenders) {
    const auto& without = program.tenders_without_earning;
    if (std::ranges::find(without, tender.kind) != without.end()) {
      eligible -= tender.amount.minor_units;
    }
  }
  eligible = std::max<std::int64_t>(0, eligible);

  const Rating rating{.program = program,
                      .checkout = checkout,
                      .venue = venue,
                      .paid_at = paid_at,
                      .day = day,
                      .eligible = eligible,
                      .deducted = goods - eligible,
                      .rate = store != nullptr && store->rate ? *store->rate : venue.rate};
  Lines lines(rating.points(1));
  lines.add({.kind = AwardKind::base}, Wide(eligible) * rating.rate.points.count * one * one,
            base_funding(venue, store));
  for (const Rated& winner : winners(rating)) {
    const Promotion& promotion = *winner.promotion;
    lines.add({.kind = promotion.steps.empty() ? AwardKind::fixed : AwardKind::multiplier,
               .promotion = promotion.id,
               .threshold = winner.threshold,
               .lost_below_threshold = promotion.lost_below_threshold},
              winner.gives, promotion.funding);
  }
  return {eligible, lines.awards};
}

}  // namespace wutong::oracle

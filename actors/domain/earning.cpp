#include "actors/domain/earning.h"

#include <absl/container/inlined_vector.h>

#include <algorithm>

#include "actors/domain/checked.h"
#include "actors/domain/promotions.h"

namespace wutong::domain {
namespace {

using Shares = absl::InlinedVector<FundingShare, 4>;

const Store* store_of(const Purchase& purchase) {
  const auto store = purchase.venue->stores.find(purchase.checkout->origin.store);
  return store == purchase.venue->stores.end() ? nullptr : &store->second;
}

EarningRate rate_of(const Purchase& purchase, const Store* store) {
  return store != nullptr && store->rate ? *store->rate : purchase.venue->rate;
}

Shares whole(PartyId party) { return {{party, {basis_points_of_one}}}; }

Shares base_funding(const Venue& venue, const Store* store) {
  if (store != nullptr && !store->party.empty()) return whole(store->party);
  if (venue.funding.empty()) return whole(venue.party);
  return {venue.funding.begin(), venue.funding.end()};
}

/// Makes award lines of exact awards by one cumulative floor over all of them, shares included.
class Lines {
 public:
  explicit Lines(const EarningRate& rate)
      : floor_(Wide(rate.per.minor_units) * basis_points_of_one * basis_points_of_one) {}

  /// `gives` is over `rate.per` × 10,000. Lines are made like `model`, one a share.
  template <typename Funding>
  void add(const AwardLine& model, Wide gives, const Funding& funding) {
    for (const FundingShare& share : funding) {
      const auto points = floor_.next(gives * share.share.count);
      exact_ = exact_ && points;
      if (!exact_ || *points == 0) continue;
      lines_.push_back(model);
      lines_.back().party = share.party;
      lines_.back().points = {*points};
    }
  }

  std::optional<std::vector<AwardLine>> take() {
    if (!exact_) return std::nullopt;
    return std::move(lines_);
  }

 private:
  CumulativeFloor floor_;
  std::vector<AwardLine> lines_;
  bool exact_ = true;
};

}  // namespace

Money eligible_of(const Program& program, const Purchase& purchase) {
  const Checkout& checkout = *purchase.checkout;
  Money eligible = checkout.amount - checkout.excluded_from_earning - purchase.offset_money;
  for (const Tender& tender : checkout.tenders) {
    const auto& barren = program.tenders_without_earning;
    if (std::ranges::find(barren, tender.kind) != barren.end()) eligible -= tender.amount;
  }
  return std::max(eligible, Money{});
}

std::optional<std::vector<AwardLine>> awards_of(const Program& program, const Purchase& purchase,
                                                Money eligible) {
  const Store* store = store_of(purchase);
  const EarningRate rate = rate_of(purchase, store);
  // Nothing eligible earns nothing, a fixed bonus neither: no refund could ever claw it back.
  if (eligible == Money{} || rate.per <= Money{}) return std::vector<AwardLine>{};

  Lines lines(rate);
  lines.add({.kind = AwardKind::base},
            Wide(eligible.minor_units) * rate.points.count * basis_points_of_one,
            base_funding(*purchase.venue, store));
  const Winners winners = winners_of(program, purchase, rate, eligible);
  for (const AwardKind kind : {AwardKind::multiplier, AwardKind::fixed}) {
    for (const Winner& winner : winners) {
      if (winner.kind != kind) continue;
      lines.add({.kind = kind,
                 .promotion = winner.promotion->id,
                 .threshold = winner.threshold,
                 .lost_below_threshold = winner.promotion->lost_below_threshold},
                winner.gives, winner.promotion->funding);
    }
  }
  return lines.take();
}

}  // namespace wutong::domain

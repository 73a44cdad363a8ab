#include "load/mix.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "load/ending.h"

namespace wutong::load {

void Mix::make(v1::BatchItem& item) {
  if (options_.refunds > 0 && random_.chance(options_.refunds) && !refundable_.empty()) {
    std::swap(refundable_[random_.below(refundable_.size())], refundable_.back());
    make_refund(refundable_.back(), item);
    refundable_.pop_back();
    return;
  }
  item.set_number(checkouts_.made());
  checkouts_.make(*item.mutable_checkout());
}

void Mix::make_refund(std::uint64_t order, v1::BatchItem& item) {
  const std::string order_id = absl::StrCat(options_.order_prefix, order);
  const std::string& venue = rules_.venues.front().id;
  item.set_number(order);
  v1::RefundRequest& refund = *item.mutable_refund();
  refund.Clear();
  refund.mutable_origin()->set_venue(venue);
  refund.set_refund_id(absl::StrCat(order_id, "-R"));
  refund.mutable_order()->set_venue(venue);
  refund.mutable_order()->set_order_id(order_id);
  refund.mutable_whole();
  refund.set_occurred_at_unix_ms(unix_ms_now());
}

void Mix::answered(const v1::BatchItemReply& reply) {
  if (options_.refunds == 0 || !reply.has_checkout() || ending_of(reply) != Ending::done) return;
  // A declined order has nothing to give back.
  if (reply.checkout().receipt().record().outcome() != v1::OUTCOME_ACCEPTED) return;
  if (refundable_.size() == refundable_max) refundable_.pop_front();
  refundable_.push_back(reply.number());
}

}  // namespace wutong::load

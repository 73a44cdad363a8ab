#include "load/plain_checkout.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <chrono>

namespace wutong::load {
namespace {

constexpr std::int64_t amount_minor = 88'00;

}  // namespace

std::int64_t unix_ms_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

std::string PlainCheckouts::member_id(const std::string& member_prefix, std::uint32_t number) {
  return absl::StrFormat("%s%06d", member_prefix, number);
}

void PlainCheckouts::make(v1::CheckoutRequest& request) {
  const auto number = buyers_ == Buyers::in_turn ? made_ % members_ : random_.below(members_);
  request.mutable_member()->set_id(member_id(member_prefix_, static_cast<std::uint32_t>(number)));
  auto& order_id = *request.mutable_order_id();
  order_id.clear();
  absl::StrAppend(&order_id, order_prefix_, made_++);
  request.set_occurred_at_unix_ms(unix_ms_now());
  if (request.tenders_size() > 0) return;
  request.mutable_origin()->set_venue(rules_.venues.front().id);
  request.set_amount_minor(amount_minor);
  request.set_currency(rules_.currency);
  auto& tender = *request.add_tenders();
  tender.set_kind("card");
  tender.set_amount_minor(amount_minor);
}

}  // namespace wutong::load

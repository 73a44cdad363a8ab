#include "load/requests.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/civil_time.h>

#include <array>

namespace wutong::load {
namespace {

/// Day 1 of the simulated calendar. It stands in order ids and on printed receipts only: what the
/// rules go by is the real time.
constexpr absl::CivilDay first_day(2026, 1, 1);

constexpr std::array<const char*, 12> categories = {
    "apparel", "shoes",     "fresh", "beverages", "cosmetics", "electronics",
    "toys",    "home_ware", "books", "jewellery", "sports",    "services"};
constexpr std::array<const char*, 5> brands = {"Qinghe", "Lanting", "Northwind", "Yuhua", ""};

v1::Channel channel_of(const PlannedOrder& order) {
  return v1::Channel_IsValid(order.channel) ? static_cast<v1::Channel>(order.channel)
                                            : v1::CHANNEL_TILL;
}

template <typename Request>
void add_tenders(const PlannedOrder& order, const Rules& rules, std::int64_t cash_due,
                 Request& request) {
  const auto add = [&](const std::string& kind, std::int64_t amount) {
    v1::Tender& tender = *request.add_tenders();
    tender.set_kind(kind);
    tender.set_amount_minor(amount);
  };
  if (cash_due == 0) return;
  switch (order.tenders) {
    case TenderMix::one:
      return add("mobile_pay", cash_due);
    case TenderMix::two:
      add("cash", cash_due / 3);
      return add("bank_card", cash_due - cash_due / 3);
    case TenderMix::gift_card:
      add(rules.tenders_without_earning.front(), cash_due / 2);
      return add("mobile_pay", cash_due - cash_due / 2);
  }
}

template <typename Request>
void add_lines(const PlannedOrder& order, const Venue& venue, Request& request) {
  std::uint32_t number = 0;
  for (const PlannedLine& planned : order.lines) {
    v1::BasketLine& line = *request.add_lines();
    line.set_number(++number);
    line.set_amount_minor(planned.amount_minor);
    line.set_excluded(planned.excluded);
    line.set_quantity_thousandths(1'000 * (1 + planned.amount_minor % 3));
    line.set_category(categories[planned.category % categories.size()]);
    line.set_brand(brands[static_cast<std::size_t>(planned.amount_minor) % brands.size()]);
    line.set_sku(absl::StrCat("sku-", planned.category, "-", planned.amount_minor % 1'000));
    if (planned.store >= 0)
      line.set_store(venue.stores[static_cast<std::size_t>(planned.store)].id);
  }
}

template <typename Request>
Order order_of_any(const Request& request) {
  Order order{.venue = request.origin().venue(),
              .store = request.origin().store(),
              .occurred_at_unix_ms = request.occurred_at_unix_ms(),
              .amount_minor = request.amount_minor(),
              .excluded_minor = request.excluded_from_earning_minor(),
              .excluded_from_offset_minor = request.excluded_from_offset_minor(),
              .points_to_use = request.points_to_use()};
  for (const v1::Tender& tender : request.tenders()) {
    order.tenders.push_back({tender.kind(), tender.amount_minor()});
  }
  for (const v1::BasketLine& line : request.lines()) {
    order.lines.push_back({.number = line.number(),
                           .amount_minor = line.amount_minor(),
                           .excluded = line.excluded(),
                           .sku = line.sku(),
                           .category = line.category(),
                           .brand = line.brand(),
                           // A line without a store was sold by the order's own.
                           .store = line.store().empty() ? order.store : line.store()});
  }
  return order;
}

}  // namespace

Requests::Requests(const Rules& rules, const Plan& plan) : rules_(rules), plan_(plan) {
  const absl::CivilDay date = first_day + (plan.options.day - 1);
  business_date_ = absl::FormatCivilTime(date);
  compact_date_ = absl::StrFormat("%04d%02d%02d", date.year(), date.month(), date.day());
}

std::string Requests::member_id(std::uint32_t member) const {
  return absl::StrFormat("member-%06d", member + 1);
}

std::string Requests::order_id(std::uint32_t order) const {
  return absl::StrFormat("T%02d-%s-%06d", plan_.orders[order].terminal, compact_date_, order + 1);
}

std::string Requests::refund_id(std::uint32_t refund) const {
  return absl::StrFormat("R-%s-%06d", compact_date_, refund + 1);
}

v1::Origin Requests::origin_of(std::uint32_t index) const {
  const PlannedOrder& order = plan_.orders[index];
  const Venue& venue = rules_.venues[order.venue];
  v1::Origin origin;
  origin.set_venue(venue.id);
  if (order.store >= 0) origin.set_store(venue.stores[static_cast<std::size_t>(order.store)].id);
  origin.set_terminal(absl::StrFormat("T%02d", order.terminal));
  origin.set_cashier(absl::StrFormat("C%02d", 1 + index % 40));
  origin.set_channel(channel_of(order));
  origin.set_offline(order.late);
  origin.set_printed_receipt_number(absl::StrFormat("%s%06d", compact_date_, index + 1));
  origin.set_business_date(business_date_);
  return origin;
}

v1::CheckoutRequest Requests::checkout(std::uint32_t index, const Settled& settled) const {
  const PlannedOrder& order = plan_.orders[index];
  v1::CheckoutRequest request;
  request.mutable_member()->set_id(member_id(order.member));
  *request.mutable_origin() = origin_of(index);
  request.set_order_id(order_id(index));
  request.set_occurred_at_unix_ms(settled.occurred_at_unix_ms);
  request.set_amount_minor(order.amount_minor);
  request.set_currency(rules_.currency);
  request.set_points_to_use(settled.points_to_use);
  request.set_excluded_from_earning_minor(order.excluded_minor);
  request.set_excluded_from_offset_minor(order.excluded_from_offset_minor);
  request.set_tax_minor(order.amount_minor * 13 / 113);
  add_lines(order, rules_.venues[order.venue], request);
  const std::int64_t offset_money =
      settled.points_to_use / rules_.offset.step_points * rules_.offset.step_minor;
  add_tenders(order, rules_, order.amount_minor - offset_money, request);
  return request;
}

v1::QuoteRequest Requests::quote(std::uint32_t index) const {
  const PlannedOrder& order = plan_.orders[index];
  v1::QuoteRequest request;
  request.mutable_member()->set_id(member_id(order.member));
  *request.mutable_origin() = origin_of(index);
  request.set_amount_minor(order.amount_minor);
  request.set_currency(rules_.currency);
  request.set_excluded_from_earning_minor(order.excluded_minor);
  request.set_excluded_from_offset_minor(order.excluded_from_offset_minor);
  add_lines(order, rules_.venues[order.venue], request);
  return request;
}

v1::RefundRequest Requests::refund(std::uint32_t index, std::int64_t occurred_at_unix_ms) const {
  const PlannedRefund& refund = plan_.refunds[index];
  const PlannedOrder& order = plan_.orders[refund.order];
  v1::RefundRequest request;
  request.mutable_origin()->set_venue(rules_.venues[refund.venue].id);
  request.mutable_origin()->set_terminal("service-desk");
  request.mutable_origin()->set_channel(v1::CHANNEL_TILL);
  request.mutable_origin()->set_business_date(business_date_);
  request.set_refund_id(refund_id(index));
  request.mutable_order()->set_venue(rules_.venues[order.venue].id);
  request.mutable_order()->set_order_id(order_id(refund.order));
  request.set_occurred_at_unix_ms(occurred_at_unix_ms);
  request.set_reason("returned");
  if (refund.names_member) request.mutable_member()->set_id(member_id(order.member));
  switch (refund.kind) {
    case RefundKind::amount:
      request.mutable_amount()->set_amount_minor(refund.amount_minor);
      request.mutable_amount()->set_excluded_minor(refund.excluded_minor);
      break;
    case RefundKind::lines:
      request.mutable_lines()->mutable_numbers()->Add(refund.lines.begin(), refund.lines.end());
      break;
    case RefundKind::whole:
      request.mutable_whole();
      break;
  }
  return request;
}

v1::GetReceiptRequest Requests::order_receipt(std::uint32_t order) const {
  v1::GetReceiptRequest request;
  request.mutable_order()->set_venue(rules_.venues[plan_.orders[order].venue].id);
  request.mutable_order()->set_order_id(order_id(order));
  // Half of them leave it to the gateway to know whose order it is.
  if (order % 2 == 0) request.mutable_member()->set_id(member_id(plan_.orders[order].member));
  return request;
}

v1::GetReceiptRequest Requests::refund_receipt(std::uint32_t index) const {
  const PlannedRefund& refund = plan_.refunds[index];
  v1::GetReceiptRequest request;
  request.mutable_refund()->set_venue(rules_.venues[refund.venue].id);
  request.mutable_refund()->set_refund_id(refund_id(index));
  *request.mutable_refund()->mutable_order() = order_receipt(refund.order).order();
  if (index % 2 == 0) {
    request.mutable_member()->set_id(member_id(plan_.orders[refund.order].member));
  }
  return request;
}

OtherContent with_other_content(v1::CheckoutRequest request, std::uint8_t variant) {
  if (variant == 0) {
    request.set_occurred_at_unix_ms(request.occurred_at_unix_ms() - 1);
    return {std::move(request), "occurred_at_unix_ms"};
  }
  if (variant == 1 && request.excluded_from_offset_minor() > 0) {
    request.set_excluded_from_offset_minor(request.excluded_from_offset_minor() - 1);
    return {std::move(request), "excluded_from_offset_minor"};
  }
  // Every sum still adds up, so that the amount is the first to differ.
  request.set_amount_minor(request.amount_minor() + 1);
  if (request.lines_size() > 0) {
    v1::BasketLine& last = *request.mutable_lines(request.lines_size() - 1);
    last.set_amount_minor(last.amount_minor() + 1);
    if (last.excluded()) {
      request.set_excluded_from_earning_minor(request.excluded_from_earning_minor() + 1);
    }
  }
  v1::Tender& last = request.tenders_size() > 0
                         ? *request.mutable_tenders(request.tenders_size() - 1)
                         : *request.add_tenders();
  if (last.kind().empty()) last.set_kind("cash");
  last.set_amount_minor(last.amount_minor() + 1);
  return {std::move(request), "amount_minor"};
}

Order order_of(const v1::CheckoutRequest& request) { return order_of_any(request); }
Order order_of(const v1::QuoteRequest& request) { return order_of_any(request); }

}  // namespace wutong::load

#include "gateway/translate_request.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/page_token.h"
#include "gateway/request_parts.h"
#include "gateway/shape.h"

namespace wutong {
namespace {

constexpr std::uint32_t page_size_default = 50;
constexpr std::uint32_t page_size_max = 200;

OrProblem<std::vector<domain::Tender>> tenders_of(const OrderView& order) {
  const auto& given = order.tenders;
  if (given.size() > shape::tenders_max) return invalid("tenders", "are more than 20");
  std::vector<domain::Tender> tenders;
  tenders.reserve(given.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto index = static_cast<int>(i);
    WUTONG_TAKE(kind, shape::id(given[i].kind, {"tenders", index, "kind"}));
    WUTONG_TAKE(amount, shape::money(given[i].amount_minor, {"tenders", index, "amount_minor"}));
    tenders.push_back({.kind = std::string(kind), .amount = amount});
  }
  return tenders;
}

OrProblem<domain::BasketLine> line_of(const LineView& line, int index, const domain::Venue& venue) {
  const auto path = [index](std::string_view field) { return shape::Path("lines", index, field); };
  if (line.number == 0) return invalid(path("number").text(), "is missing");
  WUTONG_TAKE(amount, shape::money(line.amount_minor, path("amount_minor")));
  WUTONG_TAKE(quantity, shape::quantity(line.quantity_thousandths, path("quantity_thousandths")));
  WUTONG_TAKE(sku, shape::text(line.sku, path("sku")));
  WUTONG_TAKE(category, shape::text(line.category, path("category")));
  WUTONG_TAKE(brand, shape::text(line.brand, path("brand")));
  WUTONG_TAKE(store, store_of(line.store, path("store"), venue));
  return domain::BasketLine{.number = line.number,
                            .sku = std::string(sku),
                            .category = std::string(category),
                            .brand = std::string(brand),
                            .store = store,
                            .quantity_thousandths = quantity,
                            .amount = amount,
                            .excluded = line.excluded};
}

OrProblem<std::vector<domain::BasketLine>> lines_of(const OrderView& order,
                                                    const domain::Venue& venue) {
  const auto& given = order.lines;
  if (given.size() > shape::lines_max) return invalid("lines", "are more than 200");
  std::vector<domain::BasketLine> lines;
  lines.reserve(given.size());
  absl::flat_hash_set<std::uint32_t> numbers;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto index = static_cast<int>(i);
    WUTONG_TAKE(line, line_of(given[i], index, venue));
    if (!numbers.insert(line.number).second) {
      return invalid(shape::Path("lines", index, "number").text(), "is used twice");
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

/// What a quote and a checkout have in common, put where it will stay: an order is large.
OrProblem<void> fill_order(domain::Checkout& order, const OrderView& request, Place place,
                           const TranslationContext& context) {
  if (!request.amount_minor) return invalid("amount_minor", "is missing");
  WUTONG_TAKE(amount, shape::money(*request.amount_minor, "amount_minor"));
  WUTONG_TAKE(currency, shape::currency(request.currency, "currency"));
  WUTONG_TAKE(points, shape::points(request.points_to_use, "points_to_use"));
  WUTONG_TAKE(excluded,
              shape::money(request.excluded_from_earning_minor, "excluded_from_earning_minor"));
  WUTONG_TAKE(excluded_from_offset,
              shape::money(request.excluded_from_offset_minor, "excluded_from_offset_minor"));
  WUTONG_TAKE(tenders, tenders_of(request));
  WUTONG_TAKE(lines, lines_of(request, *place.venue));
  WUTONG_TAKE(hold_id, shape::text(request.hold_id, "hold_id"));
  const auto hold =
      hold_id.empty() ? domain::RecordKey{} : context.keys.hold(place.venue->id.text(), hold_id);
  order.origin = std::move(place.origin);
  order.currency = currency;
  order.amount = amount;
  order.excluded_from_earning = excluded;
  order.excluded_from_offset = excluded_from_offset;
  order.tenders = std::move(tenders);
  order.lines = std::move(lines);
  order.points_to_use = points;
  order.hold_id = hold_id;
  order.hold = hold;
  return {};
}

OrProblem<domain::RefundScope> scope_of(const v1::RefundRequest& request) {
  switch (request.what_case()) {
    case v1::RefundRequest::kAmount: {
      if (request.amount().amount_minor() == 0) {
        return invalid("amount.amount_minor", "is missing");
      }
      WUTONG_TAKE(amount, shape::money(request.amount().amount_minor(), "amount.amount_minor"));
      WUTONG_TAKE(excluded,
                  shape::money(request.amount().excluded_minor(), "amount.excluded_minor"));
      if (excluded > amount) return invalid("amount.excluded_minor", "is more than the amount");
      return domain::RefundScope(domain::RefundOfAmount{.amount = amount, .excluded = excluded});
    }
    case v1::RefundRequest::kLines: {
      const auto& given = request.lines().numbers();
      if (given.empty()) return invalid("lines.numbers", "are missing");
      if (static_cast<std::size_t>(given.size()) > shape::lines_max)
        return invalid("lines.numbers", "are more than 200");
      std::vector<std::uint32_t> numbers(given.begin(), given.end());
      std::sort(numbers.begin(), numbers.end());
      if (numbers.front() == 0) return invalid("lines.numbers", "begin at 1");
      if (std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end()) {
        return invalid("lines.numbers", "name a line twice");
      }
      return domain::RefundScope(domain::RefundOfLines{.numbers = std::move(numbers)});
    }
    case v1::RefundRequest::kWhole:
      return domain::RefundScope(domain::RefundOfWhole{});
    case v1::RefundRequest::WHAT_NOT_SET:
      break;
  }
  return invalid("what", "is missing: give an amount, lines, or whole");
}

struct Order {
  const domain::Venue* venue = nullptr;
  std::string order_id;
  domain::RecordKey key;
};

enum class Coverage : std::uint8_t { required, any };

/// With `Coverage::any` the venue need not be one of the credential's: whose orders a venue may
/// refund is the program's to say.
OrProblem<Order> original_of(bool is_given, const v1::OrderRef& order, std::string_view path,
                             Coverage coverage, const TranslationContext& context) {
  if (!is_given) return invalid(std::string(path), "is missing");
  const shape::Path venue_path(path, "venue");
  const domain::Venue* venue = nullptr;
  if (coverage == Coverage::required) {
    WUTONG_TAKE(covered, venue_of(order.venue(), venue_path, context));
    venue = covered;
  } else {
    WUTONG_TAKE(name, shape::id(order.venue(), venue_path));
    const auto id = domain::VenueId::find(name);
    venue = id ? context.program.venue(*id) : nullptr;
    if (venue == nullptr) return wrong(Code::not_found, venue_path.text(), "names no venue");
  }
  WUTONG_TAKE(order_id, shape::id(order.order_id(), {path, "order_id"}));
  return Order{.venue = venue,
               .order_id = std::string(order_id),
               .key = context.keys.order(venue->id.text(), order_id)};
}

/// Where the gateway's clock rules, reads go by it too.
domain::Instant time_of_read(const TranslationContext& context) {
  return context.clock == LedgerClock::gateway ? context.now : domain::Instant{};
}

}  // namespace

OrProblem<std::shared_ptr<Call>> translate(const v1::QuoteRequest& request,
                                           const TranslationContext& context) {
  const auto view = view_of(request);
  WUTONG_TAKE(member, member_of(view.member, context));
  WUTONG_TAKE(place, place_of(view.origin, context));
  WUTONG_TAKE(received_at, received_at_of(told_receipt(request), Told::optional, context));
  domain::Instant occurred_at = received_at;
  if (request.has_occurred_at_unix_ms() || occurred_at == domain::Instant{}) {
    WUTONG_TAKE(told, shape::instant(request.occurred_at_unix_ms(), "occurred_at_unix_ms"));
    occurred_at = told;
  }
  if (received_at == domain::Instant{}) received_at = occurred_at;
  auto call = call_of(std::move(member), received_at, context);
  auto& order = call->request.emplace<domain::Quote>().checkout;
  if (auto filled = fill_order(order, view, std::move(place), context); !filled) {
    return tl::make_unexpected(std::move(filled).error());
  }
  order.occurred_at = occurred_at;
  return call;
}

OrProblem<std::shared_ptr<Call>> translate(const CheckoutView& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(member, member_of(request.order.member, context));
  WUTONG_TAKE(place, place_of(request.order.origin, context));
  WUTONG_TAKE(order_id, shape::id(request.order_id, "order_id"));
  WUTONG_TAKE(occurred_at, shape::instant(request.occurred_at_unix_ms, "occurred_at_unix_ms"));
  WUTONG_TAKE(received_at, received_at_of(request.received_at_unix_ms, Told::required, context));
  WUTONG_TAKE(tax, shape::money(request.tax_minor, "tax_minor"));
  auto call = call_of(std::move(member), received_at, context);
  auto& order = call->request.emplace<domain::Checkout>();
  if (auto filled = fill_order(order, request.order, std::move(place), context); !filled) {
    return tl::make_unexpected(std::move(filled).error());
  }
  order.key = context.keys.order(order.origin.venue.text(), order_id);
  order.order_id = order_id;
  order.occurred_at = occurred_at;
  order.tax = tax;
  return call;
}

OrProblem<std::shared_ptr<Call>> translate(const v1::CheckoutRequest& request,
                                           const TranslationContext& context) {
  return translate(view_of(request), context);
}

OrProblem<std::shared_ptr<Call>> translate(const v1::RefundRequest& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(place, place_of(view_of(request.has_origin(), request.origin()), context));
  WUTONG_TAKE(refund_id, shape::id(request.refund_id(), "refund_id"));
  WUTONG_TAKE(original,
              original_of(request.has_order(), request.order(), "order", Coverage::any, context));
  MemberName member;
  if (request.has_member()) {
    WUTONG_TAKE(given, member_of(view_of(true, request.member()), context));
    member = std::move(given);
  }
  WUTONG_TAKE(occurred_at, shape::instant(request.occurred_at_unix_ms(), "occurred_at_unix_ms"));
  WUTONG_TAKE(received_at, received_at_of(told_receipt(request), Told::required, context));
  WUTONG_TAKE(scope, scope_of(request));
  WUTONG_TAKE(reason, shape::text(request.reason(), "reason", shape::reason_bytes_max));
  domain::Refund refund{.key = context.keys.refund(place.venue->id.text(), refund_id),
                        .refund_id = std::string(refund_id),
                        .origin = std::move(place.origin),
                        .occurred_at = occurred_at,
                        .order = original.key,
                        .order_venue = original.venue->id,
                        .order_id = std::move(original.order_id),
                        .scope = std::move(scope),
                        .reason = std::string(reason)};
  return call_of(std::move(member), std::move(refund), received_at, context);
}

OrProblem<std::shared_ptr<Call>> translate(const v1::GetReceiptRequest& request,
                                           const TranslationContext& context) {
  ReadReceipt read;
  switch (request.of_case()) {
    case v1::GetReceiptRequest::kOrder: {
      WUTONG_TAKE(order, original_of(true, request.order(), "order", Coverage::required, context));
      read = {.key = order.key, .order = order.key};
      break;
    }
    case v1::GetReceiptRequest::kRefund: {
      const v1::RefundRef& refund = request.refund();
      WUTONG_TAKE(venue, venue_of(refund.venue(), "refund.venue", context));
      WUTONG_TAKE(refund_id, shape::id(refund.refund_id(), "refund.refund_id"));
      WUTONG_TAKE(order, original_of(refund.has_order(), refund.order(), "refund.order",
                                     Coverage::any, context));
      read = {.key = context.keys.refund(venue->id.text(), refund_id), .order = order.key};
      break;
    }
    case v1::GetReceiptRequest::OF_NOT_SET:
      return invalid("of", "is missing: give an order or a refund");
  }
  MemberName member;
  if (request.has_member()) {
    WUTONG_TAKE(given, member_of(view_of(true, request.member()), context));
    member = std::move(given);
  }
  return call_of(std::move(member), read, time_of_read(context), context);
}

OrProblem<std::shared_ptr<Call>> translate(const v1::EnrollRequest& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(id, shape::id(request.member_id(), "member_id"));
  WUTONG_TAKE(received_at, received_at_of(told_receipt(request), Told::required, context));
  return call_of({.id = std::string(id), .identity = {}},
                 domain::Enroll{.member_id = std::string(id)}, received_at, context);
}

OrProblem<std::shared_ptr<Call>> translate(const v1::GetMemberRequest& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(member, member_of(view_of(request.has_member(), request.member()), context));
  return call_of(std::move(member), ReadMember{}, time_of_read(context), context);
}

OrProblem<std::shared_ptr<Call>> translate(const v1::ListHistoryRequest& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(member, member_of(view_of(request.has_member(), request.member()), context));
  ReadHistory read{.records_max = page_size_default};
  if (request.page_size() > page_size_max) return invalid("page_size", "is above 200");
  if (request.page_size() > 0) read.records_max = request.page_size();
  if (!request.page_token().empty()) {
    const auto before = position_of(request.page_token());
    if (!before) return invalid("page_token", "is not the token of a page before");
    read.before = *before;
  }
  return call_of(std::move(member), read, time_of_read(context), context);
}

}  // namespace wutong

#include "gateway/read_checkout.h"

#include <utility>

#include "gateway/shape.h"
#include "proto/wire_reader.h"

namespace wutong {
namespace {

/// Of tenders and of lines, in a view that is cleared.
constexpr std::size_t kept_max = 32;

template <int Field>
constexpr auto number = wire::tag<Field, wire::Type::varint>;
template <int Field>
constexpr auto bytes = wire::tag<Field, wire::Type::bytes>;

bool read(std::string_view message, IdentityView& to) {
  using V1 = v1::Identity;
  FieldReader from(message);
  while (from.more()) {
    switch (from.tag()) {
      case number<V1::kKindFieldNumber>:
        from.number(to.kind);
        break;
      case bytes<V1::kValueFieldNumber>:
        from.text(to.value);
        break;
      default:
        from.give_up();
    }
  }
  return from.is_plain();
}

bool read(std::string_view message, MemberView& to) {
  using V1 = v1::MemberRef;
  using By = MemberView::By;
  // A part that comes twice is made one of both by generated code.
  if (std::exchange(to.is_given, true)) return false;
  FieldReader from(message);
  while (from.more()) {
    const auto tag = from.tag();
    if (to.by != By::nothing) return false;
    switch (tag) {
      case bytes<V1::kIdFieldNumber>:
        to.by = By::id;
        from.text(to.id);
        break;
      case bytes<V1::kIdentityFieldNumber>:
        to.by = By::identity;
        if (!read(from.bytes(), to.identity)) return false;
        break;
      default:
        from.give_up();
    }
  }
  return from.is_plain();
}

bool read(std::string_view message, OriginView& to) {
  using V1 = v1::Origin;
  if (std::exchange(to.is_given, true)) return false;
  FieldReader from(message);
  while (from.more()) {
    switch (from.tag()) {
      case bytes<V1::kVenueFieldNumber>:
        from.text(to.venue);
        break;
      case bytes<V1::kStoreFieldNumber>:
        from.text(to.store);
        break;
      case bytes<V1::kTerminalFieldNumber>:
        from.text(to.terminal);
        break;
      case bytes<V1::kCashierFieldNumber>:
        from.text(to.cashier);
        break;
      case number<V1::kChannelFieldNumber>:
        from.number(to.channel);
        break;
      case number<V1::kOfflineFieldNumber>:
        from.number(to.offline);
        break;
      case bytes<V1::kPrintedReceiptNumberFieldNumber>:
        from.text(to.printed_receipt_number);
        break;
      case bytes<V1::kBusinessDateFieldNumber>:
        from.text(to.business_date);
        break;
      default:
        from.give_up();
    }
  }
  return from.is_plain();
}

bool read(std::string_view message, TenderView& to) {
  using V1 = v1::Tender;
  FieldReader from(message);
  while (from.more()) {
    switch (from.tag()) {
      case bytes<V1::kKindFieldNumber>:
        from.text(to.kind);
        break;
      case number<V1::kAmountMinorFieldNumber>:
        from.number(to.amount_minor);
        break;
      default:
        from.give_up();
    }
  }
  return from.is_plain();
}

bool read(std::string_view message, LineView& to) {
  using V1 = v1::BasketLine;
  FieldReader from(message);
  while (from.more()) {
    switch (from.tag()) {
      case number<V1::kNumberFieldNumber>:
        from.number(to.number);
        break;
      case number<V1::kAmountMinorFieldNumber>:
        from.number(to.amount_minor);
        break;
      case number<V1::kExcludedFieldNumber>:
        from.number(to.excluded);
        break;
      case number<V1::kQuantityThousandthsFieldNumber>:
        from.number(to.quantity_thousandths);
        break;
      case bytes<V1::kSkuFieldNumber>:
        from.text(to.sku);
        break;
      case bytes<V1::kCategoryFieldNumber>:
        from.text(to.category);
        break;
      case bytes<V1::kBrandFieldNumber>:
        from.text(to.brand);
        break;
      case bytes<V1::kStoreFieldNumber>:
        from.text(to.store);
        break;
      default:
        from.give_up();
    }
  }
  return from.is_plain();
}

}  // namespace

bool read_plain(std::string_view message, CheckoutView& to) {
  using V1 = v1::CheckoutRequest;
  OrderView& order = to.order;
  FieldReader from(message);
  while (from.more()) {
    switch (from.tag()) {
      case bytes<V1::kMemberFieldNumber>:
        if (!read(from.bytes(), order.member)) return false;
        break;
      case bytes<V1::kOriginFieldNumber>:
        if (!read(from.bytes(), order.origin)) return false;
        break;
      case bytes<V1::kOrderIdFieldNumber>:
        from.text(to.order_id);
        break;
      case number<V1::kOccurredAtUnixMsFieldNumber>:
        from.number(to.occurred_at_unix_ms);
        break;
      case number<V1::kAmountMinorFieldNumber>:
        from.number(order.amount_minor.emplace());
        break;
      case bytes<V1::kCurrencyFieldNumber>:
        from.text(order.currency);
        break;
      case number<V1::kPointsToUseFieldNumber>:
        from.number(order.points_to_use);
        break;
      case number<V1::kExcludedFromEarningMinorFieldNumber>:
        from.number(order.excluded_from_earning_minor);
        break;
      case number<V1::kExcludedFromOffsetMinorFieldNumber>:
        from.number(order.excluded_from_offset_minor);
        break;
      case bytes<V1::kTendersFieldNumber>:
        if (order.tenders.size() == shape::tenders_max) return false;
        if (!read(from.bytes(), order.tenders.emplace_back())) return false;
        break;
      case bytes<V1::kLinesFieldNumber>:
        if (order.lines.size() == shape::lines_max) return false;
        if (!read(from.bytes(), order.lines.emplace_back())) return false;
        break;
      case number<V1::kTaxMinorFieldNumber>:
        from.number(to.tax_minor);
        break;
      case bytes<V1::kHoldIdFieldNumber>:
        from.text(order.hold_id);
        break;
      case number<V1::kReceivedAtUnixMsFieldNumber>:
        from.number(to.received_at_unix_ms.emplace());
        break;
      default:
        from.give_up();
    }
  }
  return from.is_plain();
}

void clear(CheckoutView& view) {
  auto tenders = std::move(view.order.tenders);
  auto lines = std::move(view.order.lines);
  view = {};
  tenders.clear();
  lines.clear();
  if (tenders.capacity() <= kept_max) view.order.tenders = std::move(tenders);
  if (lines.capacity() <= kept_max) view.order.lines = std::move(lines);
}

}  // namespace wutong

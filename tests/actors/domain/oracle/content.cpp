#include "tests/actors/domain/oracle/content.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace wutong::oracle {

using namespace domain;

namespace {

using Compared = std::initializer_list<std::pair<bool, Field>>;

std::optional<Field> first_that_differs(Compared compared) {
  for (const auto& [equal, field] : compared) {
    if (!equal) return field;
  }
  return std::nullopt;
}

bool same_tenders(const Checkout& a, const Checkout& b) {
  return std::ranges::equal(a.tenders, b.tenders, [](const Tender& one, const Tender& other) {
    return one.kind == other.kind && one.amount == other.amount;
  });
}

bool same_lines(const Checkout& a, const Checkout& b) {
  return std::ranges::equal(a.lines, b.lines, [](const BasketLine& one, const BasketLine& other) {
    return one.number == other.number && one.sku == other.sku && one.category == other.category &&
           one.brand == other.brand && one.store == other.store && one.amount == other.amount &&
           one.quantity_thousandths == other.quantity_thousandths && one.excluded == other.excluded;
  });
}

std::optional<Field> compare(const Checkout& a, const Checkout& b) {
  return first_that_differs(
      {{a.occurred_at == b.occurred_at, Field::occurred_at},
       {a.currency == b.currency, Field::currency},
       {a.amount == b.amount, Field::amount},
       {a.excluded_from_earning == b.excluded_from_earning, Field::excluded},
       {a.excluded_from_offset == b.excluded_from_offset, Field::excluded_from_offset},
       {a.points_to_use == b.points_to_use, Field::points_to_use},
       {a.hold_id == b.hold_id, Field::hold_id},
       {same_tenders(a, b), Field::tenders},
       {same_lines(a, b), Field::lines},
       {a.origin.store == b.origin.store, Field::store}});
}

std::optional<Field> compare(const Refund& a, const Refund& b) {
  const bool same_scope = a.scope.index() == b.scope.index();
  Money amount[2];
  Money excluded[2];
  std::vector<std::uint32_t> lines[2];
  const Refund* const both[2] = {&a, &b};
  for (int i = 0; i < 2; ++i) {
    if (const auto* part = std::get_if<RefundOfAmount>(&both[i]->scope)) {
      amount[i] = part->amount;
      excluded[i] = part->excluded;
    }
    if (const auto* part = std::get_if<RefundOfLines>(&both[i]->scope)) lines[i] = part->numbers;
  }
  return first_that_differs({{a.order == b.order, Field::order_id},
                             {a.occurred_at == b.occurred_at, Field::occurred_at},
                             {same_scope, Field::refund_scope},
                             {amount[0] == amount[1], Field::amount},
                             {excluded[0] == excluded[1], Field::excluded},
                             {lines[0] == lines[1], Field::lines}});
}

std::optional<Field> compare(const Hold& a, const Hold& b) {
  return first_that_differs({{a.occurred_at == b.occurred_at, Field::occurred_at},
                             {a.points == b.points, Field::points}});
}

std::optional<Field> compare(const Grant& a, const Grant& b) {
  return first_that_differs({{a.occurred_at == b.occurred_at, Field::occurred_at},
                             {a.points == b.points, Field::points},
                             {a.party == b.party, Field::party},
                             {a.expires_on == b.expires_on, Field::expires_on},
                             {a.reason == b.reason, Field::reason}});
}

std::optional<Field> compare(const RevokeGrant& a, const RevokeGrant& b) {
  return first_that_differs({{a.grant == b.grant, Field::grant_id},
                             {a.occurred_at == b.occurred_at, Field::occurred_at},
                             {a.reason == b.reason, Field::reason}});
}

/// A release has no id of its own: a hold is released once, and again is the same again.
std::optional<Field> compare(const Release&, const Release&) { return std::nullopt; }

std::optional<Field> compare(const Enroll&, const Enroll&) { return std::nullopt; }
std::optional<Field> compare(const LinkIdentity&, const LinkIdentity&) { return std::nullopt; }
std::optional<Field> compare(const UnlinkIdentity&, const UnlinkIdentity&) { return std::nullopt; }

}  // namespace

std::optional<Field> differs(const Command& known, const Command& asked) {
  return std::visit(
      [&](const auto& one) -> std::optional<Field> {
        const auto* other = std::get_if<std::decay_t<decltype(one)>>(&asked);
        return other == nullptr ? Field::none : compare(one, *other);
      },
      known);
}

}  // namespace wutong::oracle

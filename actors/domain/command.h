#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/domain/channel.h"
#include "actors/domain/identity_kind.h"
#include "actors/domain/quantities.h"
#include "actors/domain/symbol.h"

/// What callers ask of a member, already translated: shapes and names have been checked at the edge
/// (lengths, counts, signs, known venue and store), everything else is the domain's to judge.
namespace wutong::domain {

/// Where a command comes from. Rules go by venue and store, limits by the channel too; the rest is
/// information.
struct Origin {
  VenueId venue;
  StoreId store;
  std::string terminal;
  std::string cashier;
  Channel channel = Channel::unspecified;
  bool offline = false;
  std::string printed_receipt_number;
  /// The till's own business date, as told.
  std::optional<Day> till_business_date;

  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Tender {
  std::string kind;
  Money amount;
};

struct BasketLine {
  /// 1 or more, unique in the order.
  std::uint32_t number = 0;
  std::string sku;
  std::string category;
  std::string brand;
  /// Empty: the order's own, see `store_of`.
  StoreId store;
  /// In 1/1000 of the article's unit, so that goods by weight have one too.
  std::int64_t quantity_thousandths = 0;
  Money amount;
  /// Earns nothing.
  bool excluded = false;
};

struct Checkout {
  RecordKey key;
  std::string order_id;
  Origin origin;
  Instant occurred_at;
  std::string currency;
  /// Goods value, tax included, after discounts, before points.
  Money amount;
  Money tax;
  /// Part of `amount` that earns nothing, and part that points cannot pay for.
  Money excluded_from_earning;
  Money excluded_from_offset;
  std::vector<Tender> tenders;
  std::vector<BasketLine> lines;
  Points points_to_use;
  /// Empty if it captures none.
  std::string hold_id;
  /// Of `hold_id` in the order's venue.
  RecordKey hold;
};

/// The store that sold the line.
inline StoreId store_of(const Checkout& checkout, const BasketLine& line) {
  return line.store.empty() ? checkout.origin.store : line.store;
}

/// A checkout that asks what it would give; no order id, no tenders needed, changes nothing.
struct Quote {
  Checkout checkout;
};

/// What a refund gives back: exactly one of an amount, lines, or all that is left.
struct RefundOfAmount {
  Money amount;
  /// The part of `amount` that is goods excluded from earning.
  Money excluded;
};
struct RefundOfLines {
  /// Ascending, unique.
  std::vector<std::uint32_t> numbers;
};
struct RefundOfWhole {};
using RefundScope = std::variant<RefundOfAmount, RefundOfLines, RefundOfWhole>;

struct Refund {
  RecordKey key;
  std::string refund_id;
  Origin origin;
  Instant occurred_at;
  RecordKey order;
  VenueId order_venue;
  std::string order_id;
  RefundScope scope;
  std::string reason;
  /// Made by the order book's shard, not by a caller: the whole order is undone, wherever it was made.
  bool reversal = false;
};

/// Sets points aside for a payment under way.
struct Hold {
  RecordKey key;
  std::string hold_id;
  Origin origin;
  Instant occurred_at;
  Points points;
};

/// Frees what a hold still sets aside. It has no id of its own: a hold is released once.
struct Release {
  RecordKey key;
  Origin origin;
  Instant occurred_at;
  RecordKey hold;
  std::string hold_id;
};

/// Gives points by no order.
struct Grant {
  RecordKey key;
  std::string grant_id;
  Origin origin;
  Instant occurred_at;
  Points points;
  PartyId party;
  /// Nothing: as points earned on the same day.
  std::optional<Day> expires_on;
  std::string reason;
};

/// Takes a grant back whole.
struct RevokeGrant {
  RecordKey key;
  std::string revocation_id;
  Origin origin;
  Instant occurred_at;
  RecordKey grant;
  std::string grant_id;
  std::string reason;
};

struct Enroll {
  std::string member_id;
};

/// Makes the member known by an identity too. REQUIRES of whoever has it decided: the identity is
/// claimed for the member, and for nobody else.
struct LinkIdentity {
  IdentityKind kind = IdentityKind::phone;
  IdentityKey identity;
};

struct UnlinkIdentity {
  IdentityKind kind = IdentityKind::phone;
  IdentityKey identity;
};

using Command = std::variant<Enroll, Checkout, Refund, Hold, Release, Grant, RevokeGrant,
                             LinkIdentity, UnlinkIdentity>;

}  // namespace wutong::domain

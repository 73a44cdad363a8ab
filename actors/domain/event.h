#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/domain/command.h"
#include "actors/domain/effects.h"
#include "actors/domain/quantities.h"
#include "actors/domain/risk_policy.h"
#include "actors/domain/symbol.h"

/// What happened to a member. An event carries results, not intentions, so that replaying it under
/// next year's rules gives the same state. Events that a caller asked for by an id are also the
/// *records* that receipts are made of and that later refunds are pinned to.
namespace wutong::domain {

/// Set by whoever decides, but for `position`, which the shard stamps before the event is applied.
struct EventHeader {
  Position position;
  /// The gateway's clock, or the caller's; never falls for a member.
  Instant received_at;
  std::uint32_t program_version = 0;
  std::uint32_t policy_version = 0;

  friend bool operator==(const EventHeader&, const EventHeader&) = default;
};

enum class AwardKind : std::uint8_t { base = 1, multiplier = 2, fixed = 3 };

/// One line of what an order earned: one rule, one funding party.
struct AwardLine {
  AwardKind kind = AwardKind::base;
  /// Empty for the base award.
  PromotionId promotion;
  PartyId party;
  Points points;
  /// What a cap took off this line.
  Points cut;
  /// Of `points`: under review, and in no lot yet.
  Points pending;
  /// The eligible spend from which the rule gave this (0 for the base award).
  Money threshold;
  bool lost_below_threshold = false;

  friend bool operator==(const AwardLine&, const AwardLine&) = default;
};

/// What one limit saw, and whether it was felt.
struct RiskCheck {
  LimitId limit;
  LimitMode mode = LimitMode::live;
  LimitEffect effect = LimitEffect::flag;
  std::int64_t value_before = 0;
  std::int64_t value_asked = 0;
  std::int64_t bound = 0;
  bool exceeded = false;

  friend bool operator==(const RiskCheck&, const RiskCheck&) = default;
};

/// What D14 compares, in its order; tenders and lines as fingerprints.
struct OrderContent {
  Instant occurred_at;
  std::string currency;
  Money amount;
  Money excluded_from_earning;
  Money excluded_from_offset;
  Points points_to_use;
  std::string hold_id;
  std::uint64_t tenders_fingerprint = 0;
  std::uint64_t lines_fingerprint = 0;
  StoreId store;

  friend bool operator==(const OrderContent&, const OrderContent&) = default;
};

/// What a later refund by line needs to know of a basket line.
struct LineAmount {
  std::uint32_t number = 0;
  Money amount;
  bool excluded = false;

  friend bool operator==(const LineAmount&, const LineAmount&) = default;
};

struct Enrolled {
  EventHeader header;
  std::string member_id;

  friend bool operator==(const Enrolled&, const Enrolled&) = default;
};

struct CheckedOut {
  EventHeader header;
  RecordKey key;
  std::string order_id;
  Origin origin;
  OrderContent content;
  std::vector<LineAmount> lines;
  bool late = false;
  Money tax;
  Money eligible;
  /// The one before the order, by which it was rated; empty where there are none.
  TierId tier;
  std::vector<AwardLine> awards;
  /// What the points used were worth, and what is left to pay.
  Money offset_money;
  Money cash_due;
  std::vector<RiskCheck> checks;
  Effects effects;
  Balances after;

  friend bool operator==(const CheckedOut&, const CheckedOut&) = default;
};

/// The sums of all refunds of one order so far. The last one counts.
struct RefundTotals {
  Money amount;
  Money excluded;
  Money offset_money;
  std::vector<std::uint32_t> lines;
  /// Clawed back of each award line, given back of each use: same order as in the record.
  std::vector<Points> clawed_back;
  std::vector<Points> given_back;

  friend bool operator==(const RefundTotals&, const RefundTotals&) = default;
};

/// What a repeated refund is compared by, in this order.
struct RefundContent {
  RecordKey order;
  Instant occurred_at;
  /// 1 amount, 2 lines, 3 whole.
  std::uint8_t scope = 0;
  Money amount;
  Money excluded;
  std::uint64_t lines_fingerprint = 0;

  friend bool operator==(const RefundContent&, const RefundContent&) = default;
};

struct Refunded {
  EventHeader header;
  RecordKey key;
  std::string refund_id;
  Origin origin;
  VenueId order_venue;
  std::string order_id;
  /// The original's: by it the refund is filed beside the original.
  Instant order_occurred_at;
  RefundContent content;
  std::string reason;
  /// This refund's part.
  Money amount;
  Money excluded;
  Money offset_money;
  Money cash_back;
  Points clawed_back;
  Points given_back;
  /// Of what was clawed back: neither taken nor owed, as the program books losses.
  Points booked_loss;
  RefundTotals totals;
  std::vector<RiskCheck> checks;
  Effects effects;
  Balances after;

  friend bool operator==(const Refunded&, const Refunded&) = default;
};

/// An order or a refund that a live limit declined. It is a record, so that the same content gets the
/// same answer, but it changes nothing, and the id is free for other content.
struct Declined {
  EventHeader header;
  RecordKey key;
  /// The order's or the refund's.
  std::string id;
  Origin origin;
  std::variant<OrderContent, RefundContent> content;
  /// Of a refund: the order that it asked to refund.
  VenueId order_venue;
  std::string order_id;
  Instant order_occurred_at;
  bool late = false;
  std::vector<RiskCheck> checks;
  Balances after;

  friend bool operator==(const Declined&, const Declined&) = default;
};

/// What a repeated hold is compared by, in this order.
struct HoldContent {
  Instant occurred_at;
  Points points;

  friend bool operator==(const HoldContent&, const HoldContent&) = default;
};

/// Points were set aside for a payment under way, until a checkout captures them, they are released, or
/// the hold lapses.
struct Held {
  EventHeader header;
  RecordKey key;
  std::string hold_id;
  Origin origin;
  HoldContent content;
  Instant lapses_at;
  Effects effects;
  Balances after;

  friend bool operator==(const Held&, const Held&) = default;
};

/// A hold came to nothing; all that it still held is free.
struct Released {
  EventHeader header;
  RecordKey key;
  Origin origin;
  RecordKey hold;
  std::string hold_id;
  /// The hold's: by it the release is filed beside the hold.
  Instant hold_occurred_at;
  Instant occurred_at;
  Points points;
  Effects effects;
  Balances after;

  friend bool operator==(const Released&, const Released&) = default;
};

/// What time alone has brought about, before the member's next event: holds lapse, and points whose day
/// has passed are gone.
struct TimePassed {
  EventHeader header;
  Effects effects;
  Balances after;

  friend bool operator==(const TimePassed&, const TimePassed&) = default;
};

/// What a repeated grant is compared by, in this order.
struct GrantContent {
  Instant occurred_at;
  Points points;
  PartyId party;
  /// As asked for; 1970-01-01 if the program was to say.
  Day expires_on;
  std::string reason;

  friend bool operator==(const GrantContent&, const GrantContent&) = default;
};

/// Points were given by no order: an opening balance, goodwill, an activity.
struct Granted {
  EventHeader header;
  RecordKey key;
  std::string grant_id;
  Origin origin;
  GrantContent content;
  Effects effects;
  Balances after;

  friend bool operator==(const Granted&, const Granted&) = default;
};

/// A grant was taken back whole: out of lots, of what has expired, or as a debt.
struct GrantRevoked {
  EventHeader header;
  RecordKey key;
  std::string revocation_id;
  Origin origin;
  RecordKey grant;
  std::string grant_id;
  /// The grant's: by it the revocation is filed beside the grant.
  Instant grant_occurred_at;
  Instant occurred_at;
  std::string reason;
  Points points;
  /// As in `Refunded`.
  Points booked_loss;
  Effects effects;
  Balances after;

  friend bool operator==(const GrantRevoked&, const GrantRevoked&) = default;
};

/// What was pending of an order was given to the member, or will not be.
struct Reviewed {
  EventHeader header;
  RecordKey order;
  Instant order_occurred_at;
  bool approved = false;
  std::string reason;
  Effects effects;
  Balances after;

  friend bool operator==(const Reviewed&, const Reviewed&) = default;
};

/// A tier was given by hand, or taken away again; which one is in the effects.
struct TierGiven {
  EventHeader header;
  std::string reason;
  Effects effects;
  Balances after;

  friend bool operator==(const TierGiven&, const TierGiven&) = default;
};

/// The member is known by the identity too from here on.
struct IdentityLinked {
  EventHeader header;
  IdentityKind kind = IdentityKind::phone;
  IdentityKey identity;

  friend bool operator==(const IdentityLinked&, const IdentityLinked&) = default;
};

/// The member is not known by the identity any more.
struct IdentityUnlinked {
  EventHeader header;
  IdentityKind kind = IdentityKind::phone;
  IdentityKey identity;

  friend bool operator==(const IdentityUnlinked&, const IdentityUnlinked&) = default;
};

using Event =
    std::variant<Enrolled, CheckedOut, Refunded, TimePassed, Held, Released, Granted, GrantRevoked,
                 Reviewed, TierGiven, Declined, IdentityLinked, IdentityUnlinked>;

/// An event that receipts, replays and refunds look up.
using Record = std::variant<CheckedOut, Refunded, Held, Released, Granted, GrantRevoked, Declined>;

[[nodiscard]] const EventHeader& header_of(const Event& event);
[[nodiscard]] EventHeader& header_of(Event& event);
/// Null for an event without any: it changes no points.
[[nodiscard]] const Effects* effects_of(const Event& event);
/// Null for an event that tells none.
[[nodiscard]] const Balances* balances_after(const Event& event);

/// Nothing for an event that is no record.
[[nodiscard]] std::optional<Record> record_of(const Event& event);
[[nodiscard]] std::optional<Record> record_of(Event&& event);
/// Moves the event to where its record is to stay, for both are large; false, and nothing moved, for an
/// event that is no record.
[[nodiscard]] bool move_record(Event&& event, Record& to);
[[nodiscard]] RecordKey key_of(const Record& record);

/// How a record is found again.
struct FiledUnder {
  RecordKey key;
  /// The record that it belongs to: a refund's order, a release's hold, a revocation's grant. Nothing
  /// for one that stands for itself.
  std::optional<RecordKey> beside;
  /// `occurred_at` of the record that it belongs to, or its own: names the history.
  Instant at;
};
[[nodiscard]] FiledUnder filed_under(const Record& record);
/// Nothing for an event that is no record.
[[nodiscard]] std::optional<FiledUnder> filed_under(const Event& event);

}  // namespace wutong::domain

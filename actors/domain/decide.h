#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "actors/domain/command.h"
#include "actors/domain/event.h"
#include "actors/domain/member.h"
#include "actors/domain/program.h"
#include "actors/domain/risk_policy.h"

/// The rules. Pure: the same arguments give the same answer on any machine.
///
/// A command is run like this: `due` first, and its event applied if there is one; then `decide`; an
/// accepted event is stamped with its position and applied. Nothing else changes a member.
namespace wutong::domain {

/// Why a command is not done. In the order of precedence (D13); numbers are kept for ever.
enum class Refusal : std::uint8_t {
  member_unknown = 1,
  member_exists = 2,
  other_content = 10,
  other_member = 11,
  member_not_active = 20,
  occurred_in_future = 30,
  back_dated = 31,
  currency_not_the_venues = 40,
  excluded_exceeds_amount = 41,
  lines_do_not_sum = 42,
  excluded_lines_do_not_sum = 43,
  tenders_do_not_sum = 44,
  amount_overflows = 45,
  hold_unknown = 50,
  /// Points can be used late only by capturing a hold (D12).
  late_without_hold = 51,
  /// The member has `open_holds_max` already.
  too_many_holds = 52,
  below_offset_threshold = 60,
  not_in_steps = 61,
  balance_too_low = 62,
  above_offset_share = 63,
  order_unknown = 70,
  /// May not refund this venue's orders; or the program in force does not have the venue any more.
  venue_not_allowed = 71,
  line_unknown = 72,
  line_already_refunded = 73,
  more_than_left = 74,
  more_earning_than_left = 75,
  more_excluded_than_left = 76,
  /// The member's points do not cover what must be taken back, and the program allows no debt.
  shortfall = 77,
  grant_unknown = 80,
  grant_already_revoked = 81,
  party_unknown = 82,
  expires_in_past = 83,
  /// The member has `identities_max` of them.
  too_many_identities = 90,
  /// Told by whoever claims identities, never by `decide`.
  identity_of_other = 91,
};

/// The field that the refusal concerns; the edge knows its name on the wire.
enum class Field : std::uint8_t {
  none = 0,
  member = 1,
  occurred_at = 2,
  currency = 3,
  amount = 4,
  excluded = 5,
  excluded_from_offset = 6,
  points_to_use = 7,
  hold_id = 8,
  tenders = 9,
  lines = 10,
  store = 11,
  order_id = 12,
  refund_id = 13,
  venue = 14,
  refund_scope = 15,
  points = 16,
  party = 17,
  expires_on = 18,
  grant_id = 19,
  reason = 20,
  identity = 21,
};

struct Refused {
  Refusal refusal = Refusal::member_unknown;
  Field field = Field::none;

  friend bool operator==(const Refused&, const Refused&) = default;
};

/// The same request again: answer with what was recorded.
struct Replay {
  Record record;
};

/// What happened, to be stamped and applied.
struct Accepted {
  Event event;
};

/// It is so already, and nothing is recorded.
struct Unchanged {};

using Decision = std::variant<Accepted, Replay, Refused, Unchanged>;

/// What time has brought about by `now` and must be applied before anything else is decided or read:
/// holds lapse, and points whose day has passed are gone. Nothing if there is nothing.
[[nodiscard]] std::optional<Event> due(const Member& member, const Program& program,
                                       const RiskPolicy& policy, Instant now);

/// Decides `command` on `member` as it stands. REQUIRES: `due` gives nothing; the records of the order
/// concerned are in `member.records`; `now` is not before the member's last event.
[[nodiscard]] Decision decide(const Member& member, const Program& program,
                              const RiskPolicy& policy, const Command& command, Instant now);
/// The same, of the most frequent command as it is.
[[nodiscard]] Decision decide(const Member& member, const Program& program,
                              const RiskPolicy& policy, const Checkout& checkout, Instant now);

/// What the same checkout would give, and the most that points could pay.
struct Quoted {
  Points points_max;
  Money offset_money_max;
  Money offset_money;
  Money cash_due;
  Money eligible;
  std::vector<AwardLine> awards;
  std::vector<RiskCheck> checks;
  /// A live limit would decline it.
  bool declined = false;
  Balances now;
  std::uint32_t program_version = 0;
  std::uint32_t policy_version = 0;
  /// Why the checkout would be refused as it stands, if it would; the maximum is told all the same.
  std::optional<Refused> refused;
};
[[nodiscard]] Quoted quote(const Member& member, const Program& program, const RiskPolicy& policy,
                           const Quote& asked, Instant now);

/// Applies what happened; the only writer of a member, but for `records`, which stay as they are. May
/// not refuse: the event was decided on this very state, or is replayed on one equal to it.
void apply(Member& member, const Event& event);

}  // namespace wutong::domain

#pragma once

#include <optional>

#include "actors/domain/command.h"
#include "actors/domain/decide.h"
#include "actors/domain/event.h"
#include "actors/domain/member.h"
#include "actors/domain/program.h"

/// What can be wrong with a command: flat lists in the order of precedence (D13), after the guards
/// that know the command already.
namespace wutong::domain {

/// The most that an order may be worth. Keeps every sum of the domain within 64 bits and every
/// product within 128.
inline constexpr Money order_amount_max{1'000'000'000'000'000};

/// A quote asks before the customer has said how the rest will be paid.
enum class Purpose : bool { quote, checkout };

/// Why `checkout` cannot be done; nothing if it can.
[[nodiscard]] std::optional<Refused> refusal_of(const Member& member, const Program& program,
                                                const Checkout& checkout, Instant now,
                                                Purpose purpose);

/// Why `refund` cannot be done; nothing if it can. `order` is null if the original is unknown,
/// `before` if nothing of it was refunded yet.
[[nodiscard]] std::optional<Refused> refusal_of(const Member& member, const Program& program,
                                                const Refund& refund, Instant now,
                                                const CheckedOut* order,
                                                const RefundTotals* before);

/// No amount is negative or above `order_amount_max`.
[[nodiscard]] bool amounts_within_bounds(const Checkout& checkout);

/// Received long after it happened, or done while the till was offline.
[[nodiscard]] bool is_late(const Program& program, const Origin& origin, Instant occurred_at,
                           Instant now);

/// What holds of any command by a caller, before what is its own: the member's status, and the time.
[[nodiscard]] std::optional<Refused> refusal_of_occasion(const Member& member,
                                                         const Program& program,
                                                         Instant occurred_at, Instant now);

}  // namespace wutong::domain

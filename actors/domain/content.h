#pragma once

#include "actors/domain/command.h"
#include "actors/domain/decide.h"
#include "actors/domain/event.h"

/// What a repeated request is compared by (D14).
namespace wutong::domain {

[[nodiscard]] OrderContent content_of(const Checkout& checkout);
[[nodiscard]] RefundContent content_of(const Refund& refund);
[[nodiscard]] HoldContent content_of(const Hold& hold);
[[nodiscard]] GrantContent content_of(const Grant& grant);

/// The first field that differs, in the order of D14; `Field::none` if none does.
[[nodiscard]] Field first_difference(const OrderContent& known, const OrderContent& asked);
[[nodiscard]] Field first_difference(const RefundContent& known, const RefundContent& asked);
[[nodiscard]] Field first_difference(const HoldContent& known, const HoldContent& asked);
[[nodiscard]] Field first_difference(const GrantContent& known, const GrantContent& asked);

}  // namespace wutong::domain

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wutong/v1/points.pb.h"

/// Receipts in words that a golden case can be compared with.
namespace wutong::test {

using Lines = std::vector<std::string>;

/// "base 58", "S 30", in the receipt's order.
[[nodiscard]] Lines awards(const v1::ReceiptRecord& record);
/// "use POOL->MALL 8700000", in the order in which they took effect.
[[nodiscard]] Lines postings(const v1::ReceiptRecord& record);
/// "earn 58 MALL until 2027-12-31", in the order in which they took effect.
[[nodiscard]] Lines movements(const v1::ReceiptRecord& record);
/// What each came to owe another, as {"MALL->POOL", 174000}.
[[nodiscard]] std::map<std::string, std::int64_t> owed(const v1::ReceiptRecord& record);
/// "HOTEL 250 until 2026-12-31", in burn order.
[[nodiscard]] Lines lots(const v1::Member& member);
/// "BALANCE_TOO_LOW points_to_use".
[[nodiscard]] std::string text_of(const v1::Refusal& refusal);

}  // namespace wutong::test

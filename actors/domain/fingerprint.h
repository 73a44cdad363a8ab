#pragma once

#include <cstdint>
#include <vector>

#include "actors/domain/command.h"

/// Short stand-ins for what a repeated request is compared by. They are stored for years, so they
/// are the same on every machine and in every version. Not secret, and not proof against forgery: who
/// finds two contents with one fingerprint gets the receipt of the first.
namespace wutong::domain {

/// Over kinds and amounts, in no order: a retry may list the same tenders in another one.
[[nodiscard]] std::uint64_t fingerprint_of(const std::vector<Tender>& tenders);

/// Over every field of every line, by line number. 0 for no lines.
[[nodiscard]] std::uint64_t fingerprint_of(const std::vector<BasketLine>& lines);

/// Over the numbers in ascending order.
[[nodiscard]] std::uint64_t fingerprint_of(const std::vector<std::uint32_t>& numbers);

}  // namespace wutong::domain

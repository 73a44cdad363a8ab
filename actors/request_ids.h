#pragma once

#include <optional>

#include "actors/call.h"

/// By which ids a command and what it belongs to are known.
namespace wutong {

/// A command that is not an order: its own id is unique within its member.
struct FiledCommand {
  domain::RecordKey key;
  /// The order of a refund, the hold of a release, the grant of a revocation.
  std::optional<domain::RecordKey> beside;
  /// Unique over all members, as orders are.
  bool beside_order = false;
  /// Made by the engine: it is known to be new.
  bool by_engine = false;
};

/// Nothing for orders and reads.
[[nodiscard]] std::optional<FiledCommand> filed_command(const Request& request);

/// What the member's order book is asked for as the request's own: its id, or where an order that was
/// declined is found again. Nothing for reads.
[[nodiscard]] std::optional<domain::RecordKey> own_id(const Request& request);
[[nodiscard]] domain::RecordKey own_id(const domain::Checkout& checkout);

/// Whether it may change the member.
[[nodiscard]] bool writes(const Request& request);

}  // namespace wutong

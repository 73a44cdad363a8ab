#pragma once

#include <cstdint>

#include "actors/call.h"
#include "gateway/credentials.h"
#include "gateway/method.h"
#include "gateway/problem.h"
#include "proto/wire_writer.h"

/// From the domain to the wire.
namespace wutong {

/// What an answered call was, for the metrics. A decline that is told again is replayed.
enum class Outcome : std::uint8_t { done, replayed, refused, declined };

/// Writes the fields of the message that `method` answers with, or answers the problem that `reply` is (then
/// nothing is written). A reply of a kind that the method never has is INTERNAL. The bytes are those that
/// the generated classes would write of the same content. `reader` is needed for a history alone: records
/// of venues that it does not cover are left out.
[[nodiscard]] OrProblem<Outcome> write_reply(WireWriter& out, const Reply& reply, Method method,
                                             const Credential* reader = nullptr);

/// The reply of a method that answers a receipt or a refusal to the call that `receipt` comes of, written
/// ahead of time: `write_reply` writes it as it is.
[[nodiscard]] WrittenReply write_ahead(const ReceiptReply& receipt);

}  // namespace wutong

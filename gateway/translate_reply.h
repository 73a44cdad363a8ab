#pragma once

#include <optional>

#include "actors/call.h"
#include "gateway/credentials.h"
#include "gateway/method.h"
#include "gateway/problem.h"
#include "wutong/v1/points.pb.h"

/// From the domain to the wire.
namespace wutong {

/// What an answered call was, for the metrics. A decline that is told again is replayed.
enum class Outcome : std::uint8_t { done, replayed, refused, declined };

/// Fills `out` from `reply`, or answers the problem that it is (then `out` is left empty). A reply of
/// a kind that the method never has is INTERNAL.
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::QuoteReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::CheckoutReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::RefundReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::HoldReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::ReleaseReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::GrantReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::RevokeGrantReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::GetReceiptReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::EnrollReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::LinkIdentityReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::UnlinkIdentityReply& out);
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, v1::GetMemberReply& out);
/// Records of venues that `credential` does not cover are left out.
[[nodiscard]] OrProblem<Outcome> translate(const Reply& reply, const Credential& credential,
                                           v1::ListHistoryReply& out);

}  // namespace wutong

#pragma once

#include <string>
#include <string_view>

#include "actors/call.h"
#include "gateway/method.h"
#include "gateway/problem.h"

/// How the rules' refusals and the engine's failures are told on the wire.
namespace wutong {

/// Path of the request's field that `field` means in a request of `method`; empty for none.
[[nodiscard]] std::string_view path_of(domain::Field field, Method method);

/// For people: what is wrong, as in "is more than the member has".
[[nodiscard]] std::string_view complaint_of(domain::Refusal refusal);

/// The status of a refusal that is the caller's mistake, or names what is not there; nothing where
/// it belongs inside the reply. A read has no refusals inside: what it does not find is NOT_FOUND.
[[nodiscard]] std::optional<Code> status_code_of(domain::Refusal refusal, Method method);

/// REQUIRES: `status_code_of(refused.refusal, method)` gives a code.
[[nodiscard]] Problem problem_of(const RefusedReply& refused, Method method);
[[nodiscard]] Problem problem_of(const FailedReply& failed, Method method);

}  // namespace wutong

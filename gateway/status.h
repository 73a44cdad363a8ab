#pragma once

#include <grpcpp/support/status.h>

#include "gateway/problem.h"

namespace wutong {

/// The status that tells `problem`, with an ErrorDetail in its details.
[[nodiscard]] grpc::Status status_of(const Problem& problem);

}  // namespace wutong

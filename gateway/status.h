#pragma once

#include <grpcpp/support/status.h>

#include "gateway/problem.h"
#include "wutong/v1/error.pb.h"

namespace wutong {

void fill(const Problem& problem, v1::ErrorDetail& detail);

/// The status that tells `problem`, with an ErrorDetail in its details.
[[nodiscard]] grpc::Status status_of(const Problem& problem);

}  // namespace wutong

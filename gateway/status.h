#pragma once

#include <grpcpp/support/status.h>

#include "gateway/problem.h"
#include "proto/wire_writer.h"

namespace wutong {

/// The status that tells `problem`, with an ErrorDetail in its details.
[[nodiscard]] grpc::Status status_of(const Problem& problem);
/// The same as the field `error` of a `v1::BatchItemReply`.
void write_item_error(WireWriter& out, const Problem& problem);

}  // namespace wutong

#pragma once

#include <cstdint>

#include "actors/domain/event.h"
#include "proto/wire_writer.h"

namespace wutong {

/// Writes the fields of a `v1::ReceiptRecord`: a record as receipts tell it. Equal records give equal
/// bytes, so that replays agree.
void write_record(WireWriter& out, const domain::Record& record, std::uint32_t shard);

}  // namespace wutong

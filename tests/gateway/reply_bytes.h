#pragma once

#include <gtest/gtest.h>

#include <string>

#include "gateway/translate_record.h"
#include "gateway/translate_reply.h"
#include "wutong/v1/points.pb.h"

/// Replies as their readers get them.
namespace wutong::test {

/// The message that the bytes are. That its own class would have written the same bytes shows that fields
/// stand in order, that none is written twice or left zero, and that no length is wrong.
template <typename Message>
[[nodiscard]] Message read(const WireWriter& bytes) {
  Message message;
  EXPECT_TRUE(message.ParseFromArray(bytes.all().data(), static_cast<int>(bytes.size())));
  EXPECT_EQ(message.SerializeAsString(), bytes.all()) << message.ShortDebugString();
  return message;
}

[[nodiscard]] inline v1::ReceiptRecord told(const domain::Record& record, std::uint32_t shard) {
  WireWriter bytes;
  write_record(bytes, record, shard);
  return read<v1::ReceiptRecord>(bytes);
}

/// What `method` answers `reply` with. A problem leaves `out` empty.
template <typename Out>
[[nodiscard]] OrProblem<Outcome> tell(const Reply& reply, Method method, Out& out,
                                      const Credential* reader = nullptr) {
  WireWriter bytes;
  const auto outcome = write_reply(bytes, reply, method, reader);
  EXPECT_TRUE(outcome || bytes.size() == 0);
  out = read<Out>(bytes);
  return outcome;
}

}  // namespace wutong::test

#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/ledger.h"

/// Reads Redis's answers. An answer of another shape than the command promises is `broken`: some
/// other program writes to our keys, or the server is no Redis that we know.
namespace wutong::persistence {

/// Which fault an error reply is. Those that pass by themselves, or with more memory or disk, are
/// `unknown`; whatever is not listed is `broken`, so that a new kind stops a shard, and is not
/// retried for ever.
[[nodiscard]] LedgerError error_of_reply(std::string_view text);

[[nodiscard]] tl::unexpected<LedgerError> broken(std::string detail);

/// REQUIRES for all: `reply` is not null. Nothing if it is not of that type.
[[nodiscard]] std::optional<std::string_view> text_of(const redisReply* reply);
[[nodiscard]] std::optional<std::int64_t> number_of(const redisReply* reply);
[[nodiscard]] bool is_nil(const redisReply* reply);
[[nodiscard]] bool is_array(const redisReply* reply, std::size_t elements);

/// The value in the text that INFO answers; empty if it has no such field.
[[nodiscard]] std::string_view info_field(std::string_view info, std::string_view name);

/// What the calls of a journal and a ledger answer.
[[nodiscard]] LedgerResult<Head> read_head_reply(const redisReply* reply);
[[nodiscard]] LedgerResult<Mark> read_mark_reply(const redisReply* reply);
[[nodiscard]] LedgerResult<FlushOutcome> read_flush_reply(const redisReply* reply);
[[nodiscard]] LedgerResult<std::vector<LogEntry>> read_log_reply(const redisReply* reply);
/// Nothing for a nil.
[[nodiscard]] LedgerResult<std::optional<std::string>> read_bytes_reply(const redisReply* reply);
/// An empty string for each nil.
[[nodiscard]] LedgerResult<std::vector<std::string>> read_list_reply(const redisReply* reply);
struct ScannedKeys {
  std::uint64_t next_cursor = 0;
  std::vector<std::string> keys;
};
[[nodiscard]] LedgerResult<ScannedKeys> read_scan_reply(const redisReply* reply);
/// Ascending, whatever the order in the answer.
[[nodiscard]] LedgerResult<std::vector<std::int32_t>> read_months_reply(const redisReply* reply);
[[nodiscard]] LedgerResult<std::int64_t> read_count_reply(const redisReply* reply);
[[nodiscard]] LedgerResult<Lease> read_lease_reply(const redisReply* reply);
[[nodiscard]] LedgerResult<Journal::LogSize> read_log_size_reply(const redisReply* reply);
[[nodiscard]] LedgerResult<std::int64_t> read_time_reply(const redisReply* reply);
/// Without the server's generation, which is no part of the answer. Leaves out keys that are no
/// member's: whoever put them there, they say nothing of members.
[[nodiscard]] LedgerResult<SnapshotPage> read_snapshot_page_reply(const redisReply* reply);

}  // namespace wutong::persistence

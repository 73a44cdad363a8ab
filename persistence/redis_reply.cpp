#include "persistence/redis_reply.h"

#include <algorithm>
#include <array>

#include "actors/domain/checked.h"
#include "persistence/keys.h"
#include "persistence/ledger_text.h"
#include "persistence/text.h"

namespace wutong::persistence {

namespace {

/// A server that loads, is full, fails over, runs a script for too long, or lost a replica or its
/// disk.
constexpr std::array<std::string_view, 12> passing_errors = {
    "NOSCRIPT ", "LOADING ",  "TRYAGAIN ",   "CLUSTERDOWN ", "OOM ",        "MISCONF ",
    "BUSY ",     "READONLY ", "NOREPLICAS ", "MASTERDOWN ",  "UNKILLABLE ", "UNBLOCKED "};

tl::unexpected<LedgerError> misshapen(std::string_view what) {
  return broken(join_text("unexpected answer for ", what));
}

}  // namespace

LedgerError error_of_reply(std::string_view text) {
  const bool passes = std::ranges::any_of(
      passing_errors, [text](std::string_view code) { return text.starts_with(code); });
  return {.fault = passes ? LedgerFault::unknown : LedgerFault::broken,
          .detail = std::string(text)};
}

tl::unexpected<LedgerError> broken(std::string detail) {
  return tl::unexpected(LedgerError{.fault = LedgerFault::broken, .detail = std::move(detail)});
}

std::optional<std::string_view> text_of(const redisReply* reply) {
  if (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS) return std::nullopt;
  return std::string_view(reply->str, reply->len);
}

std::optional<std::int64_t> number_of(const redisReply* reply) {
  if (reply->type == REDIS_REPLY_INTEGER) return reply->integer;
  const auto text = text_of(reply);
  return text ? parse_number<std::int64_t>(*text) : std::nullopt;
}

bool is_nil(const redisReply* reply) { return reply->type == REDIS_REPLY_NIL; }

bool is_array(const redisReply* reply, std::size_t elements) {
  return reply->type == REDIS_REPLY_ARRAY && reply->elements == elements;
}

std::string_view info_field(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    auto line = take_part(info, "\r\n");
    if (take_part(line, ":") == name) return line;
  }
  return {};
}

LedgerResult<Head> read_head_reply(const redisReply* reply) {
  if (is_nil(reply)) return broken("NOSTORE no head");
  const auto text = text_of(reply);
  auto head = text ? parse_head(*text) : std::nullopt;
  if (!head) return misshapen("the head");
  return *std::move(head);
}

LedgerResult<Mark> read_mark_reply(const redisReply* reply) {
  if (is_nil(reply)) return broken("NOSTORE no mark");
  const auto text = text_of(reply);
  const auto mark = text ? parse_mark(*text) : std::nullopt;
  if (!mark) return misshapen("the mark");
  return *mark;
}

LedgerResult<FlushOutcome> read_flush_reply(const redisReply* reply) {
  const auto text = text_of(reply).value_or("");
  if (text == "done") return FlushOutcome::done;
  if (text == "fenced") return FlushOutcome::fenced;
  if (text == "ahead") return FlushOutcome::ahead;
  if (text == "other") return FlushOutcome::other;
  return misshapen("a flush");
}

LedgerResult<std::vector<LogEntry>> read_log_reply(const redisReply* reply) {
  if (reply->type != REDIS_REPLY_ARRAY) return misshapen("the log");
  std::vector<LogEntry> entries;
  entries.reserve(reply->elements);
  for (std::size_t i = 0; i < reply->elements; ++i) {
    const redisReply* const entry = reply->element[i];
    // [id, ['b', batch]]
    if (!is_array(entry, 2) || !is_array(entry->element[1], 2)) return misshapen("an entry");
    const auto id = text_of(entry->element[0]);
    const auto last = id ? parse_position(*id) : std::nullopt;
    const auto batch = text_of(entry->element[1]->element[1]);
    if (!last || !batch) return misshapen("an entry");
    entries.push_back({.last = *last, .batch = std::string(*batch)});
  }
  return entries;
}

LedgerResult<std::optional<std::string>> read_bytes_reply(const redisReply* reply) {
  if (is_nil(reply)) return std::optional<std::string>();
  const auto text = text_of(reply);
  if (!text) return misshapen("a value");
  return std::optional<std::string>(*text);
}

LedgerResult<std::vector<std::string>> read_list_reply(const redisReply* reply) {
  if (reply->type != REDIS_REPLY_ARRAY) return misshapen("values");
  std::vector<std::string> values;
  values.reserve(reply->elements);
  for (std::size_t i = 0; i < reply->elements; ++i) {
    auto value = read_bytes_reply(reply->element[i]);
    if (!value) return tl::unexpected(std::move(value).error());
    values.push_back((*std::move(value)).value_or(""));
  }
  return values;
}

LedgerResult<std::int64_t> read_count_reply(const redisReply* reply) {
  const auto number = number_of(reply);
  if (!number) return misshapen("a count");
  return *number;
}

LedgerResult<ScannedKeys> read_scan_reply(const redisReply* reply) {
  if (!is_array(reply, 2)) return misshapen("SCAN");
  const auto cursor_text = text_of(reply->element[0]);
  const auto cursor = cursor_text ? parse_number<std::uint64_t>(*cursor_text) : std::nullopt;
  if (!cursor) return misshapen("SCAN");
  auto keys = read_list_reply(reply->element[1]);
  if (!keys) return tl::unexpected(std::move(keys).error());
  return ScannedKeys{.next_cursor = *cursor, .keys = *std::move(keys)};
}

LedgerResult<std::vector<std::int32_t>> read_months_reply(const redisReply* reply) {
  if (reply->type != REDIS_REPLY_ARRAY) return misshapen("the months");
  std::vector<std::int32_t> months;
  for (std::size_t i = 0; i < reply->elements; ++i) {
    const auto text = text_of(reply->element[i]);
    const auto month = text ? parse_number<std::int32_t>(*text) : std::nullopt;
    if (!month) return misshapen("the months");
    months.push_back(*month);
  }
  std::ranges::sort(months);
  return months;
}

LedgerResult<Lease> read_lease_reply(const redisReply* reply) {
  if (!is_array(reply, 3)) return misshapen("the lease");
  const auto owner = text_of(reply->element[0]);
  const auto remaining_ms = number_of(reply->element[1]);
  const auto renewal = number_of(reply->element[2]);
  if (!owner || !remaining_ms || !renewal) return misshapen("the lease");
  return Lease{.owner = std::string(*owner), .remaining_ms = *remaining_ms, .renewal = *renewal};
}

LedgerResult<Journal::LogSize> read_log_size_reply(const redisReply* reply) {
  if (!is_array(reply, 2)) return misshapen("the log's size");
  const auto entries = number_of(reply->element[0]);
  const auto bytes = number_of(reply->element[1]);
  if (!entries || !bytes) return misshapen("the log's size");
  return Journal::LogSize{.entries = *entries, .bytes = *bytes};
}

LedgerResult<std::int64_t> read_time_reply(const redisReply* reply) {
  if (!is_array(reply, 2)) return misshapen("the clock");
  const auto seconds = number_of(reply->element[0]);
  const auto microseconds = number_of(reply->element[1]);
  if (!seconds || !microseconds) return misshapen("the clock");
  const auto unix_ms = (domain::Wide(*seconds) * 1'000 + *microseconds / 1'000).narrow();
  if (!unix_ms) return misshapen("the clock");
  return *unix_ms;
}

LedgerResult<SnapshotPage> read_snapshot_page_reply(const redisReply* reply) {
  auto scanned = read_scan_reply(reply);
  if (!scanned || scanned->keys.size() % 2 != 0) return misshapen("a page of snapshots");
  SnapshotPage page{.next_cursor = scanned->next_cursor};
  page.snapshots.reserve(scanned->keys.size() / 2);
  for (std::size_t i = 0; i < scanned->keys.size(); i += 2) {
    const auto member = member_of_snapshot(scanned->keys[i]);
    if (!member) continue;
    page.snapshots.push_back({.member = *member, .bytes = std::move(scanned->keys[i + 1])});
  }
  return page;
}

}  // namespace wutong::persistence

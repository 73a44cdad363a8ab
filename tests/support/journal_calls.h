#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/ledger.h"

/// A journal's calls, for tests that wait for each answer.
namespace wutong::test {

/// The answer of a call that takes a callback. Answers `unknown` with the detail "no answer at all"
/// when none comes within 30 s, which breaks the port's promise.
template <typename T, typename Call>
[[nodiscard]] LedgerResult<T> await(Call call) {
  auto promise = std::make_shared<std::promise<LedgerResult<T>>>();
  auto future = promise->get_future();
  call([promise](LedgerResult<T> answer) { promise->set_value(std::move(answer)); });
  if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
    return tl::unexpected(LedgerError{.detail = "no answer at all"});
  }
  return future.get();
}

[[nodiscard]] inline Head head_at(std::uint64_t epoch, std::uint64_t sequence, std::string writer) {
  return {.position = {.epoch = epoch, .sequence = sequence}, .writer = std::move(writer)};
}

[[nodiscard]] inline Head fresh_head() { return head_at(0, 0, "none"); }

[[nodiscard]] inline AppendRequest append_request(Head expected, Head next, std::string batch) {
  return {.expected = std::move(expected),
          .next = std::move(next),
          .batch = std::make_shared<const std::string>(std::move(batch))};
}

/// Owned by the test; any thread, one at a time.
class JournalCalls {
 public:
  explicit JournalCalls(Journal& journal) : journal_(journal) {}

  [[nodiscard]] LedgerResult<AppendReply> append(Head expected, Head next, std::string batch) {
    return append(append_request(std::move(expected), std::move(next), std::move(batch)));
  }
  [[nodiscard]] LedgerResult<AppendReply> append(AppendRequest request) {
    return await<AppendReply>([&](auto done) { journal_.append(std::move(request), done); });
  }
  [[nodiscard]] LedgerResult<FlushOutcome> flush(FlushRequest request) {
    return await<FlushOutcome>([&](auto done) { journal_.flush(std::move(request), done); });
  }
  [[nodiscard]] std::uint64_t reads_generation() const { return journal_.reads_generation(); }
  [[nodiscard]] LedgerResult<AppendReply> head() {
    return await<AppendReply>([&](auto done) { journal_.read_head(done); });
  }
  [[nodiscard]] LedgerResult<Mark> mark() {
    return await<Mark>([&](auto done) { journal_.read_mark(done); });
  }
  [[nodiscard]] LedgerResult<std::vector<LogEntry>> log(domain::Position after = {},
                                                        std::uint32_t entries_max = 1'000) {
    return await<std::vector<LogEntry>>(
        [&](auto done) { journal_.read_log(after, entries_max, done); });
  }
  [[nodiscard]] LedgerResult<std::optional<std::string>> snapshot(std::uint64_t member) {
    return await<std::optional<std::string>>(
        [&](auto done) { journal_.read_snapshot({.value = member}, done); });
  }
  [[nodiscard]] LedgerResult<std::vector<std::string>> history(std::uint64_t member,
                                                               std::vector<std::int32_t> months) {
    return await<std::vector<std::string>>(
        [&](auto done) { journal_.read_history({.value = member}, months, done); });
  }
  [[nodiscard]] LedgerResult<std::vector<std::int32_t>> book_months() {
    return await<std::vector<std::int32_t>>([&](auto done) { journal_.read_book_months(done); });
  }
  [[nodiscard]] LedgerResult<std::vector<std::string>> book(std::int32_t month, std::uint32_t first,
                                                            std::uint32_t count) {
    return await<std::vector<std::string>>(
        [&](auto done) { journal_.read_book(month, first, count, done); });
  }
  [[nodiscard]] LedgerResult<std::optional<std::string>> identity(domain::IdentityKey identity) {
    return await<std::optional<std::string>>(
        [&](auto done) { journal_.read_identity(identity, done); });
  }
  [[nodiscard]] LedgerResult<std::int64_t> note_swept(SweptNote swept) {
    return await<std::int64_t>([&](auto done) { journal_.note_swept(swept, done); });
  }
  [[nodiscard]] LedgerResult<Lease> renew(std::string owner, std::int64_t ttl_ms) {
    return await<Lease>([&](auto done) { journal_.renew_lease(owner, ttl_ms, done); });
  }
  [[nodiscard]] LedgerResult<Lease> lease() {
    return await<Lease>([&](auto done) { journal_.read_lease(done); });
  }
  [[nodiscard]] LedgerResult<Lease> release(std::string owner) {
    return await<Lease>([&](auto done) { journal_.release_lease(owner, done); });
  }
  [[nodiscard]] LedgerResult<Journal::ScanPage> scan(std::uint64_t cursor, std::uint32_t hint) {
    return await<Journal::ScanPage>(
        [&](auto done) { journal_.scan_snapshots(cursor, hint, done); });
  }
  [[nodiscard]] LedgerResult<Journal::LogSize> log_size() {
    return await<Journal::LogSize>([&](auto done) { journal_.read_log_size(done); });
  }

 private:
  Journal& journal_;
};

}  // namespace wutong::test

#include "persistence/redis_journal.h"

#include <algorithm>
#include <set>

#include "persistence/ledger_text.h"
#include "persistence/redis_command.h"
#include "persistence/redis_reply.h"
#include "persistence/text.h"

namespace wutong::persistence {

namespace {

template <typename Append>
std::string expiry_text(const Append& append) {
  return join_text(append.expire_at_unix_ms, append.expiry_stands ? "*" : "");
}

/// What an entry takes in Redis beside its batch: node, listpack, id and field.
constexpr std::int64_t entry_overhead_bytes = 96;

/// A WAIT ends this much before its append's deadline, so that it ends by an answer: running out of
/// time would close the connection.
constexpr std::chrono::milliseconds wait_margin{50};

/// A WAIT is repeated rather than long, so that a replica that comes back is noticed on a server
/// that began to wait before.
constexpr std::chrono::milliseconds wait_slice{200};

LedgerResult<AppendReply> read_append_reply(const RedisReply& reply) {
  auto head = read_head_reply(reply.value);
  if (!head) return tl::unexpected(std::move(head).error());
  return AppendReply{.head = *std::move(head), .server_generation = reply.server_generation};
}

std::int64_t wall_clock_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace

RedisJournal::RedisJournal(RedisLoop& loop, const ScriptNames& scripts, Settings settings)
    : loop_(loop),
      scripts_(scripts),
      settings_(settings),
      keys_(settings.shard),
      lease_call_(wall_clock_us()) {}

void RedisJournal::submit_append_side(std::string bytes, ReplyCallback done) {
  loop_.submit(settings_.append_connection, {.bytes = std::move(bytes),
                                             .deadline = Clock::now() + settings_.append_timeout,
                                             .done = std::move(done)});
}

void RedisJournal::submit_side(std::string bytes, std::chrono::milliseconds timeout,
                               ReplyCallback done) {
  loop_.submit(settings_.side_connection,
               {.bytes = std::move(bytes),
                .deadline = Clock::now() + timeout,
                .done = [this, done = std::move(done)](LedgerResult<RedisReply> reply) {
                  if (reply) {
                    side_generation_.store(reply->server_generation, std::memory_order_release);
                  }
                  done(std::move(reply));
                }});
}

template <typename T>
void RedisJournal::read_side(std::string bytes, LedgerResult<T> (*parse)(const redisReply*),
                             LedgerCallback<T> done) {
  submit_side(std::move(bytes), settings_.read_timeout,
              [parse, done = std::move(done)](LedgerResult<RedisReply> reply) {
                if (!reply) return done(tl::unexpected(std::move(reply).error()));
                done(parse(reply->value));
              });
}

// ---- append

void RedisJournal::append(AppendRequest request, LedgerCallback<AppendReply> done) {
  const std::string expected = head_text(request.expected);
  const std::string next = head_text(request.next);
  std::string bytes =
      redis_command({"EVALSHA", script_name(Script::append), "2", keys_.head(), keys_.log(),
                     expected, next, position_text(request.next.position), *request.batch});
  const auto batch_bytes = static_cast<std::int64_t>(request.batch->size());
  const auto deadline = Clock::now() + settings_.append_timeout;
  submit_append_side(std::move(bytes), [this, next = std::move(request.next), batch_bytes, deadline,
                                        done = std::move(done)](LedgerResult<RedisReply> reply) {
    if (!reply) return done(tl::unexpected(std::move(reply).error()));
    auto answer = read_append_reply(*reply);
    if (!answer || answer->head != next) return done(std::move(answer));
    if (log_size_) {
      log_size_->entries += 1;
      log_size_->bytes += batch_bytes + entry_overhead_bytes;
    }
    if (settings_.replicas == 0) return done(std::move(answer));
    wait_for_replicas({.answer = *std::move(answer),
                       .connect_number = reply->connect_number,
                       .deadline = deadline,
                       .done = done});
  });
}

void RedisJournal::wait_for_replicas(ReplicaWait wait) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      wait.deadline - wait_margin - Clock::now());
  if (left.count() <= 0) {
    return wait.done(tl::unexpected(
        LedgerError{.fault = LedgerFault::unknown, .detail = "too few replicas have it"}));
  }
  // On the connect that appended: elsewhere WAIT knows of no write, and answers at once.
  std::string bytes = redis_command(
      {"WAIT", join_text(settings_.replicas), join_text(std::min(left, wait_slice).count())});
  const auto deadline = wait.deadline;
  const auto connect_number = wait.connect_number;
  loop_.submit(settings_.append_connection,
               {.bytes = std::move(bytes),
                .deadline = deadline,
                .done =
                    [this, wait = std::move(wait)](LedgerResult<RedisReply> reply) {
                      if (!reply) return wait.done(tl::unexpected(std::move(reply).error()));
                      const auto reached = read_count_reply(reply->value);
                      if (!reached) {
                        // The append was done. A master that has become a replica answers so.
                        return wait.done(tl::unexpected(LedgerError{
                            .fault = LedgerFault::unknown, .detail = reached.error().detail}));
                      }
                      if (*reached >= settings_.replicas) return wait.done(wait.answer);
                      wait_for_replicas(wait);
                    },
                .connect_number = connect_number});
}

void RedisJournal::read_head(LedgerCallback<AppendReply> done) {
  submit_append_side(redis_command({"GET", keys_.head()}),
                     [done = std::move(done)](LedgerResult<RedisReply> reply) {
                       if (!reply) return done(tl::unexpected(std::move(reply).error()));
                       done(read_append_reply(*reply));
                     });
}

// ---- flush

std::string RedisJournal::flush_command(const FlushRequest& request) const {
  std::size_t payload_bytes = 0;
  std::set<std::int32_t> book_months;
  for (const auto& write : request.snapshots) payload_bytes += write.snapshot.size() + 32;
  for (const auto& write : request.identities) payload_bytes += write.claim.size() + 48;
  for (const auto& append : request.history) payload_bytes += append.records.size() + 64;
  for (const auto& append : request.book) {
    payload_bytes += append.entries.size() + 64;
    book_months.insert(append.month);
  }

  const std::size_t snapshots = request.snapshots.size();
  const std::size_t identities = request.identities.size();
  const std::size_t appends = request.history.size() + request.book.size();
  const std::size_t keys = 3 + snapshots + identities + appends;
  const std::size_t values = 8 + snapshots + identities + book_months.size() + 2 * appends;
  RedisCommandWriter writer(3 + keys + values, payload_bytes);
  writer.add("EVALSHA").add(script_name(Script::flush)).add_number(keys);

  writer.add(keys_.head()).add(keys_.mark()).add(keys_.book_months());
  for (const auto& write : request.snapshots) writer.add(keys_.snapshot(write.member));
  for (const auto& write : request.identities) writer.add(keys_.identity(write.identity));
  for (const auto& append : request.history) {
    writer.add(keys_.history(append.member, append.month));
  }
  for (const auto& append : request.book) writer.add(keys_.book(append.month, append.bucket));

  writer.add_number(request.epoch).add(request.writer).add_number(request.highest_sequence);
  writer.add(mark_text(request.expected)).add(mark_text(request.next));
  writer.add_number(snapshots).add_number(identities).add_number(book_months.size());
  for (const auto& write : request.snapshots) writer.add(write.snapshot);
  for (const auto& write : request.identities) writer.add(write.claim);
  for (const auto month : book_months) writer.add_number(month);
  for (const auto& append : request.history) {
    writer.add(append.records).add(expiry_text(append));
  }
  for (const auto& append : request.book) {
    writer.add(append.entries).add(expiry_text(append));
  }
  return writer.take();
}

void RedisJournal::flush(FlushRequest request, LedgerCallback<FlushOutcome> done) {
  submit_side(flush_command(request), settings_.flush_timeout,
              [done = std::move(done)](LedgerResult<RedisReply> reply) {
                if (!reply) return done(tl::unexpected(std::move(reply).error()));
                done(read_flush_reply(reply->value));
              });
}

// ---- reads

void RedisJournal::read_mark(LedgerCallback<Mark> done) {
  read_side(redis_command({"GET", keys_.mark()}), read_mark_reply, std::move(done));
}

void RedisJournal::read_log(domain::Position after, std::uint32_t entries_max,
                            LedgerCallback<std::vector<LogEntry>> done) {
  read_side(redis_command({"XRANGE", keys_.log(), join_text("(", position_text(after)), "+",
                           "COUNT", join_text(entries_max)}),
            read_log_reply, std::move(done));
}

void RedisJournal::read_snapshot(domain::MemberKey member,
                                 LedgerCallback<std::optional<std::string>> done) {
  read_side(redis_command({"GET", keys_.snapshot(member)}), read_bytes_reply, std::move(done));
}

void RedisJournal::read_history(domain::MemberKey member, std::vector<std::int32_t> months,
                                LedgerCallback<std::vector<std::string>> done) {
  std::vector<std::string> keys;
  keys.reserve(months.size());
  for (const auto month : months) keys.push_back(keys_.history(member, month));
  read_values(keys, std::move(done));
}

void RedisJournal::read_book_months(LedgerCallback<std::vector<std::int32_t>> done) {
  read_side(redis_command({"SMEMBERS", keys_.book_months()}), read_months_reply, std::move(done));
}

void RedisJournal::read_book(std::int32_t month, std::uint32_t first, std::uint32_t count,
                             LedgerCallback<std::vector<std::string>> done) {
  std::vector<std::string> keys;
  keys.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) keys.push_back(keys_.book(month, first + i));
  read_values(keys, std::move(done));
}

void RedisJournal::read_identity(domain::IdentityKey identity,
                                 LedgerCallback<std::optional<std::string>> done) {
  read_side(redis_command({"GET", keys_.identity(identity)}), read_bytes_reply, std::move(done));
}

void RedisJournal::read_values(const std::vector<std::string>& keys,
                               LedgerCallback<std::vector<std::string>> done) {
  RedisCommandWriter writer(2 + keys.size(), 32 * keys.size());
  // MGET without a key is an error, so it gets one more, whose value is dropped; asking nothing at
  // all would have to answer on the caller's thread.
  writer.add("MGET").add(keys_.mark());
  for (const auto& key : keys) writer.add(key);
  read_side<std::vector<std::string>>(
      writer.take(), read_list_reply,
      [done = std::move(done)](LedgerResult<std::vector<std::string>> values) {
        if (values && !values->empty()) values->erase(values->begin());
        done(std::move(values));
      });
}

void RedisJournal::scan_snapshots(std::uint64_t cursor, std::uint32_t count_hint,
                                  LedgerCallback<ScanPage> done) {
  std::string bytes = redis_command({"SCAN", join_text(cursor), "MATCH", keys_.snapshot_pattern(),
                                     "COUNT", join_text(std::max(count_hint, 1U))});
  submit_side(std::move(bytes), settings_.read_timeout,
              [this, done = std::move(done)](LedgerResult<RedisReply> reply) {
                if (!reply) return done(tl::unexpected(std::move(reply).error()));
                done(scan_page(reply->value));
              });
}

LedgerResult<Journal::ScanPage> RedisJournal::scan_page(const redisReply* reply) const {
  const auto scanned = read_scan_reply(reply);
  if (!scanned) return tl::unexpected(scanned.error());
  ScanPage page{.next_cursor = scanned->next_cursor};
  for (const auto& key : scanned->keys) {
    const auto member = keys_.member_of(key);
    if (!member) return broken("a snapshot's key names no member");
    page.members.push_back(*member);
  }
  return page;
}

// ---- size of the log

void RedisJournal::read_log_size(LedgerCallback<LogSize> done) {
  // On the appends' connection: answers come in order, so the entries counted here are exactly
  // those whose appends this thread has seen answered, if nobody else appends.
  submit_append_side(redis_command({"XLEN", keys_.log()}),
                     [this, done = std::move(done)](LedgerResult<RedisReply> reply) {
                       if (!reply) return done(tl::unexpected(std::move(reply).error()));
                       const auto entries = read_count_reply(reply->value);
                       if (!entries) return done(tl::unexpected(entries.error()));
                       if (log_size_ && log_size_->entries == *entries) return done(*log_size_);
                       measure_log(done);
                     });
}

void RedisJournal::measure_log(LedgerCallback<LogSize> done) {
  submit_append_side(redis_command({"EVALSHA", script_name(Script::log_size), "1", keys_.log()}),
                     [this, done = std::move(done)](LedgerResult<RedisReply> reply) {
                       if (!reply) return done(tl::unexpected(std::move(reply).error()));
                       const auto size = read_log_size_reply(reply->value);
                       if (size) log_size_ = *size;
                       done(size);
                     });
}

// ---- sweep

void RedisJournal::note_swept(SweptNote swept, LedgerCallback<std::int64_t> done) {
  const auto from = join_text(swept.from_unix_ms);
  auto command = swept.only_first ? redis_command({"SET", keys_.swept(), from, "NX", "GET"})
                                  : redis_command({"SET", keys_.swept(), from, "GET"});
  read_side<std::optional<std::string>>(
      std::move(command), read_bytes_reply,
      [swept, done = std::move(done)](LedgerResult<std::optional<std::string>> former) {
        if (!former) return done(tl::unexpected(std::move(former).error()));
        if (!swept.only_first || !*former) return done(swept.from_unix_ms);
        const auto noted = parse_number<std::int64_t>(**former);
        if (!noted) return done(broken("unexpected text for how far the sweep is"));
        done(*noted);
      });
}

// ---- lease

void RedisJournal::call_lease(std::string_view verb, std::string_view owner, std::int64_t ttl_ms,
                              LedgerCallback<Lease> done) {
  lease_call_ += 1;
  read_side(redis_command({"EVALSHA", script_name(Script::lease), "1", keys_.lease(), verb, owner,
                           join_text(lease_call_), join_text(ttl_ms)}),
            read_lease_reply, std::move(done));
}

void RedisJournal::renew_lease(std::string owner, std::int64_t ttl_ms, LedgerCallback<Lease> done) {
  call_lease("renew", owner, ttl_ms, std::move(done));
}

void RedisJournal::read_lease(LedgerCallback<Lease> done) {
  call_lease("read", "", 0, std::move(done));
}

void RedisJournal::release_lease(std::string owner, LedgerCallback<Lease> done) {
  call_lease("release", owner, 0, std::move(done));
}

}  // namespace wutong::persistence

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "actors/domain/calendar.h"
#include "actors/shard_answers.h"

// From the own `Taken` entry to serving: the mark, and what the log has behind it.

namespace wutong {
namespace {

constexpr std::uint32_t log_page = 64;

domain::Instant received_at(const LogEvent& event) {
  if (const auto* of_member = std::get_if<MemberEvent>(&event)) {
    return domain::header_of(of_member->event).received_at;
  }
  return std::visit(
      [](const auto& of_shard) -> domain::Instant {
        if constexpr (requires { of_shard.header; }) return of_shard.header.received_at;
        return {};
      },
      event);
}

/// Milliseconds since it happened. Callers' clocks tell nothing of that.
std::int64_t age_of(const LogEvent& event, const ShardParts& parts) {
  if (parts.info.clock == LedgerClock::caller) return 0;
  return std::max<std::int64_t>(0, parts.clocks.wall_ms() - received_at(event).unix_ms);
}

}  // namespace

bool Shard::reads_hold() {
  if (parts_.journal.reads_generation() == ownership_.reads_generation) return true;
  give_up("another server process answers reads");
  return false;
}

void Shard::on_mark(const MarkRead& read) {
  if (state_ != State::replaying) return;
  if (!read.result) {
    give_up("take-over");
    return;
  }
  if (const auto now = parts_.journal.reads_generation(); now != ownership_.reads_generation) {
    // The first answer of this process, or of a new one: what comes must be of one process.
    ownership_.reads_generation = now;
    parts_.journal.read_mark(answer_with<MarkRead, Mark>(MarkRead{}));
    return;
  }
  mark_ = *read.result;
  tail_read_.to = mark_.position;
  parts_.journal.read_book_months(
      answer_with<BookMonthsRead, std::vector<std::int32_t>>(BookMonthsRead{}));
}

void Shard::on_book_months(const BookMonthsRead& read) {
  if (state_ != State::replaying) return;
  if (!read.result) {
    give_up("take-over");
    return;
  }
  // Before anything is claimed or flushed: a month that is missing here is taken for new. One whose
  // buckets have run out may still be named.
  auto months = *read.result;
  if (parts_.info.clock == LedgerClock::gateway) {
    std::erase_if(months, [oldest = oldest_month(parts_.clocks.wall_ms())](std::int32_t month) {
      return month < oldest;
    });
  }
  book_->know_months(months);
  read_tail();
}

void Shard::read_tail() {
  tail_read_.page.clear();
  tail_read_.page_done = 0;
  parts_.journal.read_log(tail_read_.to, log_page,
                          answer_with<LogRead, std::vector<LogEntry>>(LogRead{}));
}

void Shard::on_log(LogRead& read) {
  if (state_ != State::replaying) return;
  if (!read.result) {
    give_up("take-over");
    return;
  }
  if (!reads_hold()) return;
  ownership_.progress_at_ns = now_ns();
  tail_read_.page = std::move(*read.result);
  tail_read_.page_done = 0;
  replay();
}

void Shard::replay() {
  const auto until_ns = now_ns() + turn_ns_max;
  while (tail_read_.page_done < tail_read_.page.size()) {
    if (now_ns() > until_ns) {
      schedule_turn();
      return;
    }
    const auto& entry = tail_read_.page[tail_read_.page_done++];
    if (!restore(entry)) {
      halt("an entry of the log cannot be read");
      return;
    }
    tail_read_.to = entry.last;
    if (entry.last == ownership_.taking.next.position) {
      tail_read_.page.clear();
      serve();
      return;
    }
  }
  if (tail_read_.page.size() < log_page) {
    // Somebody took over in between; a log without our own entry is not ours.
    give_up("take-over");
    return;
  }
  read_tail();
}

bool Shard::restore(const LogEntry& entry) {
  auto events = parts_.codec.events_of(entry.batch);
  if (!events) return false;
  for (auto& stored : *events) {
    if (auto* of_member = std::get_if<MemberEvent>(&stored)) {
      restore(std::move(*of_member));
    } else if (const auto* settled = std::get_if<OrderSettled>(&stored)) {
      book_->restore(settled->header.position, settled->order, settled->member, settled->month,
                     false);
    } else if (const auto* freed = std::get_if<OrderFreed>(&stored)) {
      book_->restore(freed->header.position, freed->order, freed->member, freed->month, true);
    } else if (const auto* claimed = std::get_if<IdentityClaimed>(&stored)) {
      directory_->restore(claimed->header.position, claimed->identity, claimed->member);
    } else if (const auto* unclaimed = std::get_if<IdentityFreed>(&stored)) {
      directory_->restore(unclaimed->header.position, unclaimed->identity, std::nullopt);
    }
  }
  const auto age_ms = events->empty() ? 0 : age_of(events->front(), parts_);
  tail_pieces_.push_back(
      {.last = entry.last, .bytes = entry.batch.size(), .at_ns = now_ns() - age_ms * 1'000'000});
  tail_bytes_ += entry.batch.size();
  return true;
}

void Shard::restore(MemberEvent event) {
  const auto member = event.member;
  const auto position = domain::header_of(event.event).position;
  if (const auto* checkout = std::get_if<domain::CheckedOut>(&event.event)) {
    // Whether its claim was confirmed, no event tells: it is settled again.
    unsettled_.add(claim_of(checkout->key, member),
                   {.order = checkout->key,
                    .member = member,
                    .month = domain::utc_month(checkout->content.occurred_at),
                    .position = position});
  } else if (const auto filed = taken_id(event.event)) {
    book_->restore(position, id_claim(filed->key, member), member, domain::utc_month(filed->at),
                   false);
  } else if (const auto* reversal = std::get_if<domain::Refunded>(&event.event)) {
    // Nothing is left to settle; or it was settled behind the mark, and stays as it is.
    static_cast<void>(unsettled_.take(claim_of(reversal->content.order, member)));
  }
  auto& events = tail_[member.value];
  if (events.empty()) tail_dirty_[position] = member;
  events.push_back(std::move(event.event));
}

void Shard::serve() {
  state_ = State::owner;
  ownership_.wants_back = false;
  log_.emplace(ownership_.taking,
               LogWriter::Options{.batch_bytes_max = parts_.options.batch_bytes_max});
  add(parts_.stats.takeovers);
  note_moment();
  flush_.begin_round_by(moment_ns_);
  ownership_.renew_at_ns = 0;
  // Whoever was the owner meanwhile has written more.
  log_watch_.ask_at_ns = 0;
  log_watch_.bytes_since = std::numeric_limits<std::uint64_t>::max();
  log(LogLevel::info,
      absl::StrCat("taken in epoch ", ownership_.taking.next.position.epoch, "; the tail has ",
                   tail_.size(), " members and ", unsettled_.size(), " orders"));
  book_->committed(log_->committed());
  directory_->committed(log_->committed());
  sweep_.ask_how_far(now_ns());
  for (auto& early : std::exchange(early_, {})) on_submit(std::move(early.call), early.routed);
  settle_again();
  schedule_turn();
  report();
}

}  // namespace wutong

#include <algorithm>
#include <utility>

#include "actors/domain/calendar.h"
#include "actors/request_ids.h"
#include "actors/shard_answers.h"

// What a call must know before it can be decided: whose the order is, and the records it concerns.
// Memory answers, else the order book names the month of the history to read.

namespace wutong {
namespace {

/// Memory lacks no record of the member.
bool has_all_records(const MemberActor& member) {
  return member.receipts_complete_from.unix_ms == 0;
}

/// Memory lacks no decline of the order as it was paid then.
bool has_declines(const MemberActor& member, const domain::Checkout& checkout) {
  return checkout.occurred_at >= member.receipts_complete_from;
}

}  // namespace

bool Shard::prepare(MemberActor& member, WaitingCall& waiting) {
  const auto& request = waiting.call->request;
  if (const auto* checkout = std::get_if<domain::Checkout>(&request)) {
    return prepare_checkout(member, waiting, *checkout);
  }
  if (const auto filed = filed_command(request)) return prepare_filed(member, waiting, *filed);
  if (const auto* receipt = std::get_if<ReadReceipt>(&request)) {
    return prepare_receipt(member, waiting, *receipt);
  }
  if (const auto* link = std::get_if<domain::LinkIdentity>(&request)) {
    return prepare_link(member, waiting, *link);
  }
  if (std::holds_alternative<ReadHistory>(request)) return prepare_history(member, waiting);
  return true;
}

void Shard::claim(MemberActor& member, WaitingCall& waiting, const domain::Checkout& checkout) {
  waiting.drops = member.drops;
  waiting.history_read = false;
  waiting.recalled.clear();
  waiting.id_book = BookState::not_asked;
  if (const auto* unsettled = unsettled_.find(claim_of(checkout.key, member.key))) {
    // The member has it, though the book may not know that yet.
    waiting.book = BookState::known;
    waiting.month = unsettled->month;
    return;
  }
  waiting.book = BookState::asked;
  waiting.month = domain::utc_month(checkout.occurred_at);
  waiting.asked_at = moment_ns_;
  ask_book(BookAsk::claim, checkout.key, member.key, waiting.month, waiting.ticket);
}

void Shard::free_claim(const MemberActor& member, const WaitingCall& waiting) {
  const auto* checkout = std::get_if<domain::Checkout>(&waiting.call->request);
  if (checkout == nullptr) return;
  if (waiting.book != BookState::asked && waiting.book != BookState::granted) return;
  ask_book(BookAsk::free, checkout->key, member.key, waiting.month, waiting.ticket);
}

void Shard::ask_again(MemberActor& member, WaitingCall& waiting) {
  const auto& request = waiting.call->request;
  const auto filed = filed_command(request);
  if (waiting.book == BookState::asked) {
    waiting.asked_at = now_ns();
    if (const auto* checkout = std::get_if<domain::Checkout>(&request)) {
      ask_book(BookAsk::claim, checkout->key, member.key, waiting.month, waiting.ticket);
    } else if (!filed) {
      const auto order = std::get<ReadReceipt>(request).order;
      ask_book(BookAsk::look_up, order, member.key, waiting.month, waiting.ticket);
    } else {
      const auto known_as =
          filed->beside_order ? *filed->beside : id_claim(*filed->beside, member.key);
      ask_book(BookAsk::look_up, known_as, member.key, waiting.month, waiting.ticket);
    }
  }
  if (waiting.link == LinkState::asked) {
    waiting.asked_at = now_ns();
    const auto identity = std::get<domain::LinkIdentity>(request).identity;
    ask_directory(DirectoryAsk::claim, identity, member.key, waiting.ticket);
  }
  if (waiting.id_book == BookState::asked) {
    waiting.asked_at = now_ns();
    ask_book(BookAsk::look_up, id_claim(*own_id(request), member.key), member.key, 0,
             waiting.ticket);
  }
}

bool Shard::prepare_checkout(MemberActor& member, WaitingCall& waiting,
                             const domain::Checkout& checkout) {
  if (member.records.find(checkout.key)) return true;
  // Memory knew the order when the call came, or a call before this one took it since, and the record
  // has left memory: what the book said then is no answer now.
  const bool forgotten = waiting.drops != member.drops;
  const bool outdated = (waiting.book == BookState::known && forgotten) ||
                        (waiting.book == BookState::granted &&
                         (forgotten || unsettled_.contains(claim_of(checkout.key, member.key))));
  if (waiting.book == BookState::not_asked || outdated) claim(member, waiting, checkout);
  const bool decline_found =
      has_declines(member, checkout) || find_id(member, waiting, own_id(checkout), waiting.id_book);
  if (waiting.book == BookState::asked || !decline_found) return false;
  std::vector<std::int32_t> months;
  if (waiting.book == BookState::known) months.push_back(waiting.month);
  if (waiting.id_book == BookState::known && (months.empty() || months[0] != waiting.id_month)) {
    months.push_back(waiting.id_month);
  }
  return read_months(member, waiting, std::move(months));
}

bool Shard::prepare_filed(MemberActor& member, WaitingCall& waiting, const FiledCommand& filed) {
  bool beside_found = true;
  if (filed.beside) {
    beside_found = filed.beside_order ? find_order(member, waiting, *filed.beside)
                                      : find_id(member, waiting, *filed.beside, waiting.book);
  }
  const bool id_found = filed.by_engine || find_id(member, waiting, filed.key, waiting.id_book);
  if (!beside_found || !id_found) return false;
  std::vector<std::int32_t> months;
  if (waiting.book == BookState::known && !member.records.find(*filed.beside)) {
    months.push_back(waiting.month);
  }
  if (waiting.id_book == BookState::known && !member.records.find(filed.key) &&
      (months.empty() || months.front() != waiting.id_month)) {
    months.push_back(waiting.id_month);
  }
  return read_months(member, waiting, std::move(months));
}

bool Shard::prepare_receipt(MemberActor& member, WaitingCall& waiting, const ReadReceipt& asked) {
  if (!find_order(member, waiting, asked.order)) return false;
  if (waiting.book != BookState::known) return true;
  if (member.records.find(asked.order)) return true;
  return read_months(member, waiting, {waiting.month});
}

bool Shard::prepare_history(MemberActor& member, WaitingCall& waiting) {
  if (has_all_records(member) || waiting.history_read) return true;
  return read_months(member, waiting, retained_months(member));
}

bool Shard::find_order(MemberActor& member, WaitingCall& waiting, domain::RecordKey order) {
  if (member.records.find(order) || has_all_records(member)) return true;
  if (waiting.book == BookState::not_asked) {
    if (const auto* unsettled = unsettled_.find(claim_of(order, member.key))) {
      waiting.book = BookState::known;
      waiting.month = unsettled->month;
      return true;
    }
    waiting.book = BookState::asked;
    waiting.asked_at = now_ns();
    ask_book(BookAsk::look_up, order, member.key, 0, waiting.ticket);
  }
  return waiting.book != BookState::asked;
}

bool Shard::find_id(MemberActor& member, WaitingCall& waiting, domain::RecordKey key,
                    BookState& state) {
  if (has_all_records(member) || member.records.find(key)) return true;
  const auto id = id_claim(key, member.key);
  if (state == BookState::not_asked && !book_->may_know(id)) state = BookState::unknown;
  if (state == BookState::not_asked) {
    state = BookState::asked;
    waiting.asked_at = now_ns();
    ask_book(BookAsk::look_up, id, member.key, 0, waiting.ticket);
  }
  return state != BookState::asked;
}

bool Shard::read_months(MemberActor& member, WaitingCall& waiting,
                        std::vector<std::int32_t> months) {
  if (months.empty() || waiting.history_read || has_all_records(member)) return true;
  read_history(member, std::move(months));
  return false;
}

domain::RecordKey Shard::id_claim(domain::RecordKey key, domain::MemberKey member) const {
  // Keyed hashes both, so any mixing that loses nothing will do; stored, so it must never change.
  auto mixed = key.high ^ (member.value << 32 | member.value >> 32);
  mixed = (mixed ^ mixed >> 31) * 0x9e3779b97f4a7c15ULL;
  mixed ^= mixed >> 29;
  const std::uint64_t mask = parts_.info.shards - 1;
  return {.high = (mixed & ~mask) | (member.value & mask),
          .low = key.low ^ static_cast<std::uint32_t>(mixed >> 16)};
}

}  // namespace wutong

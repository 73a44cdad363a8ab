#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/domain/calendar.h"
#include "actors/domain/decide.h"
#include "persistence/codec.h"
#include "persistence/memory_ledger.h"
#include "tests/support/program_p0.h"

/// Ledgers made by hand, for the audit.
namespace wutong::persistence::testing {

using domain::MemberKey;
using domain::Position;
using wutong::testing::at;
using wutong::testing::daily_limit;
using wutong::testing::program_p0;

inline const StoredCodec codec;
inline constexpr std::uint32_t shards = 2;
/// Of shard 0 and of shard 1.
inline constexpr MemberKey anna{10};
inline constexpr MemberKey bo{11};

/// A ledger before it is written: the events of each shard, its mark and its snapshots, all of which
/// a test may tamper with.
struct Draft {
  std::array<std::vector<LogEvent>, shards> logs;
  std::array<Position, shards> marks;
  std::map<std::uint64_t, Snapshot> snapshots;
  /// What the directories stored at the last flush.
  std::map<domain::IdentityKey, MemberKey> claims;
};

/// The identity's shard is told by its number, as by any hash.
inline domain::IdentityKey identity(std::uint64_t number) { return {.high = number, .low = 1}; }

inline Position position_of(const LogEvent& event) {
  return std::visit(
      [](const auto& of_kind) {
        if constexpr (requires { of_kind.header; })
          return of_kind.header.position;
        else
          return domain::header_of(of_kind.event).position;
      },
      event);
}

/// Runs commands of two members under P0, as the engine would, into a draft.
class Shop {
 public:
  Shop() : program_(program_p0()) {
    for (std::uint32_t shard = 0; shard < shards; ++shard) take_over(shard);
    enroll(anna, "anna");
    enroll(bo, "bo");
  }

  void take_over(std::uint32_t shard) {
    positions_[shard] = {.epoch = positions_[shard].epoch + 1, .sequence = 0};
    draft_.logs[shard].push_back(Taken{.header = next(shard), .writer = "node/1#1"});
  }

  void enroll(MemberKey key, const std::string& id) { run(key, domain::Enroll{id}); }

  /// The order's shard is told by `order`, as by any hash.
  void check_out(MemberKey key, std::uint64_t order, std::int64_t amount, std::int64_t points = 0) {
    domain::Checkout checkout{.key = {order, 0},
                              .order_id = std::to_string(order),
                              .origin = {.venue = domain::VenueId::intern("M1")},
                              .occurred_at = now_,
                              .currency = "CNY",
                              .amount = {amount},
                              .tenders = {{"cash", {amount - points * 3}}},
                              .points_to_use = {points}};
    run(key, checkout);
    settle(key, order);
  }

  void settle(MemberKey key, std::uint64_t order) {
    const auto shard = static_cast<std::uint32_t>(order % shards);
    draft_.logs[shard].push_back(OrderSettled{.header = next(shard),
                                              .order = {order, 0},
                                              .member = key,
                                              .month = domain::utc_month(now_)});
  }

  void refund(MemberKey key, std::uint64_t order, std::int64_t amount) {
    run(key, domain::Refund{.key = {order, static_cast<std::uint32_t>(++refunds_)},
                            .refund_id = std::to_string(refunds_),
                            .origin = {.venue = domain::VenueId::intern("M1")},
                            .occurred_at = now_,
                            .order = {order, 0},
                            .order_venue = domain::VenueId::intern("M1"),
                            .order_id = std::to_string(order),
                            .scope = domain::RefundOfAmount{.amount = {amount}}});
  }

  void reverse(MemberKey key, std::uint64_t order) {
    run(key, domain::Refund{.key = {~order, ~0U},
                            .refund_id = "reversal",
                            .occurred_at = now_,
                            .order = {order, 0},
                            .scope = domain::RefundOfWhole{},
                            .reversal = true});
  }

  void claim(MemberKey key, std::uint64_t number) {
    const auto shard = static_cast<std::uint32_t>(number % shards);
    draft_.logs[shard].push_back(
        IdentityClaimed{.header = next(shard), .identity = identity(number), .member = key});
    claims_[identity(number)] = key;
  }
  void free(MemberKey key, std::uint64_t number) {
    const auto shard = static_cast<std::uint32_t>(number % shards);
    draft_.logs[shard].push_back(
        IdentityFreed{.header = next(shard), .identity = identity(number), .member = key});
    claims_.erase(identity(number));
  }
  void link(MemberKey key, std::uint64_t number) {
    run(key, domain::LinkIdentity{.identity = identity(number)});
  }
  void unlink(MemberKey key, std::uint64_t number) {
    run(key, domain::UnlinkIdentity{.identity = identity(number)});
  }

  /// What the history of the member's records does after the retention.
  void forget_records(MemberKey key) { members_[key.value].records.clear(); }

  void days_later(int days) { now_ = now_ + domain::Duration{days * 86'400'000LL}; }

  /// Writes snapshots, and moves the marks to where the logs end.
  void flush() {
    for (const auto& [key, member] : members_) {
      Snapshot snapshot{.member = member};
      snapshot.member.records.clear();
      for (const auto& record : member.records) snapshot.records.push_back(codec.pack(record));
      draft_.snapshots[key] = std::move(snapshot);
    }
    draft_.marks = positions_;
    draft_.claims = claims_;
  }

  [[nodiscard]] const Draft& draft() const { return draft_; }

 private:
  domain::EventHeader next(std::uint32_t shard) {
    ++positions_[shard].sequence;
    return {.position = positions_[shard], .received_at = now_};
  }

  void run(MemberKey key, const domain::Command& command) {
    auto& member = members_[key.value];
    if (auto event = domain::due(member, program_, policy_, now_)) happened(key, *std::move(event));
    auto decision = domain::decide(member, program_, policy_, command, now_);
    auto* accepted = std::get_if<domain::Accepted>(&decision);
    ASSERT_NE(accepted, nullptr) << "a command of the test is refused";
    happened(key, std::move(accepted->event));
  }

  void happened(MemberKey key, domain::Event event) {
    const auto shard = static_cast<std::uint32_t>(key.value % shards);
    domain::header_of(event).position = next(shard).position;
    auto& member = members_[key.value];
    domain::apply(member, event);
    if (auto record = domain::record_of(event)) member.records.push_back(*std::move(record));
    draft_.logs[shard].push_back(MemberEvent{key, std::move(event)});
  }

  domain::Program program_;
  domain::RiskPolicy policy_{.version = 1,
                             .limits = {daily_limit("daily", 1'000'000, domain::LimitEffect::cap)}};
  domain::Instant now_ = at("2026-11-02 12:00:00");
  std::map<std::uint64_t, domain::Member> members_;
  std::array<Position, shards> positions_;
  std::map<domain::IdentityKey, MemberKey> claims_;
  Draft draft_;
  int refunds_ = 0;
};

/// Two members with awards, points used, refunds, a debt that is repaid, a second take-over, and
/// points that expire. Everything is flushed but the last checkout.
inline Shop busy_shop() {
  Shop shop;
  shop.check_out(anna, 100, 888'00);
  shop.check_out(anna, 101, 100'00, 100);
  shop.check_out(bo, 102, 588'00);
  shop.refund(anna, 100, 888'00);
  shop.take_over(0);
  shop.check_out(anna, 103, 1'000'00);
  shop.refund(bo, 102, 100'00);
  shop.days_later(500);
  shop.check_out(bo, 104, 50'00);
  shop.flush();
  shop.check_out(anna, 105, 20'00);
  return shop;
}

/// The draft as a ledger in memory.
inline std::unique_ptr<MemoryLedger> written(const Draft& draft,
                                             LedgerClock clock = LedgerClock::caller,
                                             std::int32_t history_days = 35) {
  const LedgerInfo info{
      .id = "shop", .shards = shards, .clock = clock, .history_days = history_days};
  auto ledger = std::make_unique<MemoryLedger>(info, [] { return std::int64_t{0}; });
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    Head head{.writer = "none"};
    auto& journal = ledger->journal(shard);
    std::string batch;
    const auto& log = draft.logs[shard];
    for (std::size_t i = 0; i < log.size(); ++i) {
      codec.append_event(batch, log[i]);
      if (i % 3 != 2 && i + 1 != log.size()) continue;
      const Head next{.position = position_of(log[i]), .writer = "node/1#1"};
      journal.append({head, next, std::make_shared<const std::string>(std::exchange(batch, ""))},
                     [&](auto result) { EXPECT_EQ(result->head, next); });
      head = next;
    }
    FlushRequest flush{.epoch = head.position.epoch,
                       .writer = head.writer,
                       .highest_sequence = head.position.sequence,
                       .next = {.position = draft.marks[shard], .flush = 1}};
    for (const auto& [key, snapshot] : draft.snapshots) {
      if (key % shards != shard) continue;
      flush.snapshots.push_back({{key}, codec.snapshot_bytes(snapshot)});
    }
    for (const auto& [identity, member] : draft.claims) {
      if (identity.high % shards != shard) continue;
      flush.identities.push_back({.identity = identity, .claim = codec.claim_bytes(member)});
    }
    journal.flush(flush, [](auto result) { EXPECT_EQ(*result, FlushOutcome::done); });
  }
  return ledger;
}

}  // namespace wutong::persistence::testing

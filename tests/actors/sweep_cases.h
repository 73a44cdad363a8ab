#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/actors/engine_cases.h"
#include "tests/support/wait_until.h"

/// Members for a sweep to find, and what it did to them.
namespace wutong::testing {

/// Events of expiry and lapse in the whole log, by member.
[[nodiscard]] inline std::map<std::uint64_t, int> times_passed(Ledger& ledger) {
  const persistence::StoredCodec codec;
  std::map<std::uint64_t, int> passed;
  for (std::uint32_t shard = 0; shard < ledger.info().shards; ++shard) {
    ledger.journal(shard).read_log({}, 1'000'000, [&](const auto& entries) {
      ASSERT_TRUE(entries);
      for (const auto& entry : *entries) {
        const auto events = codec.events_of(entry.batch);
        ASSERT_TRUE(events);
        for (const auto& event : *events) {
          const auto* of_member = std::get_if<MemberEvent>(&event);
          if (of_member == nullptr) continue;
          if (std::holds_alternative<domain::TimePassed>(of_member->event)) {
            ++passed[of_member->member.value];
          }
        }
      }
    });
  }
  return passed;
}

[[nodiscard]] inline domain::Grant grant_until(const std::string& id, domain::Day last_day,
                                               domain::Instant now) {
  domain::Grant grant;
  grant.key = record_key("M1/grant", id);
  grant.grant_id = id;
  grant.origin.venue = domain::VenueId::intern("M1");
  grant.occurred_at = now;
  grant.points = {100};
  grant.party = domain::PartyId::intern("MALL");
  grant.expires_on = last_day;
  grant.reason = "opening balance";
  return grant;
}

[[nodiscard]] inline domain::Hold hold_of(const std::string& id, std::int64_t points,
                                          domain::Instant now) {
  domain::Hold hold;
  hold.key = record_key("M1/hold", id);
  hold.hold_id = id;
  hold.origin.venue = domain::VenueId::intern("M1");
  hold.occurred_at = now;
  hold.points = {points};
  return hold;
}

/// One clock for gateway and ledger, which a test moves; members who are due when the year ends.
class EngineThatSweeps : public ::testing::Test {
 protected:
  static LedgerInfo info_by(LedgerClock clock) {
    auto info_in_time = info();
    info_in_time.clock = clock;
    info_in_time.history_days = 35;
    return info_in_time;
  }

  explicit EngineThatSweeps(LedgerClock clock = LedgerClock::gateway)
      : ledger(info_by(clock), [this] { return now_ms.load(); }) {}

  static EngineOptions sweeping(const std::string& node) {
    auto made = options(node);
    made.sweep_keys_per_second = 1'000'000;
    made.sweep_members_per_second = 1'000'000;
    made.sweep_interval_ms = 30;
    return made;
  }

  static EngineOptions not_sweeping(const std::string& node) {
    auto made = options(node);
    made.sweep_keys_per_second = 0;
    return made;
  }

  void start(EngineOptions with) {
    engine.reset();
    auto clocks = system_clocks();
    clocks.wall_ms = [this] { return now_ms.load(); };
    engine = std::make_unique<TestEngine>(ledger, std::move(with), clocks);
    ASSERT_TRUE(engine->wait_until_ready());
  }

  [[nodiscard]] domain::Instant now() const { return {now_ms.load()}; }

  /// `name` and a number each, with 100 points until `last_day`.
  void enroll(const std::string& name, int count, domain::Day last_day) {
    std::vector<std::future<Reply>> replies;
    for (int number = 0; number < count; ++number) {
      const auto id = name + std::to_string(number);
      replies.push_back(engine->submit(id, domain::Enroll{.member_id = id}, now()));
      replies.push_back(engine->submit(id, grant_until("g/" + id, last_day, now()), now()));
    }
    for (auto& reply : replies) {
      const auto answered = reply.get();
      ASSERT_FALSE(std::holds_alternative<FailedReply>(answered)) << answered.index();
      ASSERT_FALSE(std::holds_alternative<RefusedReply>(answered)) << answered.index();
    }
  }

  /// All out of memory, and the year ended.
  void let_the_year_end() {
    ASSERT_TRUE(engine->stop());
    now_ms = after_the_year.unix_ms;
  }

  [[nodiscard]] EngineStats stats() { return engine->engine().stats(); }

  [[nodiscard]] bool comes_to_events(std::uint64_t count) {
    return test::wait_until(std::chrono::seconds(60),
                            [&] { return stats().sweep_events >= count; });
  }

  /// From now on, whole ones.
  [[nodiscard]] bool walks(std::uint64_t count) {
    // One may be under way.
    const auto until = stats().sweep_walks + count + 1;
    return test::wait_until(std::chrono::seconds(60), [&] { return stats().sweep_walks >= until; });
  }

  /// Each of `name` has had exactly one event, and nobody else any.
  void expect_one_event_each(const std::string& name, int count) {
    auto passed = times_passed(ledger);
    for (int number = 0; number < count; ++number) {
      const auto id = name + std::to_string(number);
      EXPECT_EQ(passed[member_key(id).value], 1) << id;
      passed.erase(member_key(id).value);
    }
    EXPECT_TRUE(passed.empty()) << passed.size() << " others had events";
  }

  [[nodiscard]] MemberReply read(const std::string& member) {
    return std::get<MemberReply>(engine->call(member, ReadMember{}, now()));
  }

  const domain::Day this_year = day("2026-12-31");
  const domain::Day next_year = day("2027-12-31");
  const domain::Instant after_the_year = at("2027-01-01 00:00:00");
  std::atomic<std::int64_t> now_ms{at("2026-12-31 12:00:00").unix_ms};
  persistence::MemoryLedger ledger;
  std::unique_ptr<TestEngine> engine;
};

}  // namespace wutong::testing

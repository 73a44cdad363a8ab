#include "persistence/audit_salvage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tests/persistence/audit_shop.h"
#include "tests/support/journal_calls.h"

/// What salvage files have and the ledger has not, and files that are none of the ledger.
namespace wutong::persistence {
namespace {

using testing::anna;
using testing::bo;
using testing::codec;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Shop;
using testing::written;

constexpr const char* writer = "node/1#1";

/// Anna's shard, in entries of three events: her enrolment and order 100, then the rest.
Shop busy_shop() {
  Shop shop;
  shop.check_out(anna, 100, 888'00);       // 177 points; 1-3, settled at 1-4
  shop.check_out(anna, 102, 100'00, 100);  // 9, less the 100; 1-5, 1-6
  shop.refund(anna, 100, 100'00);          // 19 taken; 1-7
  shop.settle(bo, 104);                    // 1-8
  shop.check_out(anna, 106, 50'00);        // 5; 1-9, 1-10
  return shop;
}

std::string text_of(const LostEvent& lost) {
  return lost.file + " " + std::to_string(lost.position.sequence) + " " +
         std::to_string(lost.member.value) + " " + lost.what + " " +
         std::to_string(lost.points.count);
}

class AuditSalvageTest : public ::testing::Test {
 protected:
  AuditSalvageTest() {
    Head head{.writer = "none"};
    auto log = journal().log();
    for (auto& entry : *log) {
      const Head next{.position = entry.last, .writer = writer};
      batches_.push_back(
          {.expected = std::exchange(head, next), .next = next, .batch = std::move(entry.batch)});
    }
    EXPECT_EQ(batches_.size(), 4U);
  }

  [[nodiscard]] test::JournalCalls journal() { return test::JournalCalls(ledger_->journal(0)); }

  /// The flush is the last write.
  void lose_entries(std::size_t count) { ledger_->restart_without_last(0, count + 1); }

  /// A file of the entries `first` to `last`, counted from 1.
  [[nodiscard]] SalvageFile file_of(std::size_t first, std::size_t last) const {
    const auto begin = batches_.begin();
    return {.name = "kept-" + std::to_string(first),
            .salvage = {.ledger_id = "shop",
                        .shard = 0,
                        .batches = {begin + static_cast<std::ptrdiff_t>(first) - 1,
                                    begin + static_cast<std::ptrdiff_t>(last)}}};
  }

  [[nodiscard]] SalvageReport compared(const std::vector<SalvageFile>& files) {
    auto report = compare_salvage(*ledger_, codec, files, {.entries_per_page = 2});
    EXPECT_TRUE(report.has_value());
    return std::move(report).value_or(SalvageReport{});
  }

  [[nodiscard]] static std::vector<std::string> lost_in(const SalvageReport& report) {
    EXPECT_EQ(report.misfit.value_or("none"), "none");
    std::vector<std::string> lost;
    for (const auto& event : report.lost) lost.push_back(text_of(event));
    return lost;
  }

  std::unique_ptr<MemoryLedger> ledger_ = written(busy_shop().draft());
  std::vector<SalvagedBatch> batches_;
};

TEST_F(AuditSalvageTest, WhatTheLedgerLostIsNamed) {
  lose_entries(2);

  const auto report = compared({file_of(3, 4)});

  EXPECT_THAT(
      lost_in(report),
      ElementsAre("kept-3 7 10 refund 1 of order 100 -19", "kept-3 8 11 claim of an order 0",
                  "kept-3 9 10 checkout of order 106 5", "kept-3 10 10 claim of an order 0"));
  EXPECT_THAT(report.gaps, IsEmpty());
  EXPECT_EQ(report.batches, 2U);
  EXPECT_EQ(report.events, 4U);
}

TEST_F(AuditSalvageTest, ItsSumsAreThoseOfWhatWasLost) {
  lose_entries(3);

  const auto report = compared({file_of(1, 4)});

  EXPECT_EQ(report.orders, 2U);
  EXPECT_EQ(report.refunds, 1U);
  EXPECT_EQ(report.points.issued, 9 + 5);
  EXPECT_EQ(report.points.used, 100);
  EXPECT_EQ(report.points.clawed_back, 19);
  EXPECT_EQ(report.points.in_lots, 9 + 5 - 100 - 19);
}

TEST_F(AuditSalvageTest, WhatTheLedgerHasIsNotLost) {
  const auto report = compared({file_of(1, 4)});

  EXPECT_THAT(lost_in(report), IsEmpty());
  EXPECT_THAT(report.gaps, IsEmpty());
  EXPECT_EQ(report.events, 10U);
}

TEST_F(AuditSalvageTest, ThatMoreIsLostThanWasKeptIsTold) {
  lose_entries(3);

  const auto report = compared({file_of(4, 4)});

  EXPECT_EQ(lost_in(report).size(), 1U);
  ASSERT_EQ(report.gaps.size(), 1U);
  EXPECT_EQ(report.gaps[0].position, batches_[3].expected.position);
}

TEST_F(AuditSalvageTest, FilesThatFollowOneAnotherLeaveNoGap) {
  lose_entries(3);

  const auto report = compared({file_of(3, 4), file_of(2, 3)});

  EXPECT_THAT(report.gaps, IsEmpty());
  EXPECT_EQ(lost_in(report).size(), 7U) << "what both have is told once";
}

TEST_F(AuditSalvageTest, WhatACallerAskedForAgainIsFoundAgain) {
  // Another owner took over under the same epoch, of which the ledger knew nothing any more.
  auto again = busy_shop().draft().logs[0];
  again.resize(3);
  std::get<Taken>(again[0]).writer = "node/2#1";
  std::string batch;
  for (const auto& event : again) codec.append_event(batch, event);
  lose_entries(4);
  const Head head{.position = {1, 3}, .writer = "node/2#1"};
  ASSERT_EQ(journal().append({.writer = "none"}, head, batch)->head, head);

  const auto report = compared({file_of(1, 4)});

  EXPECT_EQ(lost_in(report).size(), 10U) << "though another event has the position";
  EXPECT_EQ(report.lost[2].what, "checkout of order 100");
  EXPECT_EQ(report.lost[2].again, (domain::Position{1, 3}));
  EXPECT_EQ(report.lost[4].again, domain::Position{});
}

TEST_F(AuditSalvageTest, TheRestOfTheLedgerStillHolds) {
  lose_entries(1);

  const auto report = audit(*ledger_, codec);

  ASSERT_TRUE(report.has_value());
  EXPECT_FALSE(report->broken) << report->broken->what;
}

// --- Files that are none of the ledger.

struct Misfit {
  std::string name;
  std::function<void(Salvage&)> change;
  std::string what;

  friend std::ostream& operator<<(std::ostream& out, const Misfit& row) { return out << row.name; }
};

class MisfittingFile : public AuditSalvageTest, public ::testing::WithParamInterface<Misfit> {};

TEST_P(MisfittingFile, IsNamedAndSaidWhy) {
  lose_entries(1);
  auto file = file_of(2, 4);
  GetParam().change(file.salvage);

  const auto report = compared({file});

  EXPECT_EQ(report.misfit.value_or("none"), "kept-2: " + GetParam().what);
}

/// The second of the batches is the last one that the ledger still has.
void replace_events(SalvagedBatch& batch, const std::function<void(std::vector<LogEvent>&)>& how) {
  auto events = *codec.events_of(batch.batch);
  how(events);
  batch.batch.clear();
  for (const auto& event : events) codec.append_event(batch.batch, event);
}

const Misfit misfits[] = {
    {"another_ledger", [](Salvage& salvage) { salvage.ledger_id = "other"; },
     "it is of the ledger other"},
    {"another_shard", [](Salvage& salvage) { salvage.shard = testing::shards; },
     "it is of a shard that the ledger does not have"},
    {"another_entry",
     [](Salvage& salvage) {
       replace_events(salvage.batches[1],
                      [](auto& events) { std::get<OrderSettled>(events[1]).member = anna; });
     },
     "the ledger has another entry at 1-9"},
    {"another_end",
     [](Salvage& salvage) {
       auto& batches = salvage.batches;
       replace_events(batches[1], [](auto& events) { events.pop_back(); });
       batches[1].next.position.sequence -= 1;
       batches.pop_back();
     },
     "the ledger has that take-over, and no entry that ends at 1-8"},
    {"another_begin",
     [](Salvage& salvage) {
       auto& batches = salvage.batches;
       batches.erase(batches.begin());
       replace_events(batches[0], [](auto& events) { events.erase(events.begin()); });
       batches[0].expected.position.sequence += 1;
     },
     "the ledger has that take-over, and no entry that ends at 1-7"},
    {"an_event_missing",
     [](Salvage& salvage) {
       replace_events(salvage.batches[1], [](auto& events) { events.erase(events.begin() + 1); });
     },
     "its events do not follow one another"},
    {"an_event_too_many", [](Salvage& salvage) { salvage.batches[2].next.position.sequence -= 1; },
     "a batch ends at another event than its head tells"},
    {"another_writer",
     [](Salvage& salvage) {
       replace_events(salvage.batches[2], [](auto& events) {
         events = {Taken{.header = {.position = {2, 1}}, .writer = "node/2#1"}};
       });
       salvage.batches[2].next.position = {2, 1};
     },
     "a take-over by another than its head tells"},
    {"no_events",
     [](Salvage& salvage) {
       salvage.batches = {
           {.expected = {.writer = "none"}, .next = {.writer = "none"}, .batch = ""}};
     },
     "a batch without events"},
    {"no_batch", [](Salvage& salvage) { salvage.batches[2].batch = "?"; },
     "a batch cannot be read: a batch that ends inside an event"},
};

INSTANTIATE_TEST_SUITE_P(Table, MisfittingFile, ::testing::ValuesIn(misfits),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace wutong::persistence

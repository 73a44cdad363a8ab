#include "actors/log_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wutong {
namespace {

Head head(std::uint64_t epoch, std::uint64_t sequence, const std::string& writer) {
  return {.position = {.epoch = epoch, .sequence = sequence}, .writer = writer};
}

AppendRequest taken() {
  return {.expected = head(2, 9, "other"),
          .next = head(3, 1, "me"),
          .batch = std::make_shared<const std::string>("taken")};
}

void add(LogWriter& writer, const std::string& event) {
  static_cast<void>(writer.advance());
  writer.batch() += event;
  writer.added();
}

/// Adds one event and has it committed; answers its append.
AppendRequest commit(LogWriter& writer, const std::string& event) {
  add(writer, event);
  auto request = *writer.start();
  EXPECT_EQ(writer.answered(request.next), AppendVerdict::committed);
  return request;
}

TEST(LogWriter, NumbersEventsFromItsOwnTakeOverOn) {
  LogWriter writer(taken(), {});

  EXPECT_EQ(writer.committed(), (domain::Position{3, 1}));
  EXPECT_EQ(writer.advance(), (domain::Position{3, 2}));
  EXPECT_EQ(writer.advance(), (domain::Position{3, 3}));
  EXPECT_EQ(writer.last(), (domain::Position{3, 3}));
}

TEST(LogWriter, GathersWhatComesWhileAnAppendIsUnderWay) {
  LogWriter writer(taken(), {});
  add(writer, "a");

  const auto first = writer.start();
  add(writer, "b");
  add(writer, "c");
  EXPECT_FALSE(writer.start());
  EXPECT_EQ(writer.bytes_waiting(), 3U);
  EXPECT_EQ(writer.answered(first->next), AppendVerdict::committed);
  const auto second = writer.start();

  EXPECT_EQ(first->expected, head(3, 1, "me"));
  EXPECT_EQ(first->next, head(3, 2, "me"));
  EXPECT_EQ(*first->batch, "a");
  EXPECT_EQ(second->expected, head(3, 2, "me"));
  EXPECT_EQ(second->next, head(3, 4, "me"));
  EXPECT_EQ(*second->batch, "bc");
  EXPECT_EQ(writer.bytes_waiting(), 2U);
}

TEST(LogWriter, TellsOfTheBatchThatWasCommitted) {
  LogWriter writer(taken(), {});
  add(writer, "ab");
  add(writer, "c");

  const auto request = writer.start();
  EXPECT_EQ(writer.answered(request->next), AppendVerdict::committed);

  EXPECT_EQ(writer.last_batch().events, 2U);
  EXPECT_EQ(writer.last_batch().bytes, 3U);
  EXPECT_EQ(writer.last_batch().last, writer.committed());
  EXPECT_EQ(writer.bytes_waiting(), 0U);
  EXPECT_FALSE(writer.start());
}

TEST(LogWriter, BeginsANewBatchWhenOneIsFull) {
  LogWriter writer(taken(), {.batch_bytes_max = 4});
  for (const auto* event : {"aaa", "bbb", "c"}) add(writer, event);

  EXPECT_EQ(*writer.start()->batch, "aaabbb");
}

TEST(LogWriter, SendsTheSameAgainWhenItWasNotStored) {
  LogWriter writer(taken(), {});
  add(writer, "a");
  const auto request = *writer.start();

  EXPECT_EQ(writer.answered(request.expected), AppendVerdict::send_again);

  EXPECT_EQ(writer.request().batch, request.batch);
  EXPECT_EQ(writer.request().next, request.next);
  EXPECT_TRUE(writer.under_way());
}

TEST(LogWriter, KnowsThatAnotherWrote) {
  LogWriter writer(taken(), {});
  commit(writer, "a");
  add(writer, "b");
  static_cast<void>(writer.start());

  EXPECT_EQ(writer.answered(head(4, 1, "other")), AppendVerdict::fenced);
}

TEST(LogWriter, SendsALostTailAgainFromItsOldestBatch) {
  LogWriter writer(taken(), {});
  const auto a = commit(writer, "a");
  const auto b = commit(writer, "b");
  add(writer, "c");
  const auto c = *writer.start();

  EXPECT_EQ(writer.answered(a.expected), AppendVerdict::lost_tail);
  EXPECT_EQ(*writer.request().batch, "a");
  EXPECT_EQ(writer.answered(a.next), AppendVerdict::send_again);
  EXPECT_EQ(*writer.request().batch, "b");
  // An answer was lost, and the same is sent once more.
  EXPECT_EQ(writer.answered(b.expected), AppendVerdict::send_again);
  EXPECT_EQ(*writer.request().batch, "b");
  EXPECT_EQ(writer.answered(b.next), AppendVerdict::send_again);
  EXPECT_EQ(*writer.request().batch, "c");
  EXPECT_EQ(writer.answered(c.next), AppendVerdict::restored);

  EXPECT_EQ(writer.committed(), c.next.position);
  EXPECT_FALSE(writer.under_way());
}

TEST(LogWriter, CanEvenSendItsTakeOverAgain) {
  LogWriter writer(taken(), {});
  const auto a = commit(writer, "a");

  EXPECT_EQ(writer.observed(taken().expected), AppendVerdict::lost_tail);
  EXPECT_EQ(*writer.request().batch, "taken");
  EXPECT_EQ(writer.answered(taken().next), AppendVerdict::send_again);
  EXPECT_EQ(*writer.request().batch, "a");
  EXPECT_EQ(writer.answered(a.next), AppendVerdict::restored);
}

TEST(LogWriter, NoticesAnotherLossWhileItMends) {
  LogWriter writer(taken(), {});
  const auto a = commit(writer, "a");
  const auto b = commit(writer, "b");

  EXPECT_EQ(writer.observed(b.expected), AppendVerdict::lost_tail);
  EXPECT_EQ(*writer.request().batch, "b");
  EXPECT_EQ(writer.answered(a.expected), AppendVerdict::lost_tail);
  EXPECT_EQ(*writer.request().batch, "a");
  EXPECT_EQ(writer.answered(head(4, 1, "other")), AppendVerdict::fenced);
}

TEST(LogWriter, AHeadThatIsItsOwnTellsThatAllIsWell) {
  LogWriter writer(taken(), {});
  const auto a = commit(writer, "a");

  EXPECT_EQ(writer.observed(a.next), AppendVerdict::committed);
  EXPECT_EQ(writer.observed(head(5, 1, "other")), AppendVerdict::fenced);
}

TEST(LogWriter, ALossBehindItsBatchesCannotBeMended) {
  LogWriter writer(taken(), {.links_max = 2});
  for (const auto* event : {"a", "b", "c"}) commit(writer, event);
  add(writer, "d");
  static_cast<void>(writer.start());

  EXPECT_EQ(writer.answered(head(3, 1, "me")), AppendVerdict::lost);
}

TEST(LogWriter, KeepsFewBatchesAndFewBytes) {
  LogWriter few(taken(), {.links_max = 3});
  LogWriter small(taken(), {.links_bytes_max = 10});
  for (int number = 0; number < 20; ++number) {
    commit(few, "event");
    commit(small, "event");
  }
  // The newest is kept whatever its size.
  LogWriter large(taken(), {.links_bytes_max = 10});
  commit(large, std::string(100, 'x'));

  EXPECT_EQ(few.links().size(), 3U);
  EXPECT_EQ(small.links().size(), 2U);
  EXPECT_EQ(large.links().size(), 1U);
  EXPECT_EQ(few.links().back().next, few.head());
}

}  // namespace
}  // namespace wutong

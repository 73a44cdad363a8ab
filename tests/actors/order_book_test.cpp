#include "actors/order_book.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <tuple>
#include <vector>

namespace wutong {
namespace {

constexpr std::uint32_t buckets = 16;
constexpr std::int64_t ms = 1'000'000;
constexpr std::int32_t month = 24'322;

/// The shard of a book, as its log sees it.
class Host : public BookHost {
 public:
  domain::Position append_settled(domain::RecordKey, domain::MemberKey, std::int32_t) override {
    return {.epoch = 1, .sequence = ++events};
  }
  domain::Position append_freed(domain::RecordKey, domain::MemberKey, std::int32_t) override {
    return {.epoch = 1, .sequence = ++events};
  }
  void reply(std::uint32_t, std::uint64_t, const BookReply& reply) override {
    replies.push_back(reply);
  }
  void read_bucket(domain::RecordKey, std::int32_t of_month, std::uint32_t) override {
    months_read.push_back(of_month);
  }
  void inquire(domain::RecordKey, domain::MemberKey, std::int32_t) override { ++inquiries; }

  [[nodiscard]] std::vector<BookSays> said() const {
    std::vector<BookSays> all;
    for (const auto& reply : replies) all.push_back(reply.says);
    return all;
  }

  std::uint64_t events = 0;
  int inquiries = 0;
  std::vector<BookReply> replies;
  std::vector<std::int32_t> months_read;
};

domain::RecordKey order(std::uint64_t number) {
  return {.high = number << 32, .low = static_cast<std::uint32_t>(number)};
}

class OrderBookTest : public ::testing::Test {
 protected:
  void ask(BookAsk what, std::uint64_t of_order, std::uint64_t member, std::int64_t now_ns = 0,
           std::int32_t of_month = month) {
    book.ask(0, 1,
             {.ask = what,
              .order = order(of_order),
              .member = {member},
              .month = of_month,
              .ticket = member},
             now_ns);
  }
  domain::Position at(std::uint64_t sequence) { return {.epoch = 1, .sequence = sequence}; }

  Host host;
  OrderBook book{host, buckets};
};

TEST_F(OrderBookTest, AnswersThatAnOrderIsSettledOnlyOnceThatIsDurable) {
  ask(BookAsk::claim, 1, 10);
  ask(BookAsk::settle, 1, 10);
  EXPECT_EQ(host.said(), std::vector({BookSays::granted}));

  book.committed(at(1));

  EXPECT_EQ(host.said(), std::vector({BookSays::granted, BookSays::settled}));
}

TEST_F(OrderBookTest, OrdersWhoseKeysAreTheSameInPartAreTwo) {
  const auto claim = [&](std::uint32_t low, std::uint64_t member) {
    book.ask(0, 1,
             {.ask = BookAsk::claim,
              .order = {.high = 7, .low = low},
              .member = {member},
              .month = month,
              .ticket = member},
             0);
  };

  claim(1, 10);
  claim(2, 11);
  claim(1, 12);

  EXPECT_EQ(host.said(), std::vector({BookSays::granted, BookSays::granted}));
  EXPECT_EQ(book.entries(), 2U);
}

TEST_F(OrderBookTest, AClaimBehindAnothersWaitsAHundredMilliseconds) {
  ask(BookAsk::claim, 1, 10);
  ask(BookAsk::claim, 1, 11, 1 * ms);

  book.tick(100 * ms);
  EXPECT_EQ(host.said(), std::vector({BookSays::granted}));
  EXPECT_EQ(book.claims_waiting(), 1);
  book.tick(102 * ms);

  EXPECT_EQ(host.said(), std::vector({BookSays::granted, BookSays::busy}));
  EXPECT_EQ(host.replies.back().member.value, 11);
  EXPECT_EQ(book.claims_waiting(), 0);
}

TEST_F(OrderBookTest, ANinthClaimBehindAnothersIsTurnedAwayAtOnce) {
  for (std::uint64_t member = 10; member < 19; ++member) ask(BookAsk::claim, 1, member);
  EXPECT_EQ(host.said(), std::vector({BookSays::granted}));

  ask(BookAsk::claim, 1, 19);

  EXPECT_EQ(host.said(), std::vector({BookSays::granted, BookSays::busy}));
  EXPECT_EQ(host.replies.back().member.value, 19);
}

TEST_F(OrderBookTest, AFreedOrderGoesToWhoeverWaits) {
  ask(BookAsk::claim, 1, 10);
  ask(BookAsk::claim, 1, 11);

  ask(BookAsk::free, 1, 10);

  EXPECT_EQ(host.said(), std::vector({BookSays::granted, BookSays::granted}));
  EXPECT_EQ(host.replies.back().member.value, 11);
}

TEST_F(OrderBookTest, AClaimThatNobodySettlesIsGivenUpHalfAMinuteAfterItWasLastAskedFor) {
  constexpr std::int64_t abandoned = OrderBook::tentative_ns_max;
  ask(BookAsk::claim, 1, 10);
  ask(BookAsk::claim, 2, 10);
  ask(BookAsk::settle, 2, 10);
  ask(BookAsk::claim, 3, 10);
  ask(BookAsk::free, 3, 10);
  ask(BookAsk::claim, 3, 11, 5 * ms);
  ask(BookAsk::claim, 1, 10, 10 * ms);

  book.tick(abandoned + 4 * ms);
  EXPECT_EQ(book.entries(), 3U);
  book.tick(abandoned + 5 * ms);
  EXPECT_EQ(book.entries(), 2U);
  book.tick(abandoned + 9 * ms);
  EXPECT_EQ(book.entries(), 2U);
  book.tick(abandoned + 10 * ms);
  // What is settled waits for a flush.
  EXPECT_EQ(book.entries(), 1U);

  host.replies.clear();
  ask(BookAsk::claim, 1, 12, abandoned + 10 * ms);
  EXPECT_EQ(host.said(), std::vector({BookSays::granted}));
}

TEST_F(OrderBookTest, AClaimTakesTheOrderOfOneThatWasGivenUp) {
  ask(BookAsk::claim, 1, 10);
  // No tick has come in time.
  ask(BookAsk::claim, 1, 11, OrderBook::tentative_ns_max);
  EXPECT_EQ(host.said(), std::vector({BookSays::granted, BookSays::granted}));

  book.tick(OrderBook::tentative_ns_max + ms);
  EXPECT_EQ(book.entries(), 1U);
  ask(BookAsk::settle, 1, 11, OrderBook::tentative_ns_max + ms);
  book.tick(2 * OrderBook::tentative_ns_max);
  EXPECT_EQ(book.entries(), 1U);
}

TEST_F(OrderBookTest, AnOrderOfAnotherIsSaidToBeSoOnceItsMemberHasIt) {
  ask(BookAsk::claim, 1, 10);
  ask(BookAsk::settle, 1, 10);
  book.committed(at(1));
  ask(BookAsk::claim, 1, 11);
  ask(BookAsk::settle, 1, 12);
  ASSERT_EQ(host.inquiries, 1);

  book.inquiry_answered(order(1), {10}, true);

  EXPECT_EQ(host.said(), std::vector({BookSays::granted, BookSays::settled, BookSays::of_other,
                                      BookSays::lost}));
}

TEST_F(OrderBookTest, AClaimThatNeverTookEffectMoves) {
  ask(BookAsk::claim, 1, 10);
  ask(BookAsk::settle, 1, 10);
  book.committed(at(1));
  ask(BookAsk::claim, 1, 11);

  book.inquiry_answered(order(1), {10}, false);

  EXPECT_EQ(host.replies.back().says, BookSays::granted);
  EXPECT_EQ(host.replies.back().member.value, 11);
  EXPECT_EQ(host.events, 2) << "that it is free again is durable before it is given again";
}

TEST_F(OrderBookTest, FlushesWhatIsDurableAndNotBeyondTheRound) {
  for (std::uint64_t number = 1; number <= 5; ++number) ask(BookAsk::settle, number, 10);

  book.committed(at(3));
  book.begin_round();
  book.committed(at(4));
  EXPECT_EQ(book.to_flush(100).size(), 3) << "the fourth became durable after the round began";
  EXPECT_EQ(book.first_unflushed(), at(4));
  book.flushed();
  EXPECT_EQ(book.begin_round(), 1) << "the fifth is not durable";
  EXPECT_EQ(book.to_flush(100).size(), 1);
  book.flushed();
  EXPECT_EQ(book.first_unflushed(), at(5));
  EXPECT_EQ(book.unflushed_count(), 1);
  EXPECT_EQ(book.entries(), 1) << "what is in the buckets needs no place in memory";
}

TEST_F(OrderBookTest, TellsWhatItsFilterTakesUntilTheMonthIsForgotten) {
  EXPECT_EQ(book.filter_bytes(), 0);
  ask(BookAsk::settle, 1, 10);
  book.committed(at(1));
  book.begin_round();
  ASSERT_EQ(book.to_flush(1).size(), 1);
  book.flushed();

  EXPECT_EQ(book.filter_bytes(), 232)
      << "the order's part has room for 116 orders, of 16 bits each";
  book.forget_months_before(month + 1);
  EXPECT_EQ(book.filter_bytes(), 0);
}

TEST_F(OrderBookTest, FlushesTheChangesOfABucketTogetherAndTheMarkWaitsForTheOldest) {
  // Of a bucket each but for the fifth, which falls into the first one's.
  for (const std::uint64_t number : {1U, 2U, 3U, 4U, 1 + buckets}) ask(BookAsk::settle, number, 10);
  book.committed(at(5));

  book.begin_round();

  const auto first = book.to_flush(1);

  ASSERT_EQ(first.size(), 2);
  EXPECT_EQ(first[0].position, at(1));
  EXPECT_EQ(first[1].position, at(5));
  EXPECT_EQ(book.first_unflushed(), at(2));
  book.flushed();
  EXPECT_EQ(book.to_flush(2).size(), 2);
  EXPECT_EQ(book.first_unflushed(), at(4));
  EXPECT_EQ(book.to_flush(3).size(), 3);
  EXPECT_EQ(book.first_unflushed(), std::nullopt);
}

TEST_F(OrderBookTest, ReadsOnlyMonthsThatMayHaveTheOrder) {
  book.know_months({month - 2, month - 1});
  book.forget_months_before(month - 1);

  ask(BookAsk::look_up, 1, 10);
  EXPECT_EQ(host.months_read, std::vector({month - 1}));
  book.bucket_read(order(1), month - 1, {{.order = order(1), .member = {10}}});

  EXPECT_EQ(host.said(), std::vector({BookSays::found}));
  EXPECT_EQ(host.replies.back().month, month - 1);
}

TEST_F(OrderBookTest, KeepsNothingOfALookUpThatNobodyWaitsForAnyMore) {
  book.know_months({month});
  ask(BookAsk::claim, 1, 10);
  ask(BookAsk::free, 1, 10);

  book.bucket_failed(order(1));

  EXPECT_EQ(book.entries(), 0);
}

}  // namespace
}  // namespace wutong

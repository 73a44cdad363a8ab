#include "load/mix.h"

#include <gtest/gtest.h>

#include <set>

#include "load/rules_file.h"

namespace wutong::load {
namespace {

class MixTest : public testing::Test {
 protected:
  v1::BatchItem made(Mix& mix) {
    v1::BatchItem item;
    mix.make(item);
    return item;
  }
  static v1::BatchItemReply receipt_of(const v1::BatchItem& item, v1::Outcome outcome) {
    v1::BatchItemReply reply;
    reply.set_number(item.number());
    reply.mutable_checkout()->mutable_receipt()->mutable_record()->set_outcome(outcome);
    return reply;
  }

  const Rules rules_ = rules_of_file(WUTONG_SOURCE_DIR "/ops/program/program.json").value();
};

TEST_F(MixTest, WithoutRefundsAllAreCheckoutsOfDifferentOrders) {
  Mix mix(rules_, {.members = 3, .order_prefix = "a-"});

  std::set<std::string> orders;
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 100; ++i) {
    const auto item = made(mix);
    ASSERT_TRUE(item.has_checkout());
    orders.insert(item.checkout().order_id());
    numbers.insert(item.number());
    mix.answered(receipt_of(item, v1::OUTCOME_ACCEPTED));
  }

  EXPECT_EQ(orders.size(), 100U);
  EXPECT_EQ(numbers.size(), 100U);
}

TEST_F(MixTest, RefundsAreOfOrdersThatWereAcceptedAndOfEachOnce) {
  Mix mix(rules_, {.members = 3, .order_prefix = "a-", .refunds = 0.3});

  std::set<std::string> accepted;
  std::set<std::string> refunded;
  for (int i = 0; i < 10'000; ++i) {
    const auto item = made(mix);
    if (item.has_refund()) {
      const std::string& order = item.refund().order().order_id();
      EXPECT_TRUE(accepted.contains(order));
      EXPECT_TRUE(refunded.insert(order).second);
      EXPECT_TRUE(item.refund().has_whole());
      continue;
    }
    // Every fifth is declined, and has nothing to give back.
    const bool declined = i % 5 == 0;
    if (!declined) accepted.insert(item.checkout().order_id());
    mix.answered(receipt_of(item, declined ? v1::OUTCOME_DECLINED : v1::OUTCOME_ACCEPTED));
  }

  EXPECT_NEAR(static_cast<double>(refunded.size()), 3'000, 150);
}

TEST_F(MixTest, NothingIsRefundedBeforeItsAnswer) {
  Mix mix(rules_, {.members = 3, .order_prefix = "a-", .refunds = 0.5});

  for (int i = 0; i < 100; ++i) EXPECT_TRUE(made(mix).has_checkout());
}

}  // namespace
}  // namespace wutong::load

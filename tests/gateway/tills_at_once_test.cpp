#include <gmock/gmock.h>

#include <barrier>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "tests/gateway/receipt_text.h"
#include "tests/gateway/shared_gateway_test.h"
#include "tests/support/wait_until.h"

/// Many tills at once on one order.
namespace wutong::test {
namespace {

using Answered = Answer<v1::CheckoutReply>;

class TillsAtOnce : public SharedGatewayTest {
 protected:
  void SetUp() override {
    open({.program = data("p0_shops.json"), .engine = {"lease_ttl_ms = 500"}});
    for (const char* member : {"ann", "bob"}) till->enroll(member);
  }

  /// Sends each request from a till of its own, all at once; the answers, in the same order.
  [[nodiscard]] std::vector<Answered> at_once(const std::vector<v1::CheckoutRequest>& requests) {
    while (tills_.size() < requests.size()) tills_.push_back(std::make_unique<Till>(*gateway));
    std::vector<Answered> answers(requests.size());
    std::barrier start(static_cast<std::ptrdiff_t>(requests.size()));
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        answers[i] = tills_[i]->call(requests[i]);
      });
    }
    threads.clear();
    return answers;
  }

  [[nodiscard]] v1::CheckoutRequest order(const std::string& member, const std::string& id,
                                          std::int64_t amount = 100'00) const {
    return till->checkout({.member = member, .id = id, .amount = amount});
  }

 private:
  std::vector<std::unique_ptr<Till>> tills_;
};

/// The records of those that took effect, and how many of them were new.
struct Effects {
  std::vector<std::string> records;
  int done_now = 0;
};

Effects effects_of(const std::vector<Answered>& answers) {
  Effects effects;
  for (const Answered& answer : answers) {
    EXPECT_TRUE(answer.ok()) << answer.status << ": " << answer.detail.ShortDebugString();
    if (!answer.reply.has_receipt()) continue;
    effects.records.push_back(answer.reply.receipt().record().SerializeAsString());
    if (!answer.reply.receipt().replayed()) ++effects.done_now;
  }
  return effects;
}

TEST_F(TillsAtOnce, OneOrderFromSixteenTillsIsAwardedOnce) {
  constexpr int rounds = 25;
  std::int64_t given = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string id = "A" + std::to_string(round);
    std::vector<v1::CheckoutRequest> requests;
    for (int i = 0; i < 16; ++i) {
      // The same, other content, and another member's, in another order each round.
      const int kind = (i + round) % 3;
      requests.push_back(order(kind == 2 ? "bob" : "ann", id, kind == 1 ? 200'00 : 100'00));
    }

    const auto answers = at_once(requests);

    const Effects effects = effects_of(answers);
    ASSERT_EQ(effects.done_now, 1);
    EXPECT_THAT(effects.records, ::testing::Each(effects.records.front()));
    v1::ReceiptRecord record;
    ASSERT_TRUE(record.ParseFromString(effects.records.front()));
    given += record.checkout().points_earned();
    for (const Answered& answer : answers) {
      if (!answer.reply.has_refusal()) continue;
      EXPECT_THAT(text_of(answer.reply.refusal()),
                  ::testing::AnyOf("OTHER_CONTENT amount_minor", "OTHER_MEMBER order_id"));
    }
  }
  EXPECT_EQ(till->history("ann").size() + till->history("bob").size(), std::size_t{rounds});
  EXPECT_EQ(till->member("ann").balances().available() + till->member("bob").balances().available(),
            given);
}

TEST_F(TillsAtOnce, OneRefundFromSixteenTillsIsDoneOnce) {
  const Sale sale{.member = "ann", .id = "A", .amount = 160'00};
  till->buy(sale);
  std::vector<std::jthread> threads;
  std::vector<Answer<v1::RefundReply>> answers(16);
  std::barrier start(16);
  for (std::size_t i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      Till here(*gateway);
      here.prefix = till->prefix;
      start.arrive_and_wait();
      // Half of them ask for the same refund, the others for more than is left together.
      const std::string id = i % 2 == 0 ? "r" : "r" + std::to_string(i);
      answers[i] = here.call(here.refund(sale, {.id = id, .amount = 40'00}));
    });
  }
  threads.clear();

  int done = 0;
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer.ok()) << answer.detail.ShortDebugString();
    if (answer.reply.has_receipt() && !answer.reply.receipt().replayed()) ++done;
    if (answer.reply.has_refusal()) {
      EXPECT_EQ(text_of(answer.reply.refusal()), "MORE_THAN_LEFT amount.amount_minor");
    }
  }
  EXPECT_EQ(done, 4);
  EXPECT_EQ(till->member("ann").balances().available(), 0);
}

TEST_F(TillsAtOnce, TwoMembersWhoSwapEachOthersOrdersDoNotHang) {
  constexpr int rounds = 25;
  using std::chrono::steady_clock;
  const auto begin = steady_clock::now();
  for (int round = 0; round < rounds; ++round) {
    const std::string x = "X" + std::to_string(round);
    const std::string y = "Y" + std::to_string(round);
    const std::vector<v1::CheckoutRequest> requests = {order("ann", x), order("bob", y),
                                                       order("bob", x), order("ann", y)};

    const auto answers = at_once(requests);

    EXPECT_EQ(effects_of(answers).done_now, 2);
    // Whoever was told to try again finds out for good.
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (!answers[i].reply.has_refusal() || !answers[i].reply.refusal().retryable()) continue;
      const auto again = till->call(requests[i]).reply;
      ASSERT_TRUE(again.has_refusal()) << again.ShortDebugString();
      EXPECT_FALSE(again.refusal().retryable());
    }
  }
  // A claim waits at most 100 ms.
  EXPECT_LT(steady_clock::now() - begin, rounds * std::chrono::milliseconds(1'000));
  EXPECT_EQ(till->history("ann").size() + till->history("bob").size(), std::size_t{2 * rounds});
  EXPECT_EQ(gateway->metric("wutong_claims_reversed_total"), 0);
  EXPECT_TRUE(wait_until(std::chrono::seconds(5),
                         [&] { return gateway->metric("wutong_claims_waiting") == 0; }));
}

TEST_F(TillsAtOnce, SixteenTillsServeOneMemberInOrder) {
  constexpr int tills = 16;
  constexpr int orders_each = 10;
  std::vector<std::jthread> threads;
  for (int number = 0; number < tills; ++number) {
    threads.emplace_back([this, number] {
      Till here(*gateway);
      here.prefix = till->prefix;
      for (int i = 0; i < orders_each; ++i) {
        const std::string id = std::to_string(number) + "-" + std::to_string(i);
        here.buy({.member = "ann", .id = id, .amount = 100'00});
      }
    });
  }
  threads.clear();

  const auto history = till->history("ann");
  ASSERT_EQ(history.size(), std::size_t{tills * orders_each});
  // Newest first: each balance is what the one before it left, and ten points more.
  std::int64_t expected = 10 * tills * orders_each;
  for (const auto& record : history) {
    EXPECT_EQ(record.balances_after().available(), expected);
    expected -= 10;
  }
}

}  // namespace
}  // namespace wutong::test

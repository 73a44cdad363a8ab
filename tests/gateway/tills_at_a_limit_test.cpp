#include <gmock/gmock.h>

#include <algorithm>
#include <barrier>
#include <memory>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "tests/gateway/receipt_text.h"
#include "tests/gateway/shared_gateway_test.h"

/// 64 tills at once on one member at a limit: what it lets through is exactly its bound.
namespace wutong::test {
namespace {

constexpr int tills = 64;
constexpr int orders_each = 3;

class TillsAtALimit : public SharedGatewayTest {
 protected:
  /// Opens with a policy of one limit, and with points that the member can pay with.
  void open_under(const std::string& policy) {
    open({.program = data("p0.json"), .risk_policy = data(policy)});
    till->enroll("ann");
    till->accepted(till->grant({.member = "ann", .id = "opening", .points = opening}));
  }

  /// Each till sends its orders as fast as it can, and every order twice in all; the records of all
  /// of them, each order's once.
  std::vector<v1::ReceiptRecord> rush(std::int64_t amount) {
    std::vector<std::vector<v1::ReceiptRecord>> told(tills);
    std::barrier start(tills);
    std::vector<std::jthread> threads;
    for (int number = 0; number < tills; ++number) {
      threads.emplace_back([&, number] {
        Till here(*gateway);
        here.now = till->now;
        here.prefix = till->prefix;
        start.arrive_and_wait();
        for (int i = 0; i < orders_each; ++i) {
          const auto order = here.checkout({.member = "ann",
                                            .id = std::to_string(number) + "-" + std::to_string(i),
                                            .amount = amount});
          const auto first = here.call(order).reply;
          const auto again = here.call(order).reply;
          EXPECT_TRUE(first.has_receipt()) << first.ShortDebugString();
          EXPECT_TRUE(again.receipt().replayed());
          EXPECT_EQ(again.receipt().record().SerializeAsString(),
                    first.receipt().record().SerializeAsString());
          told[static_cast<std::size_t>(number)].push_back(first.receipt().record());
        }
      });
    }
    threads.clear();
    std::vector<v1::ReceiptRecord> records;
    for (const auto& of_one : told) records.insert(records.end(), of_one.begin(), of_one.end());
    std::ranges::sort(records, [](const auto& a, const auto& b) {
      return a.position().sequence() < b.position().sequence();
    });
    EXPECT_EQ(records.size(), std::size_t{tills * orders_each});
    return records;
  }

  /// Each order of 888.00 asks for 177 points: five get them, the sixth what is left, all others none.
  void expect_cut_to_a_thousand() {
    std::int64_t given = 0;
    for (const auto& record : rush(888'00)) {
      const std::int64_t allowed = std::min<std::int64_t>(177, 1'000 - given);
      ASSERT_EQ(record.outcome(), v1::OUTCOME_ACCEPTED);
      EXPECT_EQ(record.checkout().points_earned(), allowed);
      ASSERT_EQ(record.risk_checks_size(), 1);
      EXPECT_EQ(record.risk_checks(0).value_before(), given);
      EXPECT_EQ(record.risk_checks(0).value_asked(), 177);
      EXPECT_EQ(record.risk_checks(0).exceeded(), allowed < 177);
      expect_lines_to_sum(record, 177);
      given += allowed;
      EXPECT_EQ(record.balances_after().available(), opening + given);
    }
    EXPECT_EQ(given, 1'000);
    EXPECT_EQ(till->member("ann").balances().available(), opening + 1'000);
  }

  /// As many as the bound are accepted, whichever they are, and the others change nothing.
  void expect_accepted(int bound) {
    int accepted = 0;
    for (const auto& record : rush(100'00)) {
      const bool fits = accepted < bound;
      EXPECT_EQ(record.outcome(), fits ? v1::OUTCOME_ACCEPTED : v1::OUTCOME_DECLINED);
      EXPECT_EQ(record.checkout().points_earned(), fits ? 10 : 0);
      ASSERT_EQ(record.risk_checks_size(), 1);
      EXPECT_EQ(record.risk_checks(0).value_before(), accepted);
      EXPECT_EQ(record.risk_checks(0).exceeded(), !fits);
      expect_lines_to_sum(record, fits ? 10 : 0);
      if (fits) ++accepted;
      EXPECT_EQ(record.balances_after().available(), opening + 10 * accepted);
    }
    EXPECT_EQ(accepted, bound);
    EXPECT_EQ(till->member("ann").balances().available(), opening + 10 * bound);
  }

  static constexpr std::int64_t opening = 500;

 private:
  static void expect_lines_to_sum(const v1::ReceiptRecord& record, std::int64_t asked) {
    std::int64_t points = 0;
    std::int64_t cut = 0;
    for (const auto& line : record.checkout().awards()) {
      points += line.points();
      cut += line.cut();
    }
    EXPECT_EQ(points, record.checkout().points_earned());
    EXPECT_EQ(points + cut, asked);
    std::int64_t posted = 0;
    for (const auto& posting : record.postings()) posted += posting.amount_thousandths();
    EXPECT_EQ(posted, points * 3'000);
  }
};

TEST_F(TillsAtALimit, TheCapOfADayIsGivenExactly) {
  open_under("p0_policy_cap_1000.json");
  expect_cut_to_a_thousand();
}

TEST_F(TillsAtALimit, TheCapOfASlidingWindowIsGivenExactly) {
  open_under("p0_policy_cap_1000_an_hour.json");
  expect_cut_to_a_thousand();
}

TEST_F(TillsAtALimit, AsManyOrdersOfADayAsMayBeAreAccepted) {
  open_under("p0_policy_20_orders_a_day.json");
  expect_accepted(20);
}

TEST_F(TillsAtALimit, AsManyOrdersOfASlidingWindowAsMayBeAreAccepted) {
  open_under("p0_policy_case_20.json");
  expect_accepted(5);
}

}  // namespace
}  // namespace wutong::test

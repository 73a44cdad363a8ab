#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "tests/gateway/own_gateway_test.h"
#include "tests/gateway/receipt_text.h"
#include "tests/support/wait_until.h"

/// The gateway as a process: stopping under load, configuration, documents and credentials.
namespace wutong::test {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int exit_wrong = 2;

std::string text_of_file(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return std::move(out).str();
}

void replace_in(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::string text = text_of_file(file);
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " is not in\n" << text;
  text.replace(at, from.size(), to);
  std::ofstream(file) << text;
}

/// Tills that buy without a pause until the gateway is gone, and keep what was acknowledged.
class Load {
 public:
  Load(const RunningGateway& gateway, int tills) {
    for (int number = 0; number < tills; ++number) {
      threads_.emplace_back([this, &gateway, number] {
        const Till till(gateway);
        for (int i = 0; buy(till, number, i); ++i) {
        }
      });
    }
  }

  /// Everything that was sent, with its record where one was acknowledged.
  using Sent = std::pair<v1::CheckoutRequest, std::string>;
  [[nodiscard]] std::vector<Sent> finish() {
    threads_.clear();
    return std::move(sent_);
  }
  [[nodiscard]] int acknowledged() const { return acknowledged_; }

 private:
  /// Whether it was answered.
  bool buy(const Till& till, int number, int i) {
    const std::string id = std::to_string(number) + "-" + std::to_string(i);
    const std::string member = "m" + std::to_string((number * 31 + i) % 40);
    const auto request = till.checkout({.member = member, .id = id, .amount = 100'00});
    const auto answer = till.call(request);
    std::string record;
    if (answer.ok()) {
      EXPECT_TRUE(answer.reply.has_receipt()) << answer.reply.ShortDebugString();
      record = answer.reply.receipt().record().SerializeAsString();
      ++acknowledged_;
    } else {
      // gRPC cancels a call that comes in just when its server goes.
      EXPECT_THAT(answer.status,
                  ::testing::AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED))
          << answer.detail.ShortDebugString();
    }
    const std::lock_guard lock(mutex_);
    sent_.emplace_back(request, std::move(record));
    return answer.ok();
  }

  std::atomic<int> acknowledged_ = 0;
  std::mutex mutex_;
  std::vector<Sent> sent_;
  std::vector<std::jthread> threads_;
};

class GatewayProcess : public OwnGatewayTest {
 protected:
  /// A folder of the test's own for documents that it changes; ends with the gateway's.
  std::filesystem::path own_copy(const std::string& document) {
    const auto copy = redis.folder() / document;
    std::filesystem::copy_file(data(document), copy);
    return copy;
  }
};

TEST_F(GatewayProcess, StoppedUnderLoadItKeepsEverythingItAcknowledged) {
  open({.clock = "gateway"});
  for (int i = 0; i < 40; ++i) till->enroll("m" + std::to_string(i));
  Load load(*gateway, 8);
  ASSERT_TRUE(wait_until(seconds(20), [&] { return load.acknowledged() > 400; }));

  const auto begin = steady_clock::now();
  EXPECT_EQ(gateway->terminate(), 0);
  EXPECT_LT(steady_clock::now() - begin, seconds(20));
  const auto sent = load.finish();

  gateway->start();
  till.emplace(*gateway);
  std::int64_t orders = 0;
  for (const auto& [request, record] : sent) {
    // What was answered UNAVAILABLE may or may not have been done; asked again, it is.
    const v1::Receipt receipt =
        record.empty() ? till->accepted(request) : till->receipt(Till::receipt_of(request));
    if (!record.empty()) {
      EXPECT_EQ(receipt.record().SerializeAsString(), record);
    }
    ++orders;
  }
  std::int64_t points = 0;
  for (int i = 0; i < 40; ++i) {
    points += till->member("m" + std::to_string(i)).balances().available();
  }
  EXPECT_EQ(points, orders * 10);
  EXPECT_THAT(text_of_file(gateway->log_file()), Not(HasSubstr("the bound passed")));
}

TEST_F(GatewayProcess, AnUnknownKeyOrABadValueStopsTheStartWithItsLine) {
  gateway.emplace(redis);
  EXPECT_EQ(gateway->run({"check"}).exit_code, 0);
  EXPECT_THAT(gateway->run({"check"}).output, HasSubstr("program version 1 with 2 venues"));

  struct Row {
    const char* from;
    const char* to;
    const char* told;
  };
  for (const Row& row :
       {Row{"level = \"info\"", "level = \"loud\"", "log.level"},
        Row{"level = \"info\"", "levle = \"info\"", "log.levle"},
        Row{"[witness]", "[witnes]", "witnes"}, Row{"shards = 4", "shards = 3", "create.shards"},
        Row{"node = \"node-1\"", "node = \"a b\"", "ledger.node"}}) {
    const std::string text = text_of_file(gateway->config_file());
    replace_in(gateway->config_file(), row.from, row.to);
    for (const char* command : {"serve", "check"}) {
      const auto ran = gateway->run({command});
      EXPECT_EQ(ran.exit_code, exit_wrong) << ran.output;
      EXPECT_THAT(ran.output, AllOf(HasSubstr("wutong.toml: line "), HasSubstr(row.told)));
    }
    std::ofstream(gateway->config_file()) << text;
  }
}

TEST_F(GatewayProcess, ABadDocumentStopsTheStartWithItsPlace) {
  const auto program = own_copy("p0.json");
  gateway.emplace(redis, GatewayOptions{.program = program});
  const auto expect_stop = [&](const std::string& told) {
    const auto ran = gateway->run({"serve"});
    EXPECT_EQ(ran.exit_code, exit_wrong);
    EXPECT_THAT(ran.output, AllOf(HasSubstr(program.string()), HasSubstr(told)));
  };
  replace_in(program, "\"party\": \"MALL\"", "\"party\": \"MAUL\"");
  expect_stop("venues[0].party");
  replace_in(program, "\"party\": \"MAUL\"", "\"partei\": \"MALL\"");
  expect_stop("partei");
  replace_in(program, "\"partei\": \"MALL\"", "\"party\": \"MALL\"");
  EXPECT_EQ(gateway->run({"check"}).exit_code, 0);
  static_cast<void>(gateway->add_token("nowhere", "till", "M77"));
  const auto ran = gateway->run({"check"});
  EXPECT_EQ(ran.exit_code, exit_wrong);
  EXPECT_THAT(ran.output, HasSubstr("M77"));
}

TEST_F(GatewayProcess, ABoundForAVenueThatNobodyHasIsWarnedOfAndServed) {
  const auto policy = own_copy("p0_policy_cap_1000.json");
  replace_in(policy, "\"bound\": 1000",
             R"("bound": 1000, "scoped_bounds": [{"venue": "M77", "bound": 1}])");
  const auto warned = HasSubstr("scoped_bounds[0].venue: the program has no venue \"M77\"");
  open({.risk_policy = policy});
  EXPECT_THAT(text_of_file(gateway->log_file()), warned);

  const auto ran = gateway->run({"check"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.output, AllOf(warned, HasSubstr("risk policy version")));

  replace_in(policy, "M77", "M78");
  ::kill(gateway->process(), SIGHUP);
  EXPECT_TRUE(wait_until(seconds(10), [&] {
    return text_of_file(gateway->log_file()).find("no venue \"M78\"") != std::string::npos;
  }));
}

TEST_F(GatewayProcess, ItTakesNewDocumentsAndCredentialsWithoutARestart) {
  const auto program = own_copy("p0.json");
  open({.program = program});
  till->enroll("ann");
  EXPECT_EQ(till->buy({.member = "ann", .id = "A", .amount = 588'00}).program_version(), 1U);

  const std::string token = gateway->add_token("tills of M1", "till", "M1");
  Till late(*gateway, token);
  v1::GetMemberRequest ann;
  ann.mutable_member()->set_id("ann");
  EXPECT_EQ(late.call(ann).status, grpc::StatusCode::UNAUTHENTICATED);
  replace_in(program, "\"version\": 1", "\"version\": 2");
  replace_in(program, "\"multiplier_basis_points\": 15000", "\"multiplier_basis_points\": 10000");
  ::kill(gateway->process(), SIGHUP);
  ASSERT_TRUE(wait_until(seconds(10), [&] { return late.call(ann).ok(); }));

  const auto after = late.buy({.member = "ann", .id = "B", .amount = 588'00});
  EXPECT_EQ(after.program_version(), 2U);
  EXPECT_EQ(after.checkout().points_earned(), 58);
  EXPECT_EQ(gateway->metric("wutong_program_version"), 2);
  EXPECT_TRUE(
      till->accepted(till->checkout({.member = "ann", .id = "A", .amount = 588'00})).replayed());

  replace_in(program, "\"version\": 2", "\"version\": \"two\"");
  ::kill(gateway->process(), SIGHUP);
  EXPECT_TRUE(wait_until(seconds(10), [&] {
    return text_of_file(gateway->log_file()).find("nothing was reloaded") != std::string::npos;
  }));
  EXPECT_EQ(late.buy({.member = "ann", .id = "C", .amount = 10'00}).program_version(), 2U);
}

std::uint64_t resident_bytes_of(const RunningGateway& gateway) {
  std::ifstream statm("/proc/" + std::to_string(gateway.process()) + "/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return pages * 4'096;
}

TEST_F(GatewayProcess, GivesBackWhatIsFreeWhenAllIsQuiet) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers bring a heap of their own";
#endif
  constexpr std::uint64_t much = 12 << 20;
  open({.gateway = {"message_bytes_max = 16777216"}});
  v1::EnrollRequest too_long;
  too_long.set_member_id(std::string(much, 'x'));

  EXPECT_FALSE(Till(*gateway).call(too_long).ok());

  const auto after_it = resident_bytes_of(*gateway);
  EXPECT_GE(gateway->metric("wutong_heap_free_bytes"), much);
  EXPECT_TRUE(wait_until(seconds(20), [&] {
    return gateway->metric("wutong_heap_free_bytes") < 1 << 20 &&
           resident_bytes_of(*gateway) < after_it - much / 2;
  }));
}

TEST_F(GatewayProcess, HasItsHeapFromTheStartIfItIsToldTo) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers bring a heap of their own";
#endif
  constexpr std::uint64_t reserve = 256 << 20;
  open();
  const auto without = resident_bytes_of(*gateway);

  open({.gateway = {"heap_reserve_bytes = " + std::to_string(reserve)}});

  EXPECT_LT(without, reserve);
  EXPECT_GE(resident_bytes_of(*gateway), reserve);
  const auto allocated = gateway->metric("wutong_heap_allocated_bytes");
  EXPECT_GT(allocated, 1e6);
  EXPECT_LT(allocated, static_cast<double>(reserve)) << "what is kept is free";
}

TEST_F(GatewayProcess, ResidentMembersStayWithinTheirBound) {
  constexpr int members = 600;
  constexpr int bound = 100;
  constexpr int tills = 8;
  open({.engine = {"resident_members_max = " + std::to_string(bound), "flush_interval_ms = 20"}});
  std::atomic<int> busy = tills;
  std::vector<std::jthread> threads;
  for (int number = 0; number < tills; ++number) {
    threads.emplace_back([this, number, &busy] {
      const Till here(*gateway);
      // RESOURCE_EXHAUSTED is fine: all in memory may be waiting for a flush.
      const auto until_taken = [](const auto& call) {
        EXPECT_TRUE(wait_until(seconds(30), [&] {
          const auto answer = call();
          EXPECT_TRUE(answer.ok() || answer.status == grpc::StatusCode::RESOURCE_EXHAUSTED)
              << answer.status << answer.detail.ShortDebugString();
          return answer.ok();
        }));
      };
      for (int i = number; i < members; i += tills) {
        v1::EnrollRequest enroll;
        enroll.set_member_id("m" + std::to_string(i));
        enroll.set_received_at_unix_ms(here.now);
        until_taken([&] { return here.call(enroll); });
        const auto order = here.checkout(
            {.member = enroll.member_id(), .id = "of " + enroll.member_id(), .amount = 100'00});
        until_taken([&] { return here.call(order); });
      }
      --busy;
    });
  }
  double most = 0;
  while (busy > 0) most = std::max(most, gateway->metric("wutong_members_resident"));
  threads.clear();

  EXPECT_GT(most, bound / 2);
  EXPECT_LE(most, bound);
  EXPECT_GT(gateway->metric("wutong_member_passivations_total"), members - bound - 1);
  for (int i = 0; i < members; i += 7) {
    const std::string id = "m" + std::to_string(i);
    EXPECT_EQ(till->member(id).balances().available(), 10);
    EXPECT_TRUE(till->accepted(till->checkout({.member = id, .id = "of " + id, .amount = 100'00}))
                    .replayed());
  }
  EXPECT_LE(gateway->metric("wutong_members_resident"), bound);
}

}  // namespace
}  // namespace wutong::test

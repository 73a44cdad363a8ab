#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/gateway/own_gateway_test.h"
#include "tests/gateway/receipt_text.h"
#include "tests/support/wait_until.h"

/// What operators and tools see of a running gateway: metrics, health, reflection, `wutongctl`.
namespace wutong::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class GatewayStatus : public OwnGatewayTest {
 protected:
  /// `wutongctl` with the gateway's address and token.
  [[nodiscard]] RunningGateway::Ran ctl(const std::vector<std::string>& arguments) const {
    std::vector<std::string> words{std::string(WUTONG_BINARY_DIR) + "/bin/wutongctl", "--target",
                                   gateway->target(), "--token-file",
                                   (gateway->folder() / "token").string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_program(words);
  }
};

TEST_F(GatewayStatus, MetricsTellWhatHappenedAndNameNoMember) {
  open({.log_level = "trace"});
  const std::string id = "member-4711";
  till->enroll(id);
  const Sale sale{.member = id, .id = "order-4712", .amount = 588'00};
  till->buy(sale);
  till->accepted(till->checkout(sale));
  till->give_back(sale, {.id = "refund-4713", .amount = 10'00});
  auto refused = till->checkout(sale);
  refused.set_amount_minor(1);
  static_cast<void>(till->refused(refused));
  refused.set_currency("x");
  EXPECT_EQ(till->call(refused).status, grpc::StatusCode::INVALID_ARGUMENT);
  static_cast<void>(till->member(id));

  const std::string all = gateway->http("/metrics");

  const auto counted = [&](const std::string& method, const std::string& outcome, int times) {
    EXPECT_THAT(all, HasSubstr("wutong_calls_total{method=\"" + method + "\",outcome=\"" + outcome +
                               "\"} " + std::to_string(times) + "\n"));
  };
  counted("Enroll", "done", 1);
  counted("Checkout", "done", 1);
  counted("Checkout", "replayed", 1);
  counted("Checkout", "refused", 1);
  counted("Checkout", "invalid_argument", 1);
  counted("Refund", "done", 1);
  counted("GetMember", "done", 1);

  struct Range {
    const char* name;
    double from;
    double to;
  };
  for (const Range& range : {
           Range{"wutong_call_duration_seconds_count", 7, 7},
           Range{"wutong_call_stage_seconds_count", 9, 21},
           Range{"wutong_call_stage_seconds_sum", 1e-6, 60},
           Range{"wutong_calls_under_way", 0, 0},
           Range{"wutong_streams_open", 0, 0},
           Range{"wutong_calls_queued", 0, 0},
           Range{"wutong_batch_events_count", 3, 4},
           Range{"wutong_batch_events_sum", 4, 4},
           Range{"wutong_events_total", 4, 4},
           Range{"wutong_appends_total", 3, 100},
           Range{"wutong_append_bytes_total", 100, 1e6},
           Range{"wutong_members_resident", 1, 1},
           Range{"wutong_members_dirty", 0, 1},
           Range{"wutong_member_activations_total", 1, 2},
           Range{"wutong_member_passivations_total", 0, 1},
           Range{"wutong_log_entries", 4, 100},
           Range{"wutong_log_bytes", 100, 1e6},
           Range{"wutong_tail_bytes", 0, 1e6},
           Range{"wutong_snapshot_lag_seconds", 0, 60},
           Range{"wutong_sweep_members_met_total", 0, 0},
           Range{"wutong_sweep_members_due_total", 0, 0},
           Range{"wutong_sweep_events_total", 0, 0},
           Range{"wutong_sweep_members_left_total", 0, 0},
           Range{"wutong_sweep_walks_total", 0, 0},
           Range{"wutong_sweep_age_seconds", 0, 0},
           Range{"wutong_redis_reconnects_total", 0, 0},
           Range{"wutong_redis_errors_total", 0, 0},
           Range{"wutong_redis_commands_total", 8, 10'000},
           Range{"wutong_redis_connections", 1, 10},
           Range{"wutong_shards", 4, 4},
           Range{"wutong_shards_owned", 4, 4},
           Range{"wutong_shards_halted", 0, 0},
           Range{"wutong_shard_salvages_total", 0, 0},
           Range{"wutong_broken_promises_total", 0, 0},
           Range{"wutong_clock_agrees", 1, 1},
           Range{"wutong_shard_takeovers_total", 4, 4},
           Range{"wutong_claims_waiting", 0, 0},
           Range{"wutong_claims_reversed_total", 0, 0},
           Range{"wutong_program_version", 1, 1},
           Range{"wutong_policy_version", 1, 1},
           Range{"wutong_ledger_clock_caller", 1, 1},
           Range{"wutong_build_info", 1, 1},
           Range{"wutong_ready", 1, 1},
       }) {
    // What stands now is told by the shards a few times a second.
    double value = -1;
    EXPECT_TRUE(wait_until(std::chrono::seconds(5),
                           [&] {
                             value = gateway->metric(range.name);
                             return value >= range.from && value <= range.to;
                           }))
        << range.name << " is " << value;
    EXPECT_THAT(all, HasSubstr(std::string("\n") + range.name));
  }

  for (const char* secret : {"member-4711", "order-4712", "refund-4713"}) {
    EXPECT_THAT(all, Not(HasSubstr(secret)));
    std::ostringstream log;
    log << std::ifstream(gateway->log_file()).rdbuf();
    EXPECT_THAT(log.str(), AllOf(HasSubstr("serving gRPC"), Not(HasSubstr(secret)),
                                 Not(HasSubstr(gateway->token()))));
  }
}

TEST_F(GatewayStatus, LivenessAndReadiness) {
  open();

  EXPECT_EQ(gateway->http("/livez"), "ok\n");
  EXPECT_THAT(gateway->http("/readyz"),
              AllOf(HasSubstr("\"ready\":true"), HasSubstr("\"reasons\":[]"),
                    HasSubstr("\"shards\":4,\"shards_owned\":4"), HasSubstr("\"clock\":\"caller\""),
                    HasSubstr("\"program_version\":1"), HasSubstr("\"policy_version\":1")));
}

TEST_F(GatewayStatus, MetricsTellWhatWaitsWhileRedisIsFrozen) {
  open({.engine = {"flush_interval_ms = 3000"}});
  till->enroll("ann");
  till->buy({.member = "ann", .id = "A", .amount = 100'00});
  redis.freeze();
  std::atomic<bool> over = false;
  const auto wants_the_order = [&](const std::string& member) {
    return std::jthread([this, member, &over] {
      const Till here(*gateway);
      const auto order = here.checkout({.member = member, .id = "of one", .amount = 100'00});
      while (!over) static_cast<void>(here.call(order));
    });
  };
  const auto comes_to = [&](const std::string& metric, double from, double to) {
    double value = -1;
    EXPECT_TRUE(wait_until(std::chrono::seconds(15),
                           [&] {
                             value = gateway->metric(metric);
                             return value >= from && value <= to;
                           }))
        << metric << " is " << value;
  };

  // Bob is to be read from Redis, so he keeps the order that he was the first to claim.
  const auto bob = wants_the_order("bob");
  comes_to("wutong_calls_queued", 1, 1);
  comes_to("wutong_calls_under_way", 1, 1);
  const auto ann = wants_the_order("ann");
  comes_to("wutong_claims_waiting", 1, 1);
  comes_to("wutong_calls_queued", 2, 2);
  comes_to("wutong_members_dirty", 1, 1);
  comes_to("wutong_tail_bytes", 50, 1e6);
  comes_to("wutong_snapshot_lag_seconds", 0.5, 60);

  over = true;
  redis.thaw();
  for (const auto* metric :
       {"wutong_calls_queued", "wutong_calls_under_way", "wutong_claims_waiting",
        "wutong_members_dirty", "wutong_tail_bytes", "wutong_snapshot_lag_seconds"}) {
    comes_to(metric, 0, 0);
  }
}

TEST_F(GatewayStatus, ReadinessWarnsOfALogThatIsNearlyFullAndEndsWhenItIs) {
  constexpr double bytes_max = 64 << 10;
  constexpr double bytes_of_entry_max = 250;
  open({.shards = 1, .engine = {"log_bytes_max = 65536"}});
  till->enroll("ann");
  int orders = 0;
  const auto next_order = [&] {
    const auto id = std::to_string(++orders);
    return till->checkout({.member = "ann", .id = id, .amount = 100'00});
  };
  // The gateway looks every two seconds.
  const auto bytes_known = [&] {
    EXPECT_TRUE(wait_until(std::chrono::seconds(10), [&] {
      return gateway->metric("wutong_log_entries") ==
             std::stod(redis.command({"XLEN", "{s0}:log"}));
    }));
    return gateway->metric("wutong_log_bytes");
  };
  // In steps, so that it ends between one share and the other.
  const auto fill_beyond = [&](double share, double aim) {
    for (auto bytes = bytes_known(); bytes < share * bytes_max && !HasFailure();
         bytes = bytes_known()) {
      const auto step = 10 + (aim * bytes_max - bytes) / bytes_of_entry_max;
      for (int i = 0; i < step; ++i) {
        if (!till->call(next_order()).ok()) break;
      }
    }
  };
  fill_beyond(0.3, 0.5);
  EXPECT_THAT(gateway->http("/readyz"),
              AllOf(HasSubstr("\"ready\":true"), HasSubstr("\"warnings\":[]")));

  fill_beyond(0.8, 0.95);
  EXPECT_THAT(gateway->http("/readyz"),
              AllOf(HasSubstr("\"ready\":true"), HasSubstr("\"reasons\":[]"),
                    HasSubstr("\"warnings\":[\"the log is nearly full\"]")));
  EXPECT_TRUE(till->call(next_order()).ok());

  fill_beyond(1, 1.2);
  EXPECT_THAT(gateway->http("/readyz"),
              AllOf(HasSubstr("\"ready\":false"),
                    HasSubstr("\"reasons\":[\"the log has reached its bound\"]"),
                    HasSubstr("\"warnings\":[\"the log is nearly full\"]")));
  const auto before = till->member("ann").balances().available();
  const auto refused = till->call(next_order());
  EXPECT_EQ(refused.status, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(refused.detail.text(), "");
  v1::EnrollRequest bob;
  bob.set_member_id("bob");
  bob.set_received_at_unix_ms(till->now);
  EXPECT_EQ(till->call(bob).status, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(till->member("ann").balances().available(), before);
  const auto first = till->checkout({.member = "ann", .id = "1", .amount = 100'00});
  EXPECT_EQ(till->receipt(Till::receipt_of(first)).record().checkout().points_earned(), 10);
  EXPECT_GE(till->history("ann").size(), 100U);
}

TEST_F(GatewayStatus, WhatIsKeptOfOrdersRunsOutWithTheHistoryAndNothingElseDoes) {
  constexpr std::int64_t day_ms = 86'400'000;
  constexpr int history_days = 35;
  open({.clock = "gateway", .history_days = history_days, .engine = {"flush_interval_ms = 20"}});
  till->enroll("ann");
  const Sale sale{.member = "ann", .id = "A", .amount = 100'00};
  till->buy(sale);
  const auto keys = [&](const std::string& pattern) {
    std::istringstream lines(redis.command({"KEYS", pattern}));
    std::vector<std::string> found;
    for (std::string line; std::getline(lines, line);) found.push_back(line);
    return found;
  };
  const auto expiry = [&](const std::string& key) {
    return std::stoll(redis.command({"PEXPIRETIME", key}));
  };
  ASSERT_TRUE(wait_until(std::chrono::seconds(10),
                         [&] { return !keys("{s*}:h:*").empty() && !keys("{s*}:o:*").empty(); }));

  for (const auto& key : keys("*")) {
    SCOPED_TRACE(key);
    const bool of_orders = key.find(":h:") != key.npos || key.find(":o:") != key.npos;
    if (of_orders) {
      EXPECT_GE(expiry(key), till->now + (history_days - 1) * day_ms);
      EXPECT_LE(expiry(key), till->now + (history_days + 1) * day_ms);
    } else {
      EXPECT_EQ(expiry(key), -1);
    }
  }
}

TEST_F(GatewayStatus, TheHealthServiceAnswersForBothNames) {
  open();
  const auto health = grpc::health::v1::Health::NewStub(gateway->channel());
  const auto ask = [&](const std::string& service) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    const auto status = health->Check(&context, request, &response);
    return std::pair(status.error_code(), response.status());
  };

  constexpr auto serving = grpc::health::v1::HealthCheckResponse::SERVING;
  EXPECT_EQ(ask(""), std::pair(grpc::StatusCode::OK, serving));
  EXPECT_EQ(ask("wutong.v1.Points"), std::pair(grpc::StatusCode::OK, serving));
  EXPECT_EQ(ask("wutong.v2.Points").first, grpc::StatusCode::NOT_FOUND);
}

TEST_F(GatewayStatus, ReflectionListsTheService) {
  open();
  grpc::GenericStub stub(gateway->channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(&context);
  ASSERT_TRUE(wait());

  // ServerReflectionRequest { list_services: "" }: field 7, length 0.
  const grpc::Slice list_services(std::string("\x3a\x00", 2));
  call->Write(grpc::ByteBuffer(&list_services, 1), &context);
  ASSERT_TRUE(wait());
  grpc::ByteBuffer answer;
  call->Read(&answer, &context);
  ASSERT_TRUE(wait());

  grpc::Slice whole;
  ASSERT_TRUE(answer.TrySingleSlice(&whole).ok());
  EXPECT_THAT(std::string(reinterpret_cast<const char*>(whole.begin()), whole.size()),
              AllOf(HasSubstr("wutong.v1.Points"), HasSubstr("grpc.health.v1.Health")));
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, &context);
  static_cast<void>(wait());
}

TEST_F(GatewayStatus, TheClientForPeopleGoesAllTheWay) {
  open({.clock = "gateway"});
  const std::vector<std::string> checkout{"checkout", "--member", "ann",      "--venue", "M1",
                                          "--order",  "A",        "--amount", "588.00"};

  EXPECT_EQ(ctl({"health"}).exit_code, 0);
  EXPECT_EQ(ctl({"enroll", "--member", "ann"}).exit_code, 0);
  const auto bought = ctl(checkout);
  EXPECT_EQ(bought.exit_code, 0) << bought.output;
  EXPECT_THAT(bought.output, AllOf(HasSubstr("58"), HasSubstr("30"), HasSubstr("588.00")));
  // Now is another time of payment, so another content.
  const auto refused = ctl(checkout);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.output, HasSubstr("occurred_at_unix_ms"));
  const auto refunded = ctl({"--json", "refund", "--venue", "M1", "--order", "A", "--refund", "r",
                             "--amount", "288.00", "--reason", "too small"});
  EXPECT_EQ(refunded.exit_code, 0) << refunded.output;
  EXPECT_THAT(refunded.output, HasSubstr("too small"));

  const auto history = ctl({"history", "--member", "ann"});
  EXPECT_EQ(history.exit_code, 0) << history.output;
  EXPECT_THAT(history.output, AllOf(HasSubstr("288.00"), HasSubstr("588.00")));
  const auto as_json = ctl({"--json", "history", "--member", "ann", "--page-size", "1"});
  EXPECT_THAT(as_json.output, AllOf(HasSubstr("\"refund"), Not(HasSubstr("\"checkout\""))));
  const auto member = ctl({"member", "--member", "ann", "--json"});
  EXPECT_EQ(member.exit_code, 0) << member.output;
  EXPECT_THAT(member.output, HasSubstr("ann"));
  EXPECT_EQ(ctl({"member", "--member", "nobody"}).exit_code, 3);
  EXPECT_EQ(ctl({"member"}).exit_code, 2);
}

}  // namespace
}  // namespace wutong::test

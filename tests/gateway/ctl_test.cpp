#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "gateway/ctl/requests.h"
#include "gateway/ctl/values.h"
#include "tests/gateway/edge.h"
#include "tests/gateway/edge_gateway.h"

/// `wutongctl`, its parts and the program against a gateway of the test's own.
namespace wutong::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CtlValues, AmountsAreExactAndFollowTheCurrency) {
  EXPECT_EQ(minor_units_of("588", "CNY"), 58'800);
  EXPECT_EQ(minor_units_of("588.5", "CNY"), 58'850);
  EXPECT_EQ(minor_units_of("-0.07", "CNY"), -7);
  EXPECT_EQ(minor_units_of("588", "JPY"), 588);
  EXPECT_EQ(minor_units_of("1.234", "KWD"), 1'234);
  for (const char* wrong : {"", "-", "1.", ".5", "1.234", "1,5", "1e3", "99999999999999999999"}) {
    EXPECT_FALSE(minor_units_of(wrong, "CNY")) << wrong;
  }
  EXPECT_FALSE(minor_units_of("1.5", "JPY"));
  EXPECT_EQ(text_of_minor(7, "CNY"), "0.07");
  EXPECT_EQ(text_of_minor(-58'850, "CNY"), "-588.50");
  EXPECT_EQ(text_of_minor(588, "JPY"), "588");
}

TEST(CtlValues, TimesAreReadAsPeopleWriteThem) {
  EXPECT_EQ(unix_ms_of("2026-01-05T12:00:00+08:00"), 1'767'585'600'000);
  EXPECT_EQ(unix_ms_of("1767585600000"), 1'767'585'600'000);
  EXPECT_EQ(text_of_unix_ms(1'767'585'600'250), "2026-01-05T04:00:00.250Z");
  EXPECT_TRUE(unix_ms_of("now"));
  EXPECT_FALSE(unix_ms_of("yesterday"));
}

TEST(CtlRequests, LinesAndTendersAreReadFromTheirParts) {
  OrderArguments order{.member = {.id = "alice"}, .amount = "10.00"};
  order.lines = {"number=2,amount=4.50,quantity=0.35,sku=tea,excluded", "number=1,amount=5.50"};
  order.tenders = {"gift=4.00", "cash=6.00"};

  const auto request = checkout_of(order);

  ASSERT_TRUE(request) << request.error();
  ASSERT_EQ(request->lines_size(), 2);
  EXPECT_EQ(request->lines(0).number(), 2U);
  EXPECT_EQ(request->lines(0).amount_minor(), 450);
  EXPECT_EQ(request->lines(0).quantity_thousandths(), 350);
  EXPECT_TRUE(request->lines(0).excluded());
  ASSERT_EQ(request->tenders_size(), 2);
  EXPECT_EQ(request->tenders(1).amount_minor(), 600);
}

TEST(CtlRequests, WhatCannotBeUnderstoodIsTold) {
  OrderArguments order{.member = {.id = "alice"}, .amount = "10.00"};
  order.lines = {"number=1,colour=red"};
  EXPECT_THAT(checkout_of(order).error(), HasSubstr("colour"));
  order.lines = {};
  order.tenders = {"cash"};
  EXPECT_THAT(checkout_of(order).error(), HasSubstr("cash=501.00"));
  order.tenders = {};
  order.origin.channel = "fax";
  EXPECT_THAT(checkout_of(order).error(), HasSubstr("fax"));
  EXPECT_THAT(member_of({.identity = "passport:1"}).error(), HasSubstr("passport"));
  EXPECT_THAT(link_of({.member = {.id = "alice"}, .identity = "12345"}).error(),
              HasSubstr("12345"));
}

struct Ran {
  int exit_code = -1;
  std::string output;
};

class CtlProgram : public ::testing::Test {
 protected:
  CtlProgram() = default;
  explicit CtlProgram(test::EdgeOptions options) : gateway_(std::move(options)) {}

  Ran run(const std::string& arguments, const std::string& token = "m1") {
    const std::string line = WUTONG_BINARY_DIR "/bin/wutongctl --target 127.0.0.1:" +
                             std::to_string(gateway_.server().port()) + " --token " + token + " " +
                             arguments + " 2>&1";
    Ran ran;
    std::FILE* pipe = popen(line.c_str(), "r");
    if (pipe == nullptr) return ran;
    std::array<char, 4096> buffer{};
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
      ran.output.append(buffer.data(), size);
    }
    const int status = pclose(pipe);
    ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
  }

  test::EdgeGateway gateway_;
};

constexpr const char* checkout =
    "checkout --venue M1 --member alice --order A --amount 588.00 --at 2026-01-05T11:59:00+08:00";

TEST_F(CtlProgram, SpeaksEveryMethod) {
  EXPECT_EQ(run("enroll --member alice").exit_code, 0);
  EXPECT_THAT(run("quote --venue M1 --member alice --amount 588.00 "
                  "--at 2026-01-05T11:59:00+08:00")
                  .output,
              HasSubstr("earns    88 points on 588.00"));
  const Ran bought = run(checkout);
  EXPECT_EQ(bought.exit_code, 0) << bought.output;
  EXPECT_THAT(bought.output, HasSubstr("earned   88 points"));
  EXPECT_THAT(run(checkout).output, HasSubstr("replayed"));
  const Ran returned =
      run("refund --venue M1 --refund R --order A --whole "
          "--at 2026-01-05T12:00:00+08:00");
  EXPECT_EQ(returned.exit_code, 0) << returned.output;
  EXPECT_THAT(returned.output, HasSubstr("clawed back  88 points"));
  EXPECT_THAT(run("receipt --venue M1 --order A").output, HasSubstr("amount   588.00 CNY"));
  EXPECT_THAT(run("receipt --venue M1 --order A --refund R").output, HasSubstr("refund       R"));
  EXPECT_THAT(run("member --member alice").output, HasSubstr("0 available"));
  EXPECT_THAT(run("history --member alice").output, HasSubstr("refund"));
  EXPECT_EQ(run("health").exit_code, 0);
}

TEST_F(CtlProgram, GivesPointsAndSetsThemAside) {
  const std::string alice = " --member alice --venue M1 --at 2026-01-05T11:59:00+08:00 ";
  EXPECT_EQ(run("enroll --member alice").exit_code, 0);
  const Ran granted =
      run("grant --grant G --points 500 --party MALL --expires-on 2026-12-31 "
          "--reason goodwill" +
          alice);
  EXPECT_EQ(granted.exit_code, 0) << granted.output;
  EXPECT_THAT(granted.output, HasSubstr("500 points of MALL until 2026-12-31"));
  EXPECT_THAT(granted.output, HasSubstr("goodwill"));
  const Ran held = run("hold --hold H --points 300" + alice);
  EXPECT_EQ(held.exit_code, 0) << held.output;
  EXPECT_THAT(held.output, HasSubstr("300 points until 2026-01-05T04:1"));
  const Ran member = run("member --member alice");
  EXPECT_THAT(member.output, HasSubstr("200 available, 300 held"));
  EXPECT_THAT(member.output, HasSubstr("until 2026-12-31  300 held"));
  EXPECT_THAT(member.output, HasSubstr("expiring  200 after 2026-12-31"));
  EXPECT_THAT(run("quote --amount 588.00 --hold H" + alice).output,
              HasSubstr("at most  300 points"));
  const Ran captured =
      run("checkout --order A --amount 588.00 --points 200 --tender cash=582.00 --hold H" + alice);
  EXPECT_EQ(captured.exit_code, 0) << captured.output;
  EXPECT_THAT(captured.output, HasSubstr("hold     H"));
  EXPECT_EQ(run("release --hold H" + alice).exit_code, 1);
  EXPECT_EQ(run("hold --hold I --points 10" + alice).exit_code, 0);
  EXPECT_THAT(run("release --hold I" + alice).output, HasSubstr("10 points"));
  const Ran revoked = run("revoke-grant --revocation V --grant G --reason mistake" + alice);
  EXPECT_EQ(revoked.exit_code, 0) << revoked.output;
  EXPECT_THAT(revoked.output, HasSubstr("taken back  500 points"));
  const Ran history = run("history --member alice");
  for (const char* what : {"grant", "hold", "checkout", "release", "revocation"}) {
    EXPECT_THAT(history.output, HasSubstr(std::string("  ") + what + "  ")) << history.output;
  }
}

class CtlProgramWithLimits : public CtlProgram {
 protected:
  CtlProgramWithLimits() : CtlProgram({.policy = test::policy_that_declines()}) {}
};

TEST_F(CtlProgramWithLimits, PrintsADeclineAndEndsAsRefused) {
  EXPECT_EQ(run("enroll --member alice").exit_code, 0);
  const auto order = [](const char* id) {
    return std::string(
               "checkout --venue M1 --member alice --amount 10.00 "
               "--at 2026-01-05T12:00:00+08:00 --order ") +
           id;
  };
  for (const char* id : {"A", "B", "C", "D", "E"}) EXPECT_EQ(run(order(id)).exit_code, 0);

  const Ran quoted =
      run("quote --venue M1 --member alice --amount 10.00 --at 2026-01-05T12:00:00+08:00");
  const Ran declined = run(order("F"));
  const Ran history = run("history --member alice");

  EXPECT_THAT(quoted.output, HasSubstr("declined: a limit"));
  EXPECT_EQ(declined.exit_code, 1);
  EXPECT_THAT(declined.output, HasSubstr("declined  a limit of the risk policy says no"));
  EXPECT_THAT(declined.output, HasSubstr("5 + 1 of 5  exceeded  declines"));
  EXPECT_THAT(history.output, HasSubstr("  declined\n"));
}

TEST_F(CtlProgram, ExitCodesTellRefusalsUsageAndErrorsApart) {
  EXPECT_EQ(run("enroll --member alice").exit_code, 0);

  EXPECT_EQ(run("refund --venue M1 --refund R --order nope --whole "
                "--at 2026-01-05T12:00:00+08:00")
                .exit_code,
            1);
  EXPECT_EQ(run("checkout --venue M1").exit_code, 2);
  EXPECT_EQ(run("checkout --venue M1 --member alice --order A --amount ten").exit_code, 2);
  EXPECT_EQ(run("fly").exit_code, 2);
  const Ran unknown = run("member --member nobody");
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.output, HasSubstr("NOT_FOUND"));
  EXPECT_EQ(run("member --member alice", "wrong").exit_code, 3);
  EXPECT_EQ(run("--help").exit_code, 0);
}

TEST_F(CtlProgram, AMemberIsKnownByWhatIsLinked) {
  for (const char* member : {"alice", "bob"}) {
    EXPECT_EQ(run(std::string("enroll --member ") + member).exit_code, 0);
  }

  const Ran linked = run("link-identity --member alice --link phone:8613800138000");
  EXPECT_EQ(linked.exit_code, 0);
  EXPECT_THAT(linked.output, HasSubstr("member  alice"));
  EXPECT_THAT(linked.output, HasSubstr("phone  since 2026-01-05T"));
  EXPECT_THAT(linked.output, Not(HasSubstr("8613800138000")));
  EXPECT_THAT(run("member --identity phone:8613800138000").output, HasSubstr("member  alice"));
  EXPECT_THAT(run("history --identity phone:8613800138000").exit_code, 0);
  EXPECT_EQ(run("link-identity --identity phone:8613800138000 --link card:C-1").exit_code, 0);

  const Ran refused = run("link-identity --member bob --link phone:8613800138000");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.output, HasSubstr("identity belongs to another"));
  EXPECT_EQ(run("link-identity --member bob --link phone:+8613800138000").exit_code, 3);
  EXPECT_EQ(run("link-identity --member bob --link 8613800138000").exit_code, 2);

  EXPECT_EQ(run("unlink-identity --member alice --unlink phone:8613800138000").exit_code, 0);
  EXPECT_EQ(run("member --identity phone:8613800138000").exit_code, 3);
  EXPECT_THAT(run("member --identity card:C-1").output, HasSubstr("card  since"));
}

TEST_F(CtlProgram, JsonHasTheNamesOfTheWire) {
  EXPECT_EQ(run("enroll --member alice").exit_code, 0);

  const Ran json = run(std::string("--json ") + checkout);
  const Ran refused =
      run("--json refund --venue M1 --refund R --order nope --whole "
          "--at 2026-01-05T12:00:00+08:00");

  EXPECT_THAT(json.output, HasSubstr("\"points_earned\": \"88\""));
  EXPECT_THAT(refused.output, HasSubstr("\"code\": \"REFUSAL_CODE_ORDER_UNKNOWN\""));
}

}  // namespace
}  // namespace wutong::ctl

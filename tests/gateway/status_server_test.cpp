#include "gateway/status_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>

namespace wutong {
namespace {

using testing::HasSubstr;

TEST(StatusServer, PagesAnswer) {
  std::atomic<bool> ready{false};
  const StatusPages pages{
      .metrics = [] { return std::string("wutong_build_info 1\n"); },
      .readiness = [&ready] { return Readiness{.ready = ready, .json = R"({"ready":1})"}; }};
  const auto server = StatusServer::start("127.0.0.1", 0, pages);
  ASSERT_TRUE(server) << server.error();
  httplib::Client client("127.0.0.1", (*server)->port());

  const auto metrics = client.Get("/metrics");
  const auto live = client.Get("/livez");
  const auto not_ready = client.Get("/readyz");
  ready = true;
  const auto is_ready = client.Get("/readyz");
  const auto missing = client.Get("/other");

  ASSERT_TRUE(metrics && live && not_ready && is_ready && missing);
  EXPECT_EQ(metrics->status, 200);
  EXPECT_EQ(metrics->body, "wutong_build_info 1\n");
  EXPECT_THAT(metrics->get_header_value("Content-Type"), HasSubstr("text/plain"));
  EXPECT_EQ(live->status, 200);
  EXPECT_EQ(not_ready->status, 503);
  EXPECT_EQ(is_ready->status, 200);
  EXPECT_THAT(is_ready->body, HasSubstr("\"ready\""));
  EXPECT_EQ(missing->status, 404);
}

TEST(StatusServer, AnAddressOutsideIsRefused) {
  EXPECT_FALSE(StatusServer::start("0.0.0.0", 0, {}));
}

TEST(StatusServer, APortTakenIsRefused) {
  const auto first = StatusServer::start("127.0.0.1", 0, {});
  ASSERT_TRUE(first);

  EXPECT_FALSE(StatusServer::start("127.0.0.1", (*first)->port(), {}));
}

}  // namespace
}  // namespace wutong

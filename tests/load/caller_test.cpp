#include "load/caller.h"

#include <gtest/gtest.h>

namespace wutong::load {
namespace {

TEST(StatusText, NamesTheCodeWithAndWithoutAMessage) {
  v1::ErrorDetail detail;
  detail.set_field("order_id");

  EXPECT_EQ(text_of({grpc::StatusCode::UNAVAILABLE, "stopping"}, {}), "UNAVAILABLE: stopping");
  EXPECT_EQ(text_of({grpc::StatusCode::INVALID_ARGUMENT, "is missing"}, detail),
            "INVALID_ARGUMENT (order_id): is missing");
  EXPECT_EQ(text_of({grpc::StatusCode::CANCELLED, ""}, {}), "CANCELLED");
}

}  // namespace
}  // namespace wutong::load

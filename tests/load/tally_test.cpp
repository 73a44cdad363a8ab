#include "load/tally.h"

#include <gmock/gmock.h>
#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

namespace wutong::load {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

v1::BatchItemReply done() {
  v1::BatchItemReply reply;
  reply.mutable_checkout()->mutable_receipt();
  return reply;
}

v1::BatchItemReply refused(v1::RefusalCode code) {
  v1::BatchItemReply reply;
  reply.mutable_refund()->mutable_refusal()->set_code(code);
  return reply;
}

v1::BatchItemReply error(grpc::StatusCode code, const std::string& text) {
  v1::BatchItemReply reply;
  reply.mutable_error()->set_code(code);
  reply.mutable_error()->mutable_detail()->set_text(text);
  return reply;
}

TEST(Ending, OnlyAReceiptIsDoneAndOnlyResourceExhaustedIsTurnedAway) {
  v1::BatchItemReply refunded;
  refunded.mutable_refund()->mutable_receipt();

  EXPECT_EQ(ending_of(done()), Ending::done);
  EXPECT_EQ(ending_of(refunded), Ending::done);
  EXPECT_EQ(ending_of(error(grpc::StatusCode::RESOURCE_EXHAUSTED, "")), Ending::turned_away);
  EXPECT_EQ(ending_of(error(grpc::StatusCode::UNAVAILABLE, "")), Ending::failed);
  EXPECT_EQ(ending_of(refused(v1::REFUSAL_CODE_ORDER_UNKNOWN)), Ending::failed);
  EXPECT_EQ(ending_of({}), Ending::failed);
}

TEST(Tally, CountsWhatBecameOfRequestsByReason) {
  Tally tally;

  tally.add(done(), milliseconds(1));
  tally.add(done(), milliseconds(3));
  tally.add(error(grpc::StatusCode::RESOURCE_EXHAUSTED, "full"), milliseconds(2));
  tally.add(error(grpc::StatusCode::UNAVAILABLE, "not now"), milliseconds(9));
  tally.add(refused(v1::REFUSAL_CODE_ORDER_UNKNOWN), milliseconds(9));
  tally.add_unanswered(2);

  EXPECT_EQ(tally.done().count(), 2U);
  EXPECT_EQ(tally.done().max(), 3'000U);
  EXPECT_EQ(tally.turned_away().count(), 1U);
  EXPECT_EQ(tally.failed(), 4U);
  EXPECT_EQ(tally.failures(),
            (std::map<std::string, std::uint64_t>{
                {"REFUSAL_CODE_ORDER_UNKNOWN", 1}, {"UNAVAILABLE", 1}, {"no answer", 2}}));
  EXPECT_EQ(tally.example(), "UNAVAILABLE: not now");
}

TEST(Tally, TellsLatencyOfWhatWasTurnedAwayOnlyWhereThereIsAny) {
  Tally tally;
  tally.add(done(), milliseconds(2));
  JsonWriter before;
  tally.write(before);
  EXPECT_THAT(before.finish(), Not(HasSubstr("turned_away_after")));
  EXPECT_THAT(tally.text(),
              HasSubstr("1 done: p50 2.00 ms, p99 2.00 ms, most 2.00 ms; 0 turned away"));

  tally.add(error(grpc::StatusCode::RESOURCE_EXHAUSTED, "full"), milliseconds(7));

  JsonWriter after;
  tally.write(after);
  EXPECT_THAT(after.finish(), HasSubstr("\"turned_away_after\""));
  EXPECT_THAT(tally.text(), HasSubstr("1 turned away: p50 7.00 ms"));
}

}  // namespace
}  // namespace wutong::load

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/gateway/bad_requests.h"
#include "tests/gateway/edge.h"
#include "tests/gateway/edge_gateway.h"
#include "tests/support/wait_until.h"

/// The stream of batches over a real channel and the real engine.
namespace wutong::test {
namespace {

using Stub = v1::Points::Stub;
using std::chrono::seconds;
using ::testing::HasSubstr;

template <typename Request>
Request valid(Method method) {
  return dynamic_cast<const Request&>(*valid_request(method, LedgerClock::gateway));
}

v1::CheckoutRequest order(const std::string& member, const std::string& id, std::int64_t amount) {
  auto request = valid<v1::CheckoutRequest>(Method::checkout);
  request.mutable_member()->set_id(member);
  request.set_order_id(id);
  request.set_amount_minor(amount);
  request.set_tax_minor(0);
  request.clear_lines();
  request.mutable_tenders(0)->set_amount_minor(amount);
  return request;
}

/// One stream and what has come of it.
class Talk {
 public:
  explicit Talk(EdgeGateway& gateway, std::string_view token = "m1")
      : context_(gateway.context(token)), stream_(gateway.stub().Stream(context_.get())) {
    context_->set_deadline(std::chrono::system_clock::now() + seconds(60));
  }

  std::uint64_t add(const v1::CheckoutRequest& request) {
    *next()->mutable_checkout() = request;
    return number_;
  }
  std::uint64_t add(const v1::RefundRequest& request) {
    *next()->mutable_refund() = request;
    return number_;
  }
  std::uint64_t add(const v1::HoldRequest& request) {
    *next()->mutable_hold() = request;
    return number_;
  }
  std::uint64_t add(const v1::ReleaseRequest& request) {
    *next()->mutable_release() = request;
    return number_;
  }
  v1::BatchItem* next() {
    auto* item = batch_.add_items();
    item->set_number(++number_);
    return item;
  }
  bool send() {
    const bool sent = stream_->Write(batch_);
    batch_.Clear();
    return sent;
  }
  /// Reads until so many are answered in all; false if the stream ends before.
  bool read_until(std::size_t answers) {
    v1::BatchReply reply;
    while (answers_.size() < answers) {
      if (!stream_->Read(&reply)) return false;
      EXPECT_GT(reply.items_size(), 0);
      for (auto& item : *reply.mutable_items()) {
        EXPECT_TRUE(answers_.emplace(item.number(), std::move(item)).second) << "answered twice";
      }
    }
    return true;
  }
  bool say_no_more() { return stream_->WritesDone(); }
  grpc::Status finish() { return stream_->Finish(); }
  void cancel() { context_->TryCancel(); }

  const v1::BatchItemReply& answer(std::uint64_t number) { return answers_.at(number); }
  const v1::ReceiptRecord& record(std::uint64_t number) {
    return answer(number).checkout().receipt().record();
  }
  [[nodiscard]] std::size_t answers() const { return answers_.size(); }
  std::uint64_t number() const { return number_; }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::BatchRequest, v1::BatchReply>> stream_;
  v1::BatchRequest batch_;
  std::uint64_t number_ = 0;
  std::map<std::uint64_t, v1::BatchItemReply> answers_;
};

TEST(Stream, AnswersEachItemAsTheMethodOfItsKindWould) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  Talk talk(gateway);
  const auto bought = talk.add(order("alice", "A", 1'000'00));
  auto hold = valid<v1::HoldRequest>(Method::hold);
  const auto held = talk.add(hold);
  const auto released = talk.add(valid<v1::ReleaseRequest>(Method::release));
  const auto refunded = talk.add(valid<v1::RefundRequest>(Method::refund));
  const auto again = talk.add(order("alice", "A", 1'000'00));
  ASSERT_TRUE(talk.send());
  ASSERT_TRUE(talk.read_until(5));

  EXPECT_EQ(talk.record(bought).checkout().points_earned(), 200);
  EXPECT_EQ(talk.answer(held).hold().receipt().record().balances_after().held(), 100);
  EXPECT_EQ(talk.answer(released).release().receipt().record().balances_after().held(), 0);
  EXPECT_EQ(talk.answer(refunded).refund().receipt().record().balances_after().available(), 0);
  EXPECT_TRUE(talk.answer(again).checkout().receipt().replayed());
  EXPECT_TRUE(talk.say_no_more());
  EXPECT_TRUE(talk.finish().ok());

  // The same as alone, from the receipts on.
  const auto alone = gateway.call(&Stub::Checkout, order("alice", "A", 1'000'00));
  EXPECT_TRUE(alone.receipt().replayed());
  EXPECT_EQ(alone.receipt().record().SerializeAsString(), talk.record(bought).SerializeAsString());
  EXPECT_EQ(gateway.metrics.under_way(), 0U);
  EXPECT_EQ(gateway.metrics.durations(Method::checkout, CallOutcome::done).count, 1U);
  EXPECT_EQ(gateway.metrics.durations(Method::refund, CallOutcome::done).count, 1U);
}

TEST(Stream, AWrongItemSpoilsNoneBesideIt) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  Talk talk(gateway);
  const auto first = talk.add(order("alice", "A", 100'00));
  auto negative = order("alice", "B", 100'00);
  negative.set_amount_minor(-1);
  const auto wrong = talk.add(negative);
  const auto nobody = talk.add(order("nobody", "C", 100'00));
  auto elsewhere = order("alice", "D", 100'00);
  elsewhere.mutable_origin()->set_venue("H1");
  const auto foreign = talk.add(elsewhere);
  talk.next();
  const auto nothing = talk.number();
  auto unfair = order("alice", "E", 100'00);
  unfair.set_points_to_use(50'000);
  const auto refused = talk.add(unfair);
  const auto last = talk.add(order("alice", "F", 100'00));
  ASSERT_TRUE(talk.send());
  ASSERT_TRUE(talk.read_until(7));

  EXPECT_EQ(talk.record(first).checkout().points_earned(), 10);
  EXPECT_EQ(talk.answer(wrong).error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(talk.answer(wrong).error().detail().field(), "amount_minor");
  EXPECT_EQ(talk.answer(nobody).error().code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(talk.answer(nobody).error().detail().refusal(), v1::REFUSAL_CODE_MEMBER_UNKNOWN);
  EXPECT_EQ(talk.answer(foreign).error().code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(talk.answer(nothing).error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(talk.answer(nothing).error().detail().field(), "request");
  EXPECT_TRUE(talk.answer(refused).checkout().has_refusal());
  EXPECT_EQ(talk.record(last).checkout().points_earned(), 10);
}

TEST(Stream, ABatchOfTooManyItemsIsAnsweredItemByItem) {
  EdgeGateway gateway({.server = {.listen = "127.0.0.1:0", .message_bytes_max = 1 << 20}});
  gateway.enroll("alice");
  Talk talk(gateway);
  for (int number = 0; number < 1'026; ++number) {
    talk.add(order("alice", "o" + std::to_string(number), 10'00));
  }
  ASSERT_TRUE(talk.send());
  ASSERT_TRUE(talk.read_until(1'026));

  EXPECT_EQ(talk.record(1'024).checkout().points_earned(), 1);
  EXPECT_EQ(talk.answer(1'025).error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(talk.answer(1'026).error().detail().field(), "items");
}

TEST(Stream, BytesThatAreNoBatchEndItWhenAllBeforeThemIsAnswered) {
  EdgeGateway gateway;
  gateway.enroll("wang");
  Talk talk(gateway);
  const auto first = talk.add(order("wang", "A", 58'800));
  ASSERT_TRUE(talk.send());
  talk.add(order("wang", "not \xff UTF-8", 58'800));
  ASSERT_TRUE(talk.send());

  EXPECT_FALSE(talk.read_until(2));
  const auto status = talk.finish();

  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_EQ(talk.answers(), 1U);
  EXPECT_TRUE(talk.answer(first).checkout().has_receipt());
}

TEST(Stream, ItemsOfOneMemberTakeEffectInTheStreamsOrderHoweverTheyNameIt) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  auto link = valid<v1::LinkIdentityRequest>(Method::link_identity);
  ASSERT_TRUE(gateway.call(Method::link_identity, link).ok());
  Talk talk(gateway);
  std::vector<std::uint64_t> numbers;
  for (int round = 0; round < 200; ++round) {
    const auto id = std::to_string(round);
    auto bought = order("alice", "b" + id, 10'00);
    // By the identity, by the id, and, for refunds, by the order alone.
    if (round % 3 == 0) *bought.mutable_member()->mutable_identity() = link.identity();
    numbers.push_back(talk.add(bought));
    if (round % 5 == 0) {
      auto back = valid<v1::RefundRequest>(Method::refund);
      back.set_refund_id("r" + id);
      back.mutable_order()->set_order_id("b" + id);
      if (round % 2 == 0) back.clear_member();
      numbers.push_back(talk.add(back));
    }
    if (round % 16 == 15) {
      ASSERT_TRUE(talk.send());
    }
  }
  ASSERT_TRUE(talk.send());
  ASSERT_TRUE(talk.read_until(numbers.size()));

  std::uint64_t before = 0;
  for (const auto number : numbers) {
    const auto& answer = talk.answer(number);
    ASSERT_FALSE(answer.has_error()) << answer.ShortDebugString();
    const auto& receipt =
        answer.has_checkout() ? answer.checkout().receipt() : answer.refund().receipt();
    const auto sequence = receipt.record().position().sequence();
    EXPECT_GT(sequence, before) << number;
    before = sequence;
  }
}

TEST(Stream, IsReadNoFasterThanItsAnswersAreRead) {
  constexpr std::uint32_t items_max = 256;
  constexpr int batches = 400;
  EdgeGateway gateway(
      {.server = {.listen = "127.0.0.1:0", .service = {.stream_items_max = items_max}}});
  gateway.enroll("alice");
  Talk talk(gateway);
  std::atomic<int> sent{0};
  std::thread writer([&] {
    for (int batch = 0; batch < batches; ++batch) {
      // Of some weight, so that the connection's own buffers are soon full.
      for (int number = 0; number < 64; ++number) {
        auto request = order("alice", std::to_string(batch) + "-" + std::to_string(number), 10'00);
        request.mutable_origin()->set_cashier(std::string(60, 'c'));
        talk.add(request);
      }
      if (!talk.send()) return;
      ++sent;
    }
    talk.say_no_more();
  });
  // Nobody reads: the gateway stops taking items, and the writer is held up.
  int before = -1;
  while (sent != before) {
    before = sent;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  EXPECT_LT(sent, batches);
  const auto done = gateway.metrics.durations(Method::checkout, CallOutcome::done).count;
  EXPECT_GT(done, 0U);
  EXPECT_LT(done, 64U * batches);

  ASSERT_TRUE(talk.read_until(std::size_t{64} * batches));
  writer.join();
  EXPECT_TRUE(talk.finish().ok());
  EXPECT_EQ(gateway.metrics.durations(Method::checkout, CallOutcome::done).count, 64U * batches);
}

TEST(Stream, AWithdrawnCredentialAnswersFromThenOn) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  Talk talk(gateway);
  const auto before = talk.add(order("alice", "A", 100'00));
  ASSERT_TRUE(talk.send());
  ASSERT_TRUE(talk.read_until(1));
  EXPECT_TRUE(talk.answer(before).has_checkout());

  gateway.server().set_credentials(std::make_shared<const Credentials>(
      absl::flat_hash_map<TokenHash, std::shared_ptr<const Credential>>{}));
  const auto after = talk.add(order("alice", "B", 100'00));
  ASSERT_TRUE(talk.send());
  ASSERT_TRUE(talk.read_until(2));

  EXPECT_EQ(talk.answer(after).error().code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(Stream, MethodsAreAllowedItemByItemAndATokenThatNobodyKnowsEndsIt) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  Talk reader(gateway, "reader");
  const auto denied = reader.add(order("alice", "A", 100'00));
  ASSERT_TRUE(reader.send());
  ASSERT_TRUE(reader.read_until(1));
  EXPECT_EQ(reader.answer(denied).error().code(), grpc::StatusCode::PERMISSION_DENIED);

  Talk stranger(gateway, "stranger");
  EXPECT_FALSE(stranger.read_until(1));
  EXPECT_EQ(stranger.finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(Stream, OneThatBreaksInTheMiddleLeavesNothingBehind) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  for (int round = 0; round < 50; ++round) {
    Talk talk(gateway);
    for (int number = 0; number < 64; ++number) {
      talk.add(order("alice", std::to_string(round) + "-" + std::to_string(number), 10'00));
    }
    ASSERT_TRUE(talk.send());
    if (round % 2 == 0) static_cast<void>(talk.read_until(1));
    talk.cancel();
    EXPECT_EQ(talk.finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(wait_until(seconds(10), [&] {
    return gateway.metrics.under_way() == 0 && gateway.metrics.streams_open() == 0;
  }));

  // The member and the gateway are none the worse.
  EXPECT_EQ(gateway.call(&Stub::Checkout, order("alice", "last", 10'00)).receipt().replayed(),
            false);
  EXPECT_TRUE(gateway.status.ok());
}

TEST(Stream, EndsWhenTheGatewayStops) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  Talk idle(gateway);
  Talk busy(gateway);
  const auto number = busy.add(order("alice", "A", 100'00));
  ASSERT_TRUE(busy.send());
  ASSERT_TRUE(busy.read_until(1));
  EXPECT_TRUE(busy.answer(number).has_checkout());

  gateway.server().drain(5'000);

  EXPECT_FALSE(idle.read_until(1));
  const auto status = idle.finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("stopping"));
  EXPECT_FALSE(busy.read_until(2));
  EXPECT_EQ(busy.finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  Talk late(gateway);
  EXPECT_FALSE(late.read_until(1));
  EXPECT_EQ(late.finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  const auto began = std::chrono::steady_clock::now();
  gateway.server().stop(20'000);
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(10)) << "something held it up";
}

}  // namespace
}  // namespace wutong::test

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/gateway/own_gateway_test.h"
#include "tests/gateway/receipt_text.h"

/// Identities through the real gateway, gRPC and Redis.
namespace wutong::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* phone_number = "8613912345678";
constexpr const char* card_number = "CARD-8842-7719-0036";
constexpr const char* open_id = "oGz1x5-open-id-of-ann-77";

v1::Identity identity(v1::IdentityKind kind, const std::string& value) {
  v1::Identity made;
  made.set_kind(kind);
  made.set_value(value);
  return made;
}
const v1::Identity phone = identity(v1::IDENTITY_KIND_PHONE, phone_number);
const v1::Identity card = identity(v1::IDENTITY_KIND_CARD, card_number);
const v1::Identity mini_program = identity(v1::IDENTITY_KIND_OPEN_ID, open_id);

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class IdentitiesGateway : public OwnGatewayTest {
 protected:
  void SetUp() override {
    open({.engine = {"lease_ttl_ms = 500"}});
    for (const char* member : {"ann", "bob"}) till->enroll(member);
  }

  template <typename Request>
  [[nodiscard]] Request change(const std::string& member, const v1::Identity& of) const {
    Request request;
    request.mutable_member()->set_id(member);
    *request.mutable_identity() = of;
    request.set_received_at_unix_ms(till->now);
    return request;
  }
  [[nodiscard]] Answer<v1::LinkIdentityReply> link(const std::string& member,
                                                   const v1::Identity& of) const {
    return till->call(change<v1::LinkIdentityRequest>(member, of));
  }
  [[nodiscard]] Answer<v1::UnlinkIdentityReply> unlink(const std::string& member,
                                                       const v1::Identity& of) const {
    return till->call(change<v1::UnlinkIdentityRequest>(member, of));
  }
  /// The id of whom it names; else the status.
  [[nodiscard]] std::string named(const v1::Identity& by) const {
    v1::GetMemberRequest request;
    *request.mutable_member()->mutable_identity() = by;
    const auto answer = till->call(request);
    if (answer.ok()) return answer.reply.member().id();
    return answer.status == grpc::StatusCode::NOT_FOUND ? "nobody" : "?";
  }
  template <typename Request>
  [[nodiscard]] static Request by_phone(Request request) {
    *request.mutable_member()->mutable_identity() = phone;
    return request;
  }

  void kill_and_start() {
    gateway->kill();
    gateway->start();
    const auto now = till->now;
    till.emplace(*gateway);
    till->now = now;
  }
};

TEST_F(IdentitiesGateway, EveryMethodTakesAnIdentityForTheMember) {
  ASSERT_TRUE(link("ann", phone).reply.linked_now());
  const auto sale = till->checkout({.member = "ann", .id = "A", .amount = 588'00});

  v1::QuoteRequest quote = till->quote({.member = "ann", .id = "A", .amount = 588'00});
  EXPECT_TRUE(till->call(by_phone(quote)).reply.has_quotation());
  const v1::Receipt receipt = till->accepted(by_phone(sale));
  EXPECT_TRUE(till->accepted(sale).replayed()) << "the same, however the member is named";
  EXPECT_TRUE(till->accepted(by_phone(sale)).replayed());

  const auto refund = till->refund({.member = "ann", .id = "A"}, {.id = "R", .amount = 88'00});
  const auto left = till->accepted(by_phone(refund)).record().balances_after().available();
  EXPECT_EQ(left, till->member("ann").balances().available());
  EXPECT_TRUE(till->accepted(by_phone(till->hold({.member = "ann", .id = "H", .points = 10})))
                  .has_record());
  EXPECT_TRUE(till->accepted(by_phone(till->release({.member = "ann", .id = "H"}))).has_record());
  const Gift gift{.member = "ann", .id = "G", .points = 7};
  EXPECT_TRUE(till->accepted(by_phone(till->grant(gift))).has_record());
  EXPECT_TRUE(till->accepted(by_phone(till->revoke(gift, "V"))).has_record());
  EXPECT_EQ(till->receipt(by_phone(Till::receipt_of(sale))).record().SerializeAsString(),
            receipt.record().SerializeAsString());
  v1::ListHistoryRequest history;
  EXPECT_EQ(till->call(by_phone(history)).reply.records_size(), 6);
  auto second = change<v1::LinkIdentityRequest>("", card);
  EXPECT_TRUE(till->call(by_phone(second)).reply.linked_now());
  auto undo = change<v1::UnlinkIdentityRequest>("", card);
  EXPECT_TRUE(till->call(by_phone(undo)).reply.unlinked_now());

  EXPECT_EQ(named(phone), "ann");
  EXPECT_EQ(named(card), "nobody");
}

TEST_F(IdentitiesGateway, AMemberIsToldTheKindsAndNothingElse) {
  for (const auto& one : {card, phone, mini_program}) ASSERT_TRUE(link("ann", one).ok());

  const v1::Member ann = till->member("ann");

  ASSERT_EQ(ann.identities_size(), 3);
  EXPECT_EQ(ann.identities(0).kind(), v1::IDENTITY_KIND_PHONE);
  EXPECT_EQ(ann.identities(1).kind(), v1::IDENTITY_KIND_CARD);
  EXPECT_EQ(ann.identities(2).kind(), v1::IDENTITY_KIND_OPEN_ID);
  EXPECT_EQ(ann.identities(0).linked_at_unix_ms(), till->now);
  EXPECT_THAT(ann.ShortDebugString(), Not(HasSubstr(phone_number)));
}

TEST_F(IdentitiesGateway, AnIdentityIsOneMembersAlsoAfterAKill) {
  ASSERT_TRUE(link("ann", phone).reply.linked_now());
  for (int life = 0; life < 2; ++life) {
    const auto refused = link("bob", phone);
    ASSERT_TRUE(refused.reply.has_refusal()) << refused.reply.ShortDebugString();
    EXPECT_EQ(refused.reply.refusal().code(), v1::REFUSAL_CODE_IDENTITY_OF_OTHER);
    EXPECT_EQ(refused.reply.refusal().field(), "identity");
    EXPECT_FALSE(refused.reply.refusal().retryable());
    EXPECT_THAT(refused.reply.ShortDebugString(), Not(HasSubstr("ann")));
    EXPECT_TRUE(link("ann", phone).ok());
    EXPECT_FALSE(link("ann", phone).reply.linked_now());
    EXPECT_FALSE(unlink("bob", phone).reply.unlinked_now());
    EXPECT_EQ(named(phone), "ann");
    kill_and_start();
  }
  EXPECT_TRUE(unlink("ann", phone).reply.unlinked_now());
  EXPECT_EQ(named(phone), "nobody");
  EXPECT_TRUE(link("bob", phone).reply.linked_now());
  kill_and_start();
  EXPECT_EQ(named(phone), "bob");
}

TEST_F(IdentitiesGateway, OfSixtyFourCallsAtOnceOneMemberWins) {
  std::vector<std::future<std::string>> calls;
  for (int call = 0; call < 64; ++call) {
    calls.push_back(std::async(std::launch::async, [&, call] {
      const std::string member = call % 2 == 0 ? "ann" : "bob";
      const auto answer = link(member, phone);
      if (!answer.ok()) return std::string("failed");
      return answer.reply.has_member() ? answer.reply.member().id() : std::string();
    }));
  }

  std::string winner;
  for (auto& call : calls) {
    const auto linked = call.get();
    if (linked.empty()) continue;
    if (winner.empty()) winner = linked;
    EXPECT_EQ(linked, winner);
  }
  EXPECT_EQ(named(phone), winner);
}

TEST_F(IdentitiesGateway, NoValueIsInTheLedgerInLogsOrInMetrics) {
  for (const auto& one : {phone, card, mini_program}) ASSERT_TRUE(link("ann", one).ok());
  till->accepted(by_phone(till->checkout({.member = "ann", .id = "A", .amount = 588'00})));
  EXPECT_TRUE(link("bob", phone).reply.has_refusal());
  EXPECT_TRUE(unlink("ann", card).ok());
  const std::string metrics = gateway->http("/metrics");
  EXPECT_EQ(gateway->terminate(), 0);

  std::string everything = metrics + content_of(gateway->log_file());
  std::istringstream keys(redis.command({"KEYS", "*"}));
  int claims = 0;
  for (std::string key; std::getline(keys, key);) {
    claims += key.find("}:i:") != std::string::npos ? 1 : 0;
    everything += key + redis.command({"DUMP", key});
  }
  for (const auto& file : std::filesystem::recursive_directory_iterator(redis.folder())) {
    if (file.is_regular_file()) everything += content_of(file.path());
  }

  EXPECT_EQ(claims, 2) << "of what is linked";
  EXPECT_THAT(everything, HasSubstr("ann")) << "or else nothing was searched";
  for (const char* value : {phone_number, card_number, open_id}) {
    EXPECT_EQ(everything.find(value), std::string::npos) << value;
  }
  EXPECT_THAT(metrics,
              HasSubstr("wutong_calls_total{method=\"LinkIdentity\",outcome=\"refused\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("wutong_identity_hits_total"));
}

TEST_F(IdentitiesGateway, TheAuditCountsWhatIsLinked) {
  for (const auto& one : {phone, card}) ASSERT_TRUE(link("ann", one).ok());
  ASSERT_TRUE(unlink("ann", card).ok());
  EXPECT_EQ(gateway->terminate(), 0);

  const auto audited = gateway->run({"audit", "--json"});

  EXPECT_EQ(audited.exit_code, 0) << audited.output;
  EXPECT_THAT(audited.output, HasSubstr("\"identities\":1"));
  EXPECT_THAT(audited.output, HasSubstr("\"claims_without_link\":0"));
}

}  // namespace
}  // namespace wutong::test

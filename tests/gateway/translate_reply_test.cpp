#include "gateway/translate_reply.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "actors/domain/decide.h"
#include "tests/actors/domain/random_world.h"
#include "tests/gateway/edge.h"
#include "tests/gateway/reply_bytes.h"

/// Replies of every method, of whatever can happen to a member.
namespace wutong {
namespace {

using testing::Choices;
using testing::Step;

/// What has been written is another length each time, so that lengths of one byte and of two are met.
std::string texts_of(std::size_t bytes) { return std::string(bytes, 'x'); }

testing::World lived(const Choices& choices, const std::vector<Step>& steps) {
  testing::World world = testing::world_of(choices);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    static_cast<void>(world.run(testing::next_command(world, steps[i], i)));
  }
  return world;
}

std::vector<domain::Record> records_of(const testing::World& world) {
  std::vector<domain::Record> records;
  for (const domain::Event& event : world.events) {
    if (auto record = domain::record_of(event)) records.push_back(*std::move(record));
  }
  return records;
}

RC_GTEST_PROP(TranslateReply, ReceiptsHaveTheBytesThatTheirClassWouldWrite,
              (const Choices& choices, const std::vector<Step>& steps)) {
  const auto world = lived(choices, steps);
  for (const auto& record : records_of(world)) {
    const Reply reply = ReceiptReply{.record = record,
                                     .replayed = *rc::gen::arbitrary<bool>(),
                                     .standing = {.now = world.balances()},
                                     .shard = *rc::gen::inRange(0U, 300U)};
    v1::CheckoutReply told;

    RC_ASSERT(test::tell(reply, Method::checkout, told).has_value());

    const auto& position = told.receipt().record().position();
    RC_ASSERT(position.shard() == std::get<ReceiptReply>(reply).shard);
    RC_ASSERT(told.receipt().replayed() == std::get<ReceiptReply>(reply).replayed);
    RC_ASSERT(told.receipt().standing().balances().available() == world.balances().available.count);
    RC_ASSERT(told.receipt().record().SerializeAsString() ==
              test::told(record, position.shard()).SerializeAsString());
  }
}

RC_GTEST_PROP(TranslateReply, AReceiptWrittenAheadIsTheSame,
              (const Choices& choices, const std::vector<Step>& steps)) {
  const auto world = lived(choices, steps);
  for (const auto& record : records_of(world)) {
    const ReceiptReply receipt{.record = record, .standing = {.now = world.balances()}};
    for (const auto method : {Method::checkout, Method::refund, Method::hold, Method::release,
                              Method::grant, Method::revoke_grant}) {
      WireWriter then;
      WireWriter ahead;

      const auto outcome = write_reply(then, receipt, method);
      const auto ahead_outcome = write_reply(ahead, write_ahead(receipt), method);

      RC_ASSERT(ahead.all() == then.all());
      RC_ASSERT(ahead.size() > 0);
      RC_ASSERT(*ahead_outcome == *outcome);
    }
  }
}

RC_GTEST_PROP(TranslateReply, MembersAndQuotesHaveTheBytesThatTheirClassWouldWrite,
              (const Choices& choices, const std::vector<Step>& steps)) {
  const auto world = lived(choices, steps);
  v1::GetMemberReply member;
  v1::QuoteReply quote;
  const auto asked = world.checkout(
      {.id = "next", .amount = {58'800}, .use = {*rc::gen::inRange<std::int64_t>(0, 2'000)}});

  RC_ASSERT(test::tell(Reply(MemberReply{.member = world.member, .now = world.balances()}),
                       Method::get_member, member)
                .has_value());
  const auto quoted =
      domain::quote(world.member, world.program, world.policy, {.checkout = asked}, world.now);
  static_cast<void>(test::tell(Reply(QuoteReply{.quoted = quoted}), Method::quote, quote));

  std::int64_t points = 0;
  for (const auto& lot : member.member().lots()) points += lot.points();
  RC_ASSERT(member.member().id() == world.member.id);
  RC_ASSERT(points >= member.member().balances().available());
  if (quote.has_quotation()) {
    RC_ASSERT(quote.quotation().eligible_minor() == quoted.eligible.minor_units);
    RC_ASSERT(quote.quotation().awards_size() == static_cast<int>(quoted.awards.size()));
  }
}

TEST(TranslateReply, LengthsOfAnySizeAreWritten) {
  for (const std::size_t bytes : {0U, 1U, 20U, 100U, 127U, 128U, 129U, 300U, 5'000U, 20'000U}) {
    domain::Granted granted{.grant_id = texts_of(bytes)};
    granted.content.reason = texts_of(bytes / 2);

    const auto record = test::told(domain::Record(granted), 5);

    EXPECT_EQ(record.grant().grant_id(), granted.grant_id);
    EXPECT_EQ(record.grant().reason(), granted.content.reason);
  }
}

TEST(TranslateReply, AHistoryLeavesOutVenuesThatItsReaderDoesNotCover) {
  const auto at = [](const char* venue, const char* id) {
    return domain::Held{.hold_id = id, .origin = {.venue = domain::VenueId::intern(venue)}};
  };
  const Reply history = HistoryReply{.records = {at("M1", "A"), at("H1", "B"), at("M1", "C")},
                                     .next_before = {.epoch = 1, .sequence = 7},
                                     .shard = 3};
  const auto till = test::till_of_m1();
  v1::ListHistoryReply told;

  ASSERT_EQ(test::tell(history, Method::list_history, told, &till), Outcome::done);

  ASSERT_EQ(told.records_size(), 2);
  EXPECT_EQ(told.records(0).hold().hold_id(), "A");
  EXPECT_EQ(told.records(1).hold().hold_id(), "C");
  EXPECT_FALSE(told.next_page_token().empty());
}

TEST(TranslateReply, WhoChangedAMemberIsToldSo) {
  for (const bool changed_now : {false, true}) {
    const Reply reply = MemberReply{.member = {}, .changed_now = changed_now};
    v1::EnrollReply enrolled;
    v1::LinkIdentityReply linked;
    v1::UnlinkIdentityReply unlinked;

    const auto outcome = changed_now ? Outcome::done : Outcome::replayed;
    EXPECT_EQ(test::tell(reply, Method::enroll, enrolled), outcome);
    EXPECT_EQ(test::tell(reply, Method::link_identity, linked), outcome);
    EXPECT_EQ(test::tell(reply, Method::unlink_identity, unlinked), outcome);
    EXPECT_EQ(enrolled.enrolled_now(), changed_now);
    EXPECT_EQ(linked.linked_now(), changed_now);
    EXPECT_EQ(unlinked.unlinked_now(), changed_now);
  }
}

}  // namespace
}  // namespace wutong

#include "tests/support/test_engine.h"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <thread>
#include <utility>

namespace wutong::testing {
namespace {

/// FNV-1a, spread over all bits; the edge uses a keyed hash.
std::uint64_t hash_of(const std::string& text, std::uint64_t seed) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ seed;
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  }
  hash ^= hash >> 29;
  return (hash * 0xbf58476d1ce4e5b9ULL) ^ (hash >> 32);
}

}  // namespace

void MemorySafekeeping::witness(std::uint32_t shard, const Head& head) {
  const std::lock_guard lock(mutex_);
  last_[shard] = head;
}

std::optional<Head> MemorySafekeeping::witnessed(std::uint32_t shard) const {
  const std::lock_guard lock(mutex_);
  const auto found = remembered_.find(shard);
  return found == remembered_.end() ? std::nullopt : std::optional(found->second);
}

bool MemorySafekeeping::salvage(std::uint32_t, const std::vector<AppendRequest>& lost) {
  const std::lock_guard lock(mutex_);
  salvaged_ += lost.size();
  return true;
}

void MemorySafekeeping::remember(std::uint32_t shard, const Head& head) {
  const std::lock_guard lock(mutex_);
  remembered_[shard] = head;
}

std::size_t MemorySafekeeping::salvaged() const {
  const std::lock_guard lock(mutex_);
  return salvaged_;
}

domain::MemberKey member_key(const std::string& member_id) { return {hash_of(member_id, 1)}; }

domain::RecordKey record_key(const std::string& venue, const std::string& order_id) {
  const auto text = venue + "/" + order_id;
  return {.high = hash_of(text, 2), .low = static_cast<std::uint32_t>(hash_of(text, 3))};
}

domain::IdentityKey identity_key(const std::string& value) {
  return {.high = hash_of(value, 4), .low = hash_of(value, 5)};
}

domain::Checkout checkout_of(const std::string& order_id, std::int64_t minor_units,
                             domain::Instant occurred_at, const std::string& venue) {
  domain::Checkout checkout;
  checkout.key = record_key(venue, order_id);
  checkout.order_id = order_id;
  checkout.origin.venue = domain::VenueId::intern(venue);
  checkout.occurred_at = occurred_at;
  checkout.currency = "CNY";
  checkout.amount = {minor_units};
  if (minor_units > 0) checkout.tenders = {{.kind = "card", .amount = {minor_units}}};
  return checkout;
}

domain::Refund refund_of(const std::string& refund_id, const std::string& order_id,
                         std::int64_t minor_units, domain::Instant occurred_at,
                         const std::string& venue) {
  domain::Refund refund;
  refund.key = record_key(venue + "/refund", refund_id);
  refund.refund_id = refund_id;
  refund.origin.venue = domain::VenueId::intern(venue);
  refund.occurred_at = occurred_at;
  refund.order = record_key(venue, order_id);
  refund.order_venue = refund.origin.venue;
  refund.order_id = order_id;
  refund.scope = domain::RefundOfAmount{.amount = {minor_units}, .excluded = {}};
  return refund;
}

TestEngine::TestEngine(Ledger& ledger, EngineOptions options, Clocks clocks)
    : engine_(Engine::start(
          std::move(options),
          {.ledger = ledger,
           .codec = codec_,
           .safekeeping = safekeeping_,
           .clocks = std::move(clocks),
           .log = [](LogLevel, const std::string& line) { std::clog << line << '\n'; }},
          {.program = std::make_shared<const domain::Program>(program_p0()),
           .policy = std::make_shared<const domain::RiskPolicy>()})) {}

TestEngine::~TestEngine() = default;

bool TestEngine::wait_until_ready(int seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!engine_->ready()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

std::future<Reply> TestEngine::submit(const std::string& member_id, Request request,
                                      domain::Instant received_at, std::int64_t timeout_ms) {
  auto call = std::make_shared<Call>();
  call->member_id = member_id;
  if (!member_id.empty()) call->member = member_key(member_id);
  call->request = std::move(request);
  call->received_at = received_at;
  return submit(std::move(call), timeout_ms);
}

std::future<Reply> TestEngine::submit(domain::IdentityKey identity, Request request,
                                      domain::Instant received_at, std::int64_t timeout_ms) {
  auto call = std::make_shared<Call>();
  call->identity = identity;
  call->request = std::move(request);
  call->received_at = received_at;
  return submit(std::move(call), timeout_ms);
}

std::future<Reply> TestEngine::submit(std::shared_ptr<Call> call, std::int64_t timeout_ms) {
  auto promise = std::make_shared<std::promise<Reply>>();
  auto future = promise->get_future();
  call->deadline = system_clocks().boot_ns() + timeout_ms * 1'000'000;
  call->done = [promise](Reply reply, const CallTimes&) { promise->set_value(std::move(reply)); };
  engine_->submit(std::move(call));
  return future;
}

Reply TestEngine::call(domain::IdentityKey identity, Request request, domain::Instant received_at) {
  return submit(identity, std::move(request), received_at).get();
}

Reply TestEngine::call(const std::string& member_id, Request request, domain::Instant received_at) {
  return submit(member_id, std::move(request), received_at).get();
}

void TestEngine::enroll(const std::string& member_id, domain::Instant at) {
  const auto reply = call(member_id, domain::Enroll{.member_id = member_id}, at);
  EXPECT_TRUE(std::holds_alternative<MemberReply>(reply)) << "variant " << reply.index();
}

void TestEngine::crash() { engine_.reset(); }

bool TestEngine::stop(std::int64_t bound_ms) {
  const bool drained = engine_->stop(bound_ms);
  engine_.reset();
  return drained;
}

}  // namespace wutong::testing

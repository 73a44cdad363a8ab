#include "load/measure/shard_turn.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <thread>
#include <utility>

namespace wutong::bench {
namespace {

constexpr std::int64_t never_ms = 3'600'000;
constexpr std::uint32_t turns_of_enrollment = 128;

domain::Instant now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

}  // namespace

ShardTurn::ShardTurn(Rules rules)
    : ledger_({.id = "bench",
               .shards = 1,
               .hash_key = std::string(16, 'h'),
               .identity_key = std::string(32, 'i')}),
      keys_(ledger_.info().hash_key, ledger_.info().identity_key),
      venue_(domain::VenueId::intern("mall-riverside")),
      engine_(Engine::start({.node_boot = "bench/1",
                             .threads = 1,
                             .tail_bytes_max = std::numeric_limits<std::int64_t>::max() / 4,
                             .flush_interval_ms = never_ms,
                             .sweep_keys_per_second = 0},
                            {.ledger = ledger_,
                             .codec = codec_,
                             .safekeeping = safekeeping_,
                             .clocks = system_clocks(),
                             .log = [](LogLevel, const std::string&) {}},
                            std::move(rules))) {
  while (!engine_->ready()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (std::uint32_t number = 0; number < turns_of_enrollment * calls; ++number) {
    members_.push_back("member-" + std::to_string(number));
  }
  for (std::uint32_t turn = 0; turn < turns_of_enrollment; ++turn) {
    ask([](const std::string& member) { return domain::Enroll{.member_id = member}; });
  }
}

ShardTurn::~ShardTurn() { engine_->stop(60'000); }

template <typename RequestOf>
void ShardTurn::ask(RequestOf request_of) {
  unanswered_.store(calls);
  std::vector<std::shared_ptr<Call>> batch;
  for (std::uint32_t i = 0; i < calls; ++i) {
    const std::string& member = members_[next_++ % members_.size()];
    auto call = std::make_shared<Call>();
    call->member_id = member;
    call->member = keys_.member(member);
    call->request = request_of(member);
    call->received_at = now();
    call->deadline = std::numeric_limits<std::int64_t>::max() / 2;
    call->done = [this](const Reply& reply, const CallTimes&) {
      if (std::holds_alternative<RefusedReply>(reply) ||
          std::holds_alternative<FailedReply>(reply)) {
        failed_.fetch_add(1);
      }
      if (unanswered_.fetch_sub(1) == 1) unanswered_.notify_one();
    };
    batch.push_back(std::move(call));
  }
  engine_->submit_all(std::move(batch));
  while (const auto left = unanswered_.load()) unanswered_.wait(left);
  if (failed_.load() == 0) return;
  std::fprintf(stderr, "wutong-micro-bench: a checkout is not done\n");
  std::exit(2);
}

void ShardTurn::run() {
  ask([this](const std::string&) {
    domain::Checkout made;
    made.order_id = "T01-" + std::to_string(++orders_);
    made.key = keys_.order(venue_.text(), made.order_id);
    made.origin = {.venue = venue_, .terminal = "T01", .channel = domain::Channel::till};
    made.occurred_at = now();
    made.currency = "CNY";
    made.amount = {88'00};
    made.tenders.push_back({.kind = "card", .amount = made.amount});
    return made;
  });
}

}  // namespace wutong::bench

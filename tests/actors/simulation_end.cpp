#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "persistence/audit.h"
#include "tests/actors/simulation.h"

// After the bad days: everything works again, and nothing was lost.

namespace wutong::testing {
namespace {

constexpr std::int64_t ms = 1'000'000;

}  // namespace

std::string Simulation::standing() {
  std::string text;
  for (const auto node : live_nodes()) {
    absl::StrAppend(&text, "; node ", node, ":");
    for (std::uint32_t shard = 0; shard < ledger_.info().shards; ++shard) {
      const auto& stats = live(node)->stats(shard);
      absl::StrAppend(&text, " shard ", shard, " state ", stats.state.load(), " dirty ",
                      stats.members_dirty.load(), " queued ", stats.calls_queued.load(), " claims ",
                      stats.claims_waiting.load());
    }
  }
  return absl::StrCat(text, "; unanswered: ", calls_.unanswered_text());
}

template <typename Done>
bool Simulation::settle(const char* what, std::int64_t bound_ms, Done done) {
  const auto until = now_ns_ + bound_ms * ms;
  while (!failed()) {
    while (run_a_job() || deliver()) {
      if (failed()) return false;
    }
    look_after_tear();
    if (done()) return true;
    if (now_ns_ > until) {
      calls_.complain(absl::StrCat("not within ", bound_ms, " ms: ", what, standing()));
      return false;
    }
    advance(5 * ms);
  }
  return false;
}

void Simulation::heal() {
  plan_.rates = {};
  for (const auto& gateway : gateways_) {
    gateway->connections().heal();
    gateway->paused = false;
  }
  if (live(0) != nullptr && live(1) != nullptr) {
    if (draw(2) == 0) {
      crash(1);
    } else {
      live(1)->stop(false);
      live(1)->stop(true);
    }
    start_at_ns_[1] = 0;
  }
  if (live(0) == nullptr && live(1) == nullptr) start(0);
  std::fill(std::begin(start_at_ns_), std::end(start_at_ns_), 0);
  const auto all_is_well = [&] {
    const bool owned =
        std::ranges::any_of(live_nodes(), [&](auto node) { return live(node)->owns_all(); });
    return owned && calls_.unanswered() == 0 && tears_.empty();
  };
  if (!settle("all shards are owned and every call is answered", 8'000, all_is_well)) return;
  // What a gateway that has gone sent last may have arrived since: that takes a while to be noticed.
  const auto later = now_ns_ + 1'000 * ms;
  if (!settle("time passes", 2'000, [&] { return now_ns_ > later; })) return;
  if (!settle("all shards are owned again", 8'000, all_is_well)) return;
  for (const auto node : live_nodes()) {
    if (!live(node)->owns_all()) crash(node);
  }
  std::fill(std::begin(start_at_ns_), std::end(start_at_ns_), 0);
}

void Simulation::audit(const char* when, bool drained) {
  if (!tears_.empty()) return;
  const auto report = persistence::audit(ledger_, codec_);
  if (!report) return calls_.complain("the audit got no answer");
  if (report->broken) {
    return calls_.complain(absl::StrCat(
        "audit ", when, ", shard ", report->broken->shard, ", ", report->broken->position.epoch,
        "-", report->broken->position.sequence, ": ", report->broken->what));
  }
  ++happened_["audit"];
  if (!drained) return;
  if (report->in_flight != 0)
    calls_.complain("a drained gateway leaves orders that are not settled");
  for (const auto& shard : report->shards) {
    if (shard.mark.position != shard.head.position) {
      calls_.complain("a drained gateway leaves a tail" + standing());
    }
  }
}

void Simulation::stop_in_order(SimulatedGateway& gateway) {
  gateway.stop(false);
  if (!settle("a stop drains", 5'000, [&] { return gateway.drained(); })) return;
  audit("after a stop", true);
  gateway.stop(true);
  settle("all shards end", 1'000, [&] {
    for (std::uint32_t shard = 0; shard < ledger_.info().shards; ++shard) {
      if (gateway.stats(shard).state != 4) return false;
    }
    return true;
  });
  calls_.check_at_end(true);
}

void Simulation::end_first_life() {
  const auto node = live_nodes().front();
  if (draw(2) == 0) {
    stop_in_order(*live(node));
  } else {
    audit("before a crash", false);
    calls_.check_at_end(false);
  }
  crash(node);
  std::fill(std::begin(start_at_ns_), std::end(start_at_ns_), 0);
}

void Simulation::restart_and_ask() {
  start(0);
  auto& gateway = *current_[0];
  if (!settle("a restart owns all", 8'000, [&] { return gateway.owns_all(); })) return;
  calls_.all_is_well();
  for (const auto& question : calls_.questions_after_restart()) {
    int tries = 0;
    do {
      if (++tries > 20) {
        calls_.complain("no room for: " + text_of(question.member_id, question.request));
      }
      gateway.submit(calls_.ask(question, now(), now_ns_ + 5'000 * ms));
      if (!settle("an answer", 6'000, [&] { return calls_.unanswered() == 0; })) return;
    } while (calls_.was_exhausted() && !failed());
  }
  audit("after a restart", false);
  if (!failed()) stop_in_order(gateway);
}

}  // namespace wutong::testing

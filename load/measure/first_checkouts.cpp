#include <absl/strings/str_cat.h>
#include <grpcpp/grpcpp.h>
#include <wutong/v1/points.grpc.pb.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "load/flags.h"
#include "load/json.h"
#include "load/plain_checkout.h"
#include "load/rules_file.h"

// How soon a gateway that has just been started serves: asks for checkouts of members all over the ledger,
// again and again, until one on every shard was answered, and says when that was.

namespace wutong::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds pause_before_retry{1};

struct Flags {
  load::CommonFlags common;
  std::string program_file;
  std::uint32_t members = 1'000'000;
  std::string member_prefix = "member-";
  /// So many that not one shard has none of them: of 16 shards one has none once in a million times.
  std::uint32_t asked = 256;
  std::uint32_t shards = 16;
  std::uint64_t seed = 1;
  std::uint32_t patience_s = 300;
};

/// One checkout, until it is answered.
struct Asked {
  v1::CheckoutRequest request;
  v1::CheckoutReply reply;
  grpc::Status status;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::CheckoutReply>> reader;
  Clock::time_point again_at;
  bool under_way = false;
  bool answered = false;
};

class Probe {
 public:
  Probe(const Flags& flags, const load::CallOptions& calls, const load::Rules& rules)
      : flags_(flags),
        calls_(calls),
        stub_(v1::Points::NewStub(load::open_channel(calls.target))),
        asked_(std::min(flags.asked, flags.members)) {
    load::PlainCheckouts checkouts(rules, flags.member_prefix, 1,
                                   absl::StrCat("first-", flags.seed, "-"), flags.seed);
    for (std::size_t index = 0; index < asked_.size(); ++index) {
      const auto number = static_cast<std::uint32_t>(index * flags.members / asked_.size());
      auto& request = asked_[index].request;
      checkouts.make(request);
      request.mutable_member()->set_id(
          load::PlainCheckouts::member_id(flags.member_prefix, number));
    }
  }

  /// When the last shard answered its first; nothing if that has not happened in time.
  std::optional<Clock::time_point> every_shard_answers() {
    const auto until = Clock::now() + std::chrono::seconds(flags_.patience_s);
    std::optional<Clock::time_point> all;
    while (!all && Clock::now() < until) {
      send_what_is_due();
      void* tag = nullptr;
      bool ok = false;
      const auto deadline = std::chrono::system_clock::now() + pause_before_retry;
      if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) continue;
      on_answer(*static_cast<Asked*>(tag));
      if (shards_.size() == flags_.shards) all = Clock::now();
    }
    end();
    return all;
  }

  [[nodiscard]] std::size_t shards() const { return shards_.size(); }
  /// What was answered last that was no receipt.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void send_what_is_due() {
    const auto now = Clock::now();
    for (auto& asked : asked_) {
      if (asked.under_way || asked.answered || now < asked.again_at) continue;
      asked.context = std::make_unique<grpc::ClientContext>();
      asked.context->AddMetadata("authorization", "Bearer " + calls_.token);
      asked.context->set_wait_for_ready(true);
      asked.context->set_deadline(std::chrono::system_clock::now() + calls_.timeout);
      asked.reader = stub_->AsyncCheckout(asked.context.get(), asked.request, &queue_);
      asked.reader->Finish(&asked.reply, &asked.status, &asked);
      asked.under_way = true;
    }
  }

  void on_answer(Asked& asked) {
    asked.under_way = false;
    if (asked.status.ok() && asked.reply.has_receipt()) {
      asked.answered = true;
      shards_.insert(asked.reply.receipt().record().position().shard());
      return;
    }
    trouble_ = asked.status.ok() ? asked.reply.ShortDebugString() : asked.status.error_message();
    asked.again_at = Clock::now() + pause_before_retry;
  }

  /// gRPC lets go of every call before the queue ends.
  void end() {
    for (auto& asked : asked_) {
      if (asked.under_way) asked.context->TryCancel();
    }
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  const Flags& flags_;
  const load::CallOptions& calls_;
  std::unique_ptr<v1::Points::Stub> stub_;
  grpc::CompletionQueue queue_;
  std::vector<Asked> asked_;
  std::set<std::uint32_t> shards_;
  std::string trouble_;
};

int run(const Flags& flags) {
  const auto calls = load::call_options(flags.common);
  const auto rules = load::rules_of_file(flags.program_file);
  if (!calls || !rules || rules->venues.empty()) {
    std::fprintf(stderr, "wutong-first-checkouts: %s\n",
                 !calls   ? calls.error().c_str()
                 : !rules ? rules.error().c_str()
                          : "a program without venues");
    return load::exit_usage;
  }
  Probe probe(flags, *calls, *rules);
  const auto all = probe.every_shard_answers();
  if (!all) {
    std::fprintf(stderr, "wutong-first-checkouts: only %zu of %u shards answered; %s\n",
                 probe.shards(), flags.shards, probe.trouble().c_str());
    return load::exit_unfinished;
  }
  const auto at = std::chrono::duration_cast<std::chrono::nanoseconds>(all->time_since_epoch());
  load::JsonWriter json;
  // On the clock that goes on from the machine's start, which is the same for whoever started the gateway.
  json.number("answered_at_monotonic_ns", at.count());
  std::ofstream(flags.common.json_file) << json.finish();
  return load::exit_ok;
}

}  // namespace
}  // namespace wutong::bench

int main(int argc, char** argv) {
  CLI::App app("Asks a gateway that starts until a checkout on every shard is answered.",
               "wutong-first-checkouts");
  wutong::bench::Flags flags;
  app.add_option("--target", flags.common.target, "host:port of the gateway; loopback only")
      ->required();
  app.add_option("--token-file", flags.common.token_file, "file whose first line is the token")
      ->required();
  app.add_option("--program", flags.program_file, "the program that the gateway serves")
      ->required();
  app.add_option("--members", flags.members, "that are enrolled")
      ->capture_default_str()
      ->check(CLI::Range(1U, 100'000'000U));
  app.add_option("--member-prefix", flags.member_prefix)->capture_default_str();
  app.add_option("--shards", flags.shards, "of the ledger")->capture_default_str();
  app.add_option("--seed", flags.seed, "of the order ids: another for each run")
      ->capture_default_str();
  app.add_option("--patience-s", flags.patience_s)->capture_default_str();
  app.add_option("--json", flags.common.json_file, "where the instant is written")->required();
  CLI11_PARSE(app, argc, argv);
  return wutong::bench::run(flags);
}

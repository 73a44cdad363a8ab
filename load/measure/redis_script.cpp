#include <hiredis/hiredis.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "load/histogram.h"
#include "load/json.h"
#include "load/random.h"

// The checkout as a script in Redis, sent as fast as it is answered: a number of connections, each with a
// number of checkouts under way. Every answer is looked at, and after the end some orders are sent again,
// which must be answered with the same receipt.

namespace wutong::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Flags {
  std::string socket;
  std::string script_file;
  std::string prefix;
  std::uint32_t members = 100'000;
  std::uint32_t connections = 4;
  std::uint32_t depth = 64;
  std::uint32_t seconds = 5;
  std::uint32_t warm_up_s = 1;
  std::uint64_t seed = 1;
  std::string json_file;
};

struct Freed {
  void operator()(redisContext* context) const { redisFree(context); }
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, Freed>;
using Reply = std::unique_ptr<redisReply, Freed>;
using Words = std::vector<std::string>;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

Context checked(redisContext* made) {
  Context context(made);
  if (context == nullptr || context->err != 0) {
    fail(std::string("Redis: ") + (context == nullptr ? "no memory" : context->errstr));
  }
  return context;
}

void append(redisContext& context, const Words& words) {
  std::array<const char*, 16> texts{};
  std::array<std::size_t, 16> sizes{};
  if (words.size() > texts.size()) fail("a command of too many words");
  for (std::size_t index = 0; index < words.size(); ++index) {
    texts[index] = words[index].data();
    sizes[index] = words[index].size();
  }
  if (redisAppendCommandArgv(&context, static_cast<int>(words.size()), texts.data(),
                             sizes.data()) != REDIS_OK) {
    fail(std::string("Redis: ") + context.errstr);
  }
}

std::string_view text_of(const redisReply& reply) { return {reply.str, reply.len}; }

/// Asks and waits.
Reply ask(redisContext& context, const Words& words) {
  append(context, words);
  void* reply = nullptr;
  if (redisGetReply(&context, &reply) != REDIS_OK) fail(std::string("Redis: ") + context.errstr);
  Reply owned(static_cast<redisReply*>(reply));
  if (owned->type == REDIS_REPLY_ERROR) fail("Redis: " + std::string(text_of(*owned)));
  return owned;
}

/// Checkouts of 88.00, now, by members who are each as likely as another: what `wutong-load flood` sends. The
/// bounds of the limits are beyond what is sent, as there.
class Checkouts {
 public:
  Checkouts(const Flags& flags, std::string script)
      : prefix_(flags.prefix), members_(flags.members), random_(flags.seed) {
    words_ = {
        "EVALSHA", std::move(script), "3",      "", "", prefix_ + "events", "", "8800", "0", "", "",
        last_day_, "1000000000000",   "1000000"};
    orders_ = prefix_ + "o:M1:" + std::to_string(flags.seed) + "-";
  }

  const Words& next() {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    const auto number = std::to_string(random_.below(members_));
    const auto at = std::to_string(now);
    words_[3] = orders_ + std::to_string(made_++);
    words_[4] = prefix_ + "m:" + number;
    words_[6] = number + " " + at + " 8800 0";
    words_[9] = at;
    words_[10] = std::to_string(now / ms_of_day);
    return words_;
  }

 private:
  static constexpr std::int64_t ms_of_day = 86'400'000;
  /// The day that points of today are last used on is the same for all: a later one than any run's.
  static constexpr const char* last_day_ = "40000";

  const std::string prefix_;
  const std::uint32_t members_;
  load::Random random_;
  std::string orders_;
  Words words_;
  std::uint64_t made_ = 0;
};

/// An order that is sent again when all is over, and what it was answered with.
struct Sample {
  Words words;
  std::string receipt;
};

constexpr std::string_view new_receipt = "new ";
constexpr std::string_view known_receipt = "known ";
constexpr std::uint64_t sampled_every = 499;

class Run {
 public:
  Run(const Flags& flags, std::string script)
      : flags_(flags), checkouts_(flags, std::move(script)) {
    for (std::uint32_t number = 0; number < flags.connections; ++number) {
      auto& added = connections_.emplace_back();
      added.context = checked(redisConnectUnixNonBlock(flags.socket.c_str()));
      polled_.push_back({.fd = added.context->fd, .events = POLLIN, .revents = 0});
    }
  }

  void to_end() {
    const auto begin = Clock::now();
    counted_from_ = begin + std::chrono::seconds(flags_.warm_up_s);
    until_ = counted_from_ + std::chrono::seconds(flags_.seconds);
    for (std::size_t index = 0; index < connections_.size(); ++index) refill(index);
    while (under_way_ > 0) {
      if (Clock::now() > until_ + patience) fail("Redis does not answer");
      if (poll(polled_.data(), polled_.size(), 1'000) < 0 && errno != EINTR) fail("poll");
      for (std::size_t index = 0; index < connections_.size(); ++index) {
        if ((polled_[index].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read(connections_[index]);
        if (polled_[index].revents != 0) refill(index);
      }
    }
  }

  [[nodiscard]] const load::Histogram& latency() const { return latency_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  [[nodiscard]] const std::string& example() const { return example_; }
  [[nodiscard]] const std::vector<Sample>& samples() const { return samples_; }

 private:
  static constexpr std::chrono::seconds patience{30};

  struct Sent {
    Clock::time_point at;
    std::unique_ptr<Words> sample;
  };
  struct Connection {
    Context context;
    std::deque<Sent> under_way;
  };

  /// All that may be sent, in one write if the socket takes it.
  void refill(std::size_t index) {
    auto& connection = connections_[index];
    const auto now = Clock::now();
    while (now < until_ && connection.under_way.size() < flags_.depth) {
      const auto& words = checkouts_.next();
      append(*connection.context, words);
      const bool sampled = ++sent_ % sampled_every == 0;
      connection.under_way.push_back(
          {.at = now, .sample = sampled ? std::make_unique<Words>(words) : nullptr});
      ++under_way_;
    }
    int all = 0;
    if (redisBufferWrite(connection.context.get(), &all) != REDIS_OK) broken(connection);
    polled_[index].events = static_cast<short>(all == 1 ? POLLIN : POLLIN | POLLOUT);
  }

  void read(Connection& connection) {
    if (redisBufferRead(connection.context.get()) != REDIS_OK) broken(connection);
    const auto now = Clock::now();
    while (true) {
      void* reply = nullptr;
      if (redisGetReplyFromReader(connection.context.get(), &reply) != REDIS_OK) broken(connection);
      if (reply == nullptr) return;
      answered(*Reply(static_cast<redisReply*>(reply)), connection.under_way.front(), now);
      connection.under_way.pop_front();
      --under_way_;
    }
  }

  void answered(const redisReply& reply, Sent& sent, Clock::time_point now) {
    const auto text = reply.str == nullptr ? std::string_view() : text_of(reply);
    if (!text.starts_with("new done 8 0 ")) {
      ++failed_;
      if (example_.empty()) example_ = text;
      return;
    }
    ++accepted_;
    if (sent.sample != nullptr) {
      samples_.push_back({std::move(*sent.sample), std::string(text.substr(new_receipt.size()))});
    }
    if (now < counted_from_ || now >= until_) return;
    latency_.record(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - sent.at).count()));
  }

  [[noreturn]] static void broken(const Connection& connection) {
    fail(std::string("Redis: ") + connection.context->errstr);
  }

  const Flags& flags_;
  Checkouts checkouts_;
  std::vector<Connection> connections_;
  std::vector<pollfd> polled_;
  Clock::time_point counted_from_;
  Clock::time_point until_;
  load::Histogram latency_;
  std::uint64_t sent_ = 0;
  std::uint64_t under_way_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t failed_ = 0;
  std::string example_;
  std::vector<Sample> samples_;
};

/// What is wrong with the answers as a whole, or an empty text.
std::string trouble(redisContext& context, const Run& run, std::int64_t events) {
  if (run.failed() > 0) {
    return std::to_string(run.failed()) + " answers are wrong, as this: " + run.example();
  }
  if (events != static_cast<std::int64_t>(run.accepted())) {
    return std::to_string(run.accepted()) + " orders, but " + std::to_string(events) + " events";
  }
  for (const auto& sample : run.samples()) {
    const auto again = ask(context, sample.words);
    if (text_of(*again) != std::string(known_receipt) + sample.receipt) {
      return "an order sent again is answered " + std::string(text_of(*again)) + " and not " +
             sample.receipt;
    }
  }
  return {};
}

int measure(const Flags& flags) {
  std::ifstream in(flags.script_file, std::ios::binary);
  const std::string source{std::istreambuf_iterator<char>(in), {}};
  if (!in || source.empty()) fail(flags.script_file + " cannot be read");
  const auto context = checked(redisConnectUnix(flags.socket.c_str()));
  const std::string script{text_of(*ask(*context, {"SCRIPT", "LOAD", source}))};
  const Words count_events = {"XLEN", flags.prefix + "events"};
  const auto events_before = ask(*context, count_events)->integer;

  Run run(flags, script);
  run.to_end();

  const auto wrong = trouble(*context, run, ask(*context, count_events)->integer - events_before);
  const auto ms = [&](double share) {
    return static_cast<double>(run.latency().quantile(share)) / 1e3;
  };
  const double rate = static_cast<double>(run.latency().count()) / flags.seconds;
  std::printf("%.0f checkouts a second: p50 %.2f ms, p99 %.2f ms; %zu sent again\n", rate, ms(0.5),
              ms(0.99), run.samples().size());
  if (!wrong.empty()) std::fprintf(stderr, "wutong-redis-script: %s\n", wrong.c_str());
  if (!flags.json_file.empty()) {
    load::JsonWriter json;
    json.truth("ok", wrong.empty());
    json.number("checkouts", static_cast<std::int64_t>(run.latency().count()));
    json.real("checkouts_per_s", rate);
    json.real("p50_ms", ms(0.5));
    json.real("p99_ms", ms(0.99));
    json.number("sent_again", static_cast<std::int64_t>(run.samples().size()));
    std::ofstream(flags.json_file) << json.finish();
  }
  return wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace wutong::bench

int main(int argc, char** argv) {
  CLI::App app("Sends the checkout as a script to a Redis, as fast as it is answered.",
               "wutong-redis-script");
  wutong::bench::Flags flags;
  app.add_option("--socket", flags.socket, "Unix socket of the Redis")->required();
  app.add_option("--script", flags.script_file, "a checkout of load/measure/scripts/")->required();
  app.add_option("--prefix", flags.prefix, "what all keys begin with");
  app.add_option("--members", flags.members)
      ->capture_default_str()
      ->check(CLI::Range(1U, 100'000'000U));
  app.add_option("--connections", flags.connections)
      ->capture_default_str()
      ->check(CLI::Range(1U, 1'000U));
  app.add_option("--depth", flags.depth, "checkouts under way on each connection")
      ->capture_default_str()
      ->check(CLI::Range(1U, 10'000U));
  app.add_option("--seconds", flags.seconds)->capture_default_str()->check(CLI::Range(1U, 3'600U));
  app.add_option("--warm-up-s", flags.warm_up_s, "sent before, and not counted")
      ->capture_default_str();
  app.add_option("--seed", flags.seed, "of who buys, and of the order ids: another for each run")
      ->capture_default_str();
  app.add_option("--json", flags.json_file, "write the figures there too");
  CLI11_PARSE(app, argc, argv);
  try {
    return wutong::bench::measure(flags);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wutong-redis-script: %s\n", error.what());
    return 2;
  }
}

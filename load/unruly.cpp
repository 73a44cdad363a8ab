#include "load/unruly.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <vector>

#include "load/arrivals.h"
#include "load/json.h"
#include "load/progress.h"
#include "load/report.h"
#include "load/rules_file.h"
#include "load/unruly_clients.h"

namespace wutong::load {
namespace {

using Clock = std::chrono::steady_clock;

/// Something that is done so often a second.
struct Habit {
  Arrivals arrivals;
  std::function<void()> act;
  std::chrono::nanoseconds next = arrivals.next();
};

std::vector<Habit> habits_of(const UnrulyFlags& flags, UnrulyClients& clients) {
  std::vector<Habit> habits;
  const auto add = [&](std::uint32_t per_second, std::function<void()> act) {
    if (per_second == 0) return;
    habits.push_back(
        {.arrivals = Arrivals(per_second, Spacing::poisson, seed_of(flags.seed, 2 + habits.size())),
         .act = std::move(act)});
  };
  add(flags.calls_per_s, [&] { clients.call(); });
  add(flags.reconnects_per_s, [&] { clients.reconnect(); });
  add(flags.broken_streams_per_s, [&] { clients.break_a_stream(); });
  return habits;
}

/// A few at a time, so that none waits so long that it is given up and tried again.
bool connect_all(const UnrulyFlags& flags, UnrulyClients& clients) {
  constexpr std::uint32_t at_a_time = 20;
  const auto patience = Clock::now() + std::chrono::seconds(60);
  for (std::uint32_t made = 0; made < flags.connections;) {
    const std::uint32_t more = std::min(flags.connections - made, at_a_time);
    for (std::uint32_t i = 0; i < more; ++i) clients.connect();
    made += more;
    while (clients.connected() < made) {
      if (interrupted() || Clock::now() >= patience) return false;
      clients.wait(std::chrono::system_clock::now() + std::chrono::milliseconds(1));
    }
  }
  return true;
}

void run_habits(std::vector<Habit>& habits, Clock::duration length, UnrulyClients& clients) {
  const auto begin = Clock::now();
  for (auto now = begin; now - begin < length && !interrupted(); now = Clock::now()) {
    auto next = length;
    for (Habit& habit : habits) {
      if (habit.next <= now - begin) {
        habit.act();
        habit.next = habit.arrivals.next();
      }
      next = std::min<Clock::duration>(next, habit.next);
    }
    const auto left = std::max(Clock::duration::zero(), next - (Clock::now() - begin));
    clients.wait(std::chrono::system_clock::now() + left);
  }
}

std::string json_of(const UnrulyClients::Counts& counts, bool ok) {
  JsonWriter json;
  json.text("command", "unruly");
  json.truth("ok", ok);
  const auto number = [&](const char* name, std::uint64_t count) {
    json.number(name, static_cast<std::int64_t>(count));
  };
  number("connections_opened", counts.connections_opened);
  number("calls", counts.calls);
  number("calls_answered", counts.calls_answered);
  number("streams_broken", counts.streams_broken);
  number("slow_sent", counts.slow_sent);
  number("slow_read", counts.slow_read);
  number("slow_ended", counts.slow_ended);
  return json.finish();
}

}  // namespace

int run_unruly(const UnrulyFlags& flags) {
  const auto calls = call_options(flags.common);
  const auto rules = rules_with_venue(flags.program_file);
  if (!calls || !rules) {
    absl::FPrintF(stderr, "wutong-load: %s\n", !calls ? calls.error() : rules.error());
    return exit_usage;
  }
  PlainCheckouts checkouts(*rules, flags.member_prefix, flags.members,
                           absl::StrCat("unruly-", flags.seed, "-"), flags.seed);
  UnrulyClients clients({.target = calls->target,
                         .token = calls->token,
                         .timeout = calls->timeout,
                         .batch = flags.batch,
                         .read_every = std::chrono::milliseconds(flags.read_every_ms)},
                        checkouts);
  if (!connect_all(flags, clients)) {
    absl::FPrintF(stderr, "wutong-load: only %d connections could be made\n", clients.connected());
    return interrupted() ? exit_interrupted : exit_unfinished;
  }
  for (std::uint32_t i = 0; i < flags.slow_readers; ++i) clients.read_slowly();

  auto habits = habits_of(flags, clients);
  run_habits(habits, std::chrono::seconds(flags.seconds), clients);

  const auto& counts = clients.counts();
  const bool heard = counts.calls_answered + counts.slow_read > 0;
  const int code = interrupted() ? exit_interrupted : heard ? exit_ok : exit_unfinished;
  absl::PrintF(
      "%d connections opened; %d of %d calls answered; %d streams broken off; slow readers sent %d "
      "and read "
      "%d, %d of their streams ended\n",
      counts.connections_opened, counts.calls_answered, counts.calls, counts.streams_broken,
      counts.slow_sent, counts.slow_read, counts.slow_ended);
  std::fflush(stdout);
  if (const auto written = write_file(flags.common.json_file, json_of(counts, code == exit_ok));
      !written) {
    absl::FPrintF(stderr, "wutong-load: %s\n", written.error());
    return code == exit_ok ? exit_usage : code;
  }
  return code;
}

}  // namespace wutong::load

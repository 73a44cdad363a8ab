#include "load/command_line.h"

#include <CLI/CLI.hpp>

namespace wutong::load {
namespace {

void add_common_flags(CLI::App& app, CommonFlags& flags) {
  app.add_option("--target", flags.target, "host:port of the gateway; loopback only")
      ->capture_default_str();
  app.add_option("--token", flags.token, "bearer token; it must cover all venues and methods used");
  app.add_option("--token-file", flags.token_file, "file whose first line is the token")
      ->excludes("--token");
  app.add_option("--channels", flags.channels, "connections")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000));
  app.add_option("--outstanding", flags.outstanding,
                 "calls under way on each connection; of a day, at its peak")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  app.add_option("--timeout-ms", flags.timeout_ms, "deadline of one attempt")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
  app.add_option("--give-up-after-s", flags.give_up_after_s,
                 "how long a request is tried again, the same each time, while the gateway answers "
                 "UNAVAILABLE, DEADLINE_EXCEEDED or RESOURCE_EXHAUSTED")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400));
  app.add_option("--json", flags.json_file, "write the summary there too");
}

void add_buyer_flags(CLI::App& app, std::uint32_t& members, std::string& member_prefix,
                     std::uint64_t& seed) {
  app.add_option("--members", members, "members who buy; they must be enrolled")
      ->capture_default_str()
      ->check(CLI::Range(1U, 100'000'000U));
  app.add_option("--member-prefix", member_prefix, "what their ids are before six digits")
      ->capture_default_str();
  app.add_option("--seed", seed, "of who buys, and of the order ids: another for each run")
      ->capture_default_str();
}

void add_page_flags(CLI::App& app, std::uint32_t& interval_ms, std::string& html_file) {
  app.add_option("--interval-ms", interval_ms, "of the figures over time")
      ->capture_default_str()
      ->check(CLI::Range(10U, 3'600'000U));
  app.add_option("--html", html_file,
                 "write a report with plots there, one file that needs no other");
}

void add_traffic_flags(CLI::App& app, TrafficFlags& flags) {
  app.add_option("--program", flags.program_file, "the program that the gateway serves")
      ->required();
  app.add_option("--batch", flags.batch,
                 "requests of a batch, on one stream a connection. 0: each is a call of its own")
      ->capture_default_str()
      ->check(CLI::Range(0U, 1'024U));
  app.add_option("--batch-wait-ms", flags.batch_wait_ms,
                 "a batch that is not full goes out when its first request was due so long ago")
      ->capture_default_str()
      ->check(CLI::Range(0U, 10'000U));
  app.add_flag("--poisson", flags.poisson,
               "arrivals by chance, as of people who know nothing of each other, instead of evenly "
               "spaced ones");
  app.add_option("--refunds", flags.refunds_percent, "refunds in a hundred requests")
      ->capture_default_str()
      ->check(CLI::Range(0U, 50U));
  app.add_flag("--enroll", flags.enroll, "enroll the members first");
  add_page_flags(app, flags.interval_ms, flags.html_file);
  add_buyer_flags(app, flags.members, flags.member_prefix, flags.seed);
  add_common_flags(app, flags.common);
}

}  // namespace

void add_day_flags(CLI::App& app, DayFlags& flags) {
  app.add_option(
         "--program", flags.program_file,
         "the program that the gateway serves (protobuf JSON): its venues, stores and rules")
      ->required();
  app.add_option(
         "--day", flags.plan.day,
         "number of the day: its order ids, its chance and its date on the printed receipts "
         "are its own; what the rules go by is the real time")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1'000'000U));
  app.add_option("--seed", flags.plan.seed, "what the day is made from")->capture_default_str();
  app.add_option("--orders", flags.plan.orders, "orders of the day")
      ->capture_default_str()
      ->check(CLI::Range(1U, 100'000'000U));
  app.add_option("--members", flags.members,
                 "members who buy (default: 50000, or a quarter of the orders where that is less)")
      ->check(CLI::Range(1U, 100'000'000U));
  app.add_option("--skew", flags.plan.skew,
                 "exponent of the Zipf law by which members buy; 0 is all alike")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3.0));
  app.add_option("--acked", flags.acked_file,
                 "write every acknowledged receipt there, for `wutong-load verify`");
  add_common_flags(app, flags.common);
}

void add_verify_flags(CLI::App& app, VerifyFlags& flags) {
  app.add_option("--acked", flags.acked_file, "file of acknowledged receipts")->required();
  add_common_flags(app, flags.common);
}

void add_steady_flags(CLI::App& app, SteadyFlags& flags) {
  app.add_option("--rate", flags.rate, "requests a second")
      ->capture_default_str()
      ->check(CLI::Range(1U, 100'000U));
  app.add_option("--seconds", flags.seconds, "how long they are timed")
      ->capture_default_str()
      ->check(CLI::Range(1U, 86'400U));
  app.add_option("--warm-up-s", flags.warm_up_s, "how long they are sent before")
      ->capture_default_str()
      ->check(CLI::Range(0U, 86'400U));
  app.add_flag("--may-turn-away", flags.may_turn_away, "RESOURCE_EXHAUSTED is no failure");
  add_traffic_flags(app, flags.traffic);
}

void add_ramp_flags(CLI::App& app, RampFlags& flags) {
  app.add_option("--from", flags.search.from, "requests a second to begin with")
      ->capture_default_str()
      ->check(CLI::Range(1U, 100'000U));
  app.add_option("--to", flags.search.to, "requests a second to end with, if nothing breaks before")
      ->capture_default_str()
      ->check(CLI::Range(1U, 100'000U));
  app.add_option("--raise-percent", flags.search.raise_percent, "from one rate to the next")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1'000U));
  app.add_option("--precision-percent", flags.search.precision_percent,
                 "the knee is found when a rate that is so much higher breaks")
      ->capture_default_str()
      ->check(CLI::Range(1U, 100U));
  app.add_option("--tries", flags.search.tries, "a rate breaks if it breaks so often in a row")
      ->capture_default_str()
      ->check(CLI::Range(1U, 100U));
  app.add_option("--p99-bound-ms", flags.p99_bound_ms, "a rate holds if p99 is at most this")
      ->capture_default_str()
      ->check(CLI::Range(1U, 60'000U));
  app.add_option("--step-s", flags.step_s, "how long a rate is timed")
      ->capture_default_str()
      ->check(CLI::Range(1U, 3'600U));
  app.add_option("--warm-up-s", flags.warm_up_s, "how long a rate is sent before")
      ->capture_default_str()
      ->check(CLI::Range(0U, 3'600U));
  add_traffic_flags(app, flags.traffic);
}

void add_flood_flags(CLI::App& app, FloodFlags& flags) {
  app.add_option("--program", flags.program_file, "the program that the gateway serves")
      ->required();
  app.add_option("--seconds", flags.seconds, "how long they are counted")
      ->capture_default_str()
      ->check(CLI::Range(1U, 86'400U));
  app.add_option("--warm-up-s", flags.warm_up_s, "how long they are sent before")
      ->capture_default_str()
      ->check(CLI::Range(0U, 86'400U));
  app.add_option("--batch", flags.batch,
                 "checkouts of a batch, on one stream a connection; `--outstanding` counts batches "
                 "then. 0: each is a call of its own")
      ->capture_default_str()
      ->check(CLI::Range(0U, 1'024U));
  app.add_option("--save-reply", flags.reply_file,
                 "write the first reply there as it is on the wire, for wutong-echo");
  app.add_flag("--enroll", flags.enroll, "enroll the members first");
  app.add_option("--checkouts", flags.checkouts,
                 "end when so many are sent, of the members in turn, and not by time");
  add_page_flags(app, flags.interval_ms, flags.html_file);
  add_buyer_flags(app, flags.members, flags.member_prefix, flags.seed);
  add_common_flags(app, flags.common);
}

void add_unruly_flags(CLI::App& app, UnrulyFlags& flags) {
  app.add_option("--program", flags.program_file, "the program that the gateway serves")
      ->required();
  app.add_option("--seconds", flags.seconds, "how long")
      ->capture_default_str()
      ->check(CLI::Range(1U, 86'400U));
  app.add_option("--connections", flags.connections, "at a time, beside those of slow readers")
      ->capture_default_str()
      ->check(CLI::Range(1U, 20'000U));
  const auto per_second = [&](const char* name, std::uint32_t& value, const char* what) {
    app.add_option(name, value, what)->capture_default_str()->check(CLI::Range(0U, 100'000U));
  };
  per_second("--calls-per-s", flags.calls_per_s, "calls over all connections");
  per_second("--reconnects-per-s", flags.reconnects_per_s, "connections closed and opened again");
  per_second("--broken-streams-per-s", flags.broken_streams_per_s,
             "streams broken off when a batch is written");
  app.add_option("--slow-readers", flags.slow_readers,
                 "streams that are written to without pause and hardly read")
      ->capture_default_str()
      ->check(CLI::Range(0U, 1'000U));
  app.add_option("--read-every-ms", flags.read_every_ms,
                 "of a slow reader, from one message to the next")
      ->capture_default_str()
      ->check(CLI::Range(1U, 600'000U));
  app.add_option("--batch", flags.batch, "checkouts of a batch in both kinds of streams")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1'024U));
  add_buyer_flags(app, flags.members, flags.member_prefix, flags.seed);
  add_common_flags(app, flags.common);
}

void add_replay_flags(CLI::App& app, ReplayFlags& flags) {
  app.add_option("csv", flags.csv_file,
                 "rows of occurred_at, kind (purchase or return), order_id, original_order_id, "
                 "member_id, amount_minor, ascending in time; sent to a ledger with clock=caller")
      ->required();
  app.add_option("--program", flags.program_file, "the program that the gateway serves")
      ->required();
  app.add_option("--venue", flags.venue,
                 "venue of all rows (default: the only one of the program)");
  app.add_option("--expect", flags.expect,
                 "totals that the replay must come to: NAME=NUMBER,..., named as it prints them");
  app.add_option(
         "--points-every", flags.points_every,
         "every N-th purchase of a member in the file pays with the most points that a quote just "
         "before it tells; 0 is none")
      ->capture_default_str();
  app.add_option(
      "--answers", flags.answers_file,
      "write there what each row was answered with, a line of JSON a row, in their order");
  add_common_flags(app, flags.common);
}

}  // namespace wutong::load

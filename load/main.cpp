#include <absl/synchronization/mutex.h>

#include <CLI/CLI.hpp>

#include "load/command_line.h"
#include "load/progress.h"

int main(int argc, char** argv) {
  using namespace wutong::load;
  // Which costs a twentieth of a call, and of what it measures.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  CLI::App app(
      "Sends load to a Wutong gateway on this machine and checks what came of it.\n"
      "Exit codes: 0 all is as it should be; 1 something is lost, doubled or wrong, or not as\n"
      "expected; 2 a flag or a file is wrong; 3 the gateway could not be asked to the end;\n"
      "130 interrupted.",
      "wutong-load");
  app.require_subcommand(1);

  DayFlags day;
  CLI::App& day_command = *app.add_subcommand("day", "send a business day made from a seed");
  add_day_flags(day_command, day);

  ReplayFlags replay;
  CLI::App& replay_command = *app.add_subcommand(
      "replay", "send the orders and returns of a CSV file, at the times written there");
  add_replay_flags(replay_command, replay);

  SteadyFlags steady;
  CLI::App& steady_command =
      *app.add_subcommand("steady", "send requests at a steady rate, and say how long they take");
  add_steady_flags(steady_command, steady);

  RampFlags ramp;
  CLI::App& ramp_command = *app.add_subcommand(
      "ramp", "raise the rate until latency is above its bound, and tell where that is");
  add_ramp_flags(ramp_command, ramp);

  FloodFlags flood;
  CLI::App& flood_command = *app.add_subcommand(
      "flood", "send as many checkouts as are answered, alone or in a stream's batches");
  add_flood_flags(flood_command, flood);

  UnrulyFlags unruly;
  CLI::App& unruly_command = *app.add_subcommand(
      "unruly",
      "be many clients that come and go, break streams off and do not read what they are told");
  add_unruly_flags(unruly_command, unruly);

  VerifyFlags verify;
  CLI::App& verify_command = *app.add_subcommand(
      "verify", "fetch every receipt of a file that `day --acked` wrote, and compare");
  add_verify_flags(verify_command, verify);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  watch_for_interrupt();
  if (day_command.parsed()) return run_day(day);
  if (replay_command.parsed()) return run_replay(replay);
  if (steady_command.parsed()) return run_steady(steady);
  if (ramp_command.parsed()) return run_ramp(ramp);
  if (flood_command.parsed()) return run_flood(flood);
  if (unruly_command.parsed()) return run_unruly(unruly);
  return run_verify(verify);
}

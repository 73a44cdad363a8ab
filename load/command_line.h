#pragma once

#include "load/day.h"
#include "load/flood.h"
#include "load/ramp.h"
#include "load/replay.h"
#include "load/steady.h"
#include "load/unruly.h"
#include "load/verify.h"

namespace CLI {
class App;
}

/// What each command can be told. Beside the commands, as the library's header is heavy.
namespace wutong::load {

void add_day_flags(CLI::App& app, DayFlags& flags);
void add_replay_flags(CLI::App& app, ReplayFlags& flags);
void add_flood_flags(CLI::App& app, FloodFlags& flags);
void add_steady_flags(CLI::App& app, SteadyFlags& flags);
void add_ramp_flags(CLI::App& app, RampFlags& flags);
void add_unruly_flags(CLI::App& app, UnrulyFlags& flags);
void add_verify_flags(CLI::App& app, VerifyFlags& flags);

}  // namespace wutong::load

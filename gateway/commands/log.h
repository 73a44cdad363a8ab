#pragma once

#include <string>

#include "actors/engine.h"
#include "gateway/config/config.h"

/// The process's log: few lines, none a call, none that names a member. To standard error.
namespace wutong::commands {

/// Call once, before the first line.
void open_log(const Config::Log& settings);

/// Any thread.
void log(LogLevel level, const std::string& line);

}  // namespace wutong::commands

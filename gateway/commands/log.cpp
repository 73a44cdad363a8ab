#include "gateway/commands/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace wutong::commands {
namespace {

std::atomic<bool> as_json{false};

spdlog::level::level_enum spdlog_level(Config::Log::Level level) {
  switch (level) {
    case Config::Log::Level::trace:
      return spdlog::level::trace;
    case Config::Log::Level::debug:
      return spdlog::level::debug;
    case Config::Log::Level::info:
      return spdlog::level::info;
    case Config::Log::Level::warning:
      return spdlog::level::warn;
    case Config::Log::Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::critical:
      return spdlog::level::critical;
  }
  return spdlog::level::info;
}

/// The inside of a JSON string.
std::string escaped(const std::string& line) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text.push_back('\\');
      text.push_back(c);
    } else if (byte < 0x20) {
      text.append("\\u00").push_back(digits[byte >> 4]);
      text.push_back(digits[byte & 0xf]);
    } else {
      text.push_back(c);
    }
  }
  return text;
}

}  // namespace

void open_log(const Config::Log& settings) {
  auto logger = spdlog::stderr_logger_mt("wutong");
  logger->set_level(spdlog_level(settings.level));
  as_json = settings.format == Config::Log::Format::json;
  logger->set_pattern(as_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":"%v"})"
                              : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void log(LogLevel level, const std::string& line) {
  // As a value, not as a format: a line may hold braces.
  const std::string text = as_json ? escaped(line) : line;
  spdlog::default_logger_raw()->log(spdlog_level(level), "{}", text);
}

}  // namespace wutong::commands

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/html_page.h"
#include "load/json.h"
#include "load/open_loop.h"

/// What a measured run came to: a line, fields of a JSON object, parts of a page.
namespace wutong::load {

inline constexpr char timed_since_due[] =
    "Latency is counted from the instant at which a request was due by the schedule, not from when "
    "it went "
    "out: a stall is felt by all that it kept waiting.";

/// The tally, and where the generator was too slow, that too.
[[nodiscard]] std::string text_of(const OpenLoop::Result& result);

void write_result(JsonWriter& json, const OpenLoop::Result& result);
/// The list `intervals`.
void write_timeline(JsonWriter& json, const Timeline& timeline);

/// Who was asked, and when.
void add_origin(HtmlPage& page, const std::string& target);
/// Tables of counts and of latencies.
void add_figures(HtmlPage& page, const OpenLoop::Result& result);
void add_latencies(HtmlPage& page, const Tally& tally);
/// Plots of rate and of latency over time. In a closed loop nothing is due by a schedule.
enum class Loop : std::uint8_t { open, closed };
void add_over_time(HtmlPage& page, const Timeline& timeline, Loop loop = Loop::open);
/// The same of several on one axis of time.
struct Part {
  double begins_s = 0;
  const Timeline* timeline = nullptr;
};
void add_over_time(HtmlPage& page, const std::vector<Part>& parts, Loop loop = Loop::open);
/// A plot of latency by share, with room for the tail; `of_what` goes on after "Latency".
void add_distribution(HtmlPage& page, const Tally& tally, const std::string& of_what = "");

/// Writes both files, where they have a path. Answers `code`, or that a path was wrong where it was not.
[[nodiscard]] int write_reports(const std::string& json_file, const std::string& json,
                                const std::string& html_file, const std::string& html, int code);

}  // namespace wutong::load

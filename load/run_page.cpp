#include "load/run_page.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "load/axis.h"
#include "load/flags.h"
#include "load/report.h"

namespace wutong::load {
namespace {

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();
/// Above it the figures tell of the generator and not of the gateway.
constexpr double late_p99_max_ms = 2;

std::string count_text(std::uint64_t count) { return number_text(static_cast<double>(count)); }
std::string ms_text(double ms) { return absl::StrFormat("%.2f", ms); }
double ms_of(std::uint64_t microseconds) { return static_cast<double>(microseconds) / 1e3; }

using Figure = std::uint64_t Timeline::Interval::*;

/// A curve over all parts, with gaps between them; `value` of an interval may be NaN.
template <typename Value>
Plot::Curve curve_of(const std::vector<Part>& parts, const char* name, Value value) {
  Plot::Curve curve{.name = name};
  for (const Part& part : parts) {
    if (!curve.points.empty()) curve.points.push_back({part.begins_s, no_value});
    const double length = part.timeline->seconds_of_interval();
    double middle = part.begins_s + length / 2;
    for (const Timeline::Interval& interval : part.timeline->intervals()) {
      curve.points.push_back({middle, value(interval, length)});
      middle += length;
    }
  }
  return curve;
}

Plot::Curve rate_curve(const std::vector<Part>& parts, const char* name, Figure count) {
  return curve_of(parts, name, [=](const Timeline::Interval& interval, double length) {
    return static_cast<double>(interval.*count) / length;
  });
}

Plot::Curve latency_curve(const std::vector<Part>& parts, const char* name, Figure quantile) {
  return curve_of(parts, name, [=](const Timeline::Interval& interval, double) {
    // Without a maximum nothing was done, and there is no latency.
    return interval.max == 0 ? no_value : ms_of(interval.*quantile);
  });
}

bool any(const std::vector<Part>& parts, Figure count) {
  return std::ranges::any_of(parts, [&](const Part& part) {
    return std::ranges::any_of(part.timeline->intervals(),
                               [&](const auto& interval) { return interval.*count > 0; });
  });
}

std::vector<std::string> latency_row(const char* name, const Histogram& latency) {
  std::vector<std::string> row = {name, count_text(latency.count())};
  for (const double share : {0.5, 0.9, 0.99, 0.999, 1.0}) {
    row.push_back(latency.count() == 0 ? "–" : ms_text(quantile_ms(latency, share)));
  }
  return row;
}

Plot::Curve distribution_of(const char* name, const Histogram& latency) {
  Plot::Curve curve{.name = name};
  // Finer than the eye, up to where a single request stands for the rest.
  for (double outside = 1; outside * static_cast<double>(latency.count()) >= 1; outside /= 1.12) {
    curve.points.push_back({1 - outside, quantile_ms(latency, 1 - outside)});
  }
  return curve;
}

}  // namespace

void add_origin(HtmlPage& page, const std::string& target) {
  page.paragraph(absl::StrCat(
      "By wutong-load against ", target, ", ended ",
      absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::Now(), absl::UTCTimeZone()), "."));
}

std::string text_of(const OpenLoop::Result& result) {
  std::string text = result.tally.text();
  const double late = quantile_ms(result.sent_late, 0.99);
  if (late > late_p99_max_ms) {
    absl::StrAppendFormat(&text, "; the generator sent late, p99 %.2f ms", late);
  }
  return text;
}

void write_result(JsonWriter& json, const OpenLoop::Result& result) {
  json.real("due_per_s", result.due_per_s);
  json.real("done_per_s", result.done_per_s);
  result.tally.write(json);
  json.number("under_way_max", static_cast<std::int64_t>(result.under_way_max));
  json.real("sent_late_p99_ms", quantile_ms(result.sent_late, 0.99));
}

void write_timeline(JsonWriter& json, const Timeline& timeline) {
  json.real("interval_s", timeline.seconds_of_interval());
  json.begin_list("intervals");
  for (const Timeline::Interval& interval : timeline.intervals()) {
    json.begin_item();
    json.number("due", static_cast<std::int64_t>(interval.due));
    json.number("done", static_cast<std::int64_t>(interval.done));
    json.number("turned_away", static_cast<std::int64_t>(interval.turned_away));
    json.number("failed", static_cast<std::int64_t>(interval.failed));
    json.real("p50_ms", ms_of(interval.p50));
    json.real("p99_ms", ms_of(interval.p99));
    json.real("max_ms", ms_of(interval.max));
    json.end_object();
  }
  json.end_list();
}

void add_figures(HtmlPage& page, const OpenLoop::Result& result) {
  page.heading("Figures");
  Table counts{.header = {"", "Requests", "A second"}};
  const auto row = [&](const char* name, std::uint64_t count, std::string per_second) {
    counts.rows.push_back({name, count_text(count), std::move(per_second)});
  };
  const Tally& tally = result.tally;
  const auto answered = tally.done().count() + tally.turned_away().count() + tally.failed();
  row("Due", answered, number_text(std::round(result.due_per_s)));
  row("Done", tally.done().count(), number_text(std::round(result.done_per_s)));
  row("Turned away (RESOURCE_EXHAUSTED)", tally.turned_away().count(), "");
  row("Failed", tally.failed(), "");
  for (const auto& [reason, count] : tally.failures()) {
    row(absl::StrCat("– ", reason).c_str(), count, "");
  }
  page.table(counts);
  add_latencies(page, tally);
  page.paragraph(absl::StrCat("At most ", count_text(result.under_way_max),
                              " requests were under way at a time. The generator handed them to "
                              "gRPC at most ",
                              ms_text(quantile_ms(result.sent_late, 0.99)),
                              " ms after they were due, 99 times in a hundred."));
  if (!tally.example().empty()) page.paragraph(absl::StrCat("One that failed: ", tally.example()));
}

void add_latencies(HtmlPage& page, const Tally& tally) {
  Table latencies{.header = {"Latency, ms", "Requests", "p50", "p90", "p99", "p99.9", "Most"}};
  latencies.rows.push_back(latency_row("Done", tally.done()));
  if (tally.turned_away().count() > 0) {
    latencies.rows.push_back(latency_row("Turned away", tally.turned_away()));
  }
  page.table(latencies);
}

void add_over_time(HtmlPage& page, const Timeline& timeline, Loop loop) {
  add_over_time(page, std::vector<Part>{{.timeline = &timeline}}, loop);
}

void add_over_time(HtmlPage& page, const std::vector<Part>& parts, Loop loop) {
  page.heading("Over time");
  Plot rate{.title = "Rate", .x_label = "time, s", .y_label = "requests a second"};
  if (loop == Loop::open) {
    rate.curves.push_back(rate_curve(parts, "due", &Timeline::Interval::due));
  }
  rate.curves.push_back(rate_curve(parts, "done", &Timeline::Interval::done));
  if (any(parts, &Timeline::Interval::turned_away)) {
    rate.curves.push_back(rate_curve(parts, "turned away", &Timeline::Interval::turned_away));
  }
  if (any(parts, &Timeline::Interval::failed)) {
    rate.curves.push_back(rate_curve(parts, "failed", &Timeline::Interval::failed));
  }
  page.plot(rate);
  page.plot({.title = "Latency of what was done",
             .x_label = loop == Loop::open ? "time when it was due, s" : "time, s",
             .y_label = "latency, ms",
             .y_scale = Scale::logarithmic,
             .curves = {latency_curve(parts, "p50", &Timeline::Interval::p50),
                        latency_curve(parts, "p90", &Timeline::Interval::p90),
                        latency_curve(parts, "p99", &Timeline::Interval::p99),
                        latency_curve(parts, "p99.9", &Timeline::Interval::p999),
                        latency_curve(parts, "most", &Timeline::Interval::max)}});
}

void add_distribution(HtmlPage& page, const Tally& tally, const std::string& of_what) {
  page.heading("Distribution");
  Plot plot{
      .title = absl::StrCat("Latency by share of requests", of_what.empty() ? "" : ", ", of_what),
      .x_label = "share of requests that took at most so long",
      .y_label = "latency, ms",
      .x_scale = Scale::nines,
      .y_scale = Scale::logarithmic};
  plot.curves.push_back(distribution_of("done", tally.done()));
  if (tally.turned_away().count() > 0) {
    plot.curves.push_back(distribution_of("turned away", tally.turned_away()));
  }
  page.plot(plot);
}

int write_reports(const std::string& json_file, const std::string& json,
                  const std::string& html_file, const std::string& html, int code) {
  for (const auto& [file, text] : {std::pair(&json_file, &json), std::pair(&html_file, &html)}) {
    if (const auto written = write_file(*file, *text); !written) {
      absl::FPrintF(stderr, "wutong-load: %s\n", written.error());
      if (code == exit_ok) code = exit_usage;
    }
  }
  return code;
}

}  // namespace wutong::load

#include "load/tally.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>

#include "load/axis.h"

namespace wutong::load {
namespace {

std::string count_text(std::uint64_t count) { return number_text(static_cast<double>(count)); }

std::string latency_text(const Histogram& latency) {
  return absl::StrFormat("p50 %.2f ms, p99 %.2f ms, most %.2f ms", quantile_ms(latency, 0.5),
                         quantile_ms(latency, 0.99), quantile_ms(latency, 1));
}

void write_quantiles(JsonWriter& json, const Histogram& latency) {
  json.real("p50_ms", quantile_ms(latency, 0.5));
  json.real("p90_ms", quantile_ms(latency, 0.9));
  json.real("p99_ms", quantile_ms(latency, 0.99));
  json.real("p99_9_ms", quantile_ms(latency, 0.999));
  json.real("max_ms", quantile_ms(latency, 1));
}

}  // namespace

std::uint64_t microseconds_of(std::chrono::steady_clock::duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, count));
}

double quantile_ms(const Histogram& latency, double share) {
  return static_cast<double>(latency.quantile(share)) / 1e3;
}

void Tally::add(const v1::BatchItemReply& reply, Duration took) {
  switch (ending_of(reply)) {
    case Ending::done:
      done_.record(microseconds_of(took));
      break;
    case Ending::turned_away:
      turned_away_.record(microseconds_of(took));
      break;
    case Ending::failed:
      if (example_.empty()) example_ = explanation_of(reply);
      fail(reason_of(reply), 1);
      break;
  }
}

void Tally::fail(const std::string& reason, std::uint64_t requests) {
  if (requests == 0) return;
  failed_ += requests;
  failures_[reason] += requests;
}

std::string Tally::text() const {
  std::string text = absl::StrCat(count_text(done_.count()), " done: ", latency_text(done_), "; ",
                                  count_text(turned_away_.count()), " turned away");
  if (turned_away_.count() > 0) absl::StrAppend(&text, ": ", latency_text(turned_away_));
  absl::StrAppend(&text, "; ", count_text(failed_), " failed");
  if (!example_.empty()) absl::StrAppend(&text, ", as by ", example_);
  return text;
}

void Tally::write(JsonWriter& json) const {
  json.number("done", static_cast<std::int64_t>(done_.count()));
  write_quantiles(json, done_);
  json.number("turned_away", static_cast<std::int64_t>(turned_away_.count()));
  if (turned_away_.count() > 0) {
    json.begin_object("turned_away_after");
    write_quantiles(json, turned_away_);
    json.end_object();
  }
  json.number("failed", static_cast<std::int64_t>(failed_));
  json.begin_object("failures");
  for (const auto& [reason, count] : failures_) {
    json.number(reason, static_cast<std::int64_t>(count));
  }
  json.end_object();
}

}  // namespace wutong::load

#include "load/report.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <cstdio>
#include <fstream>

namespace wutong::load {
namespace {

double milliseconds(std::uint64_t microseconds) {
  return static_cast<double>(microseconds) / 1'000;
}

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

void print_calls(const CallStats& stats) {
  absl::PrintF("\n%-12s %10s %9s %9s %9s %9s %9s\n", "latency, ms", "answers", "p50", "p90", "p99",
               "p99.9", "max");
  for (std::size_t i = 0; i < method_count; ++i) {
    const Histogram& latency = stats.methods[i].latency;
    if (latency.count() == 0) continue;
    absl::PrintF("%-12s %10d %9.2f %9.2f %9.2f %9.2f %9.2f\n", name_of(static_cast<Method>(i)),
                 latency.count(), milliseconds(latency.quantile(0.5)),
                 milliseconds(latency.quantile(0.9)), milliseconds(latency.quantile(0.99)),
                 milliseconds(latency.quantile(0.999)), milliseconds(latency.max()));
  }
  if (stats.retried.empty()) return;
  std::string retried;
  for (const auto& [status, count] : stats.retried) {
    absl::StrAppend(&retried, "  ", status, " ", count);
  }
  absl::PrintF("tried again%s; longest from first attempt to answer %.1f ms; given up %d\n",
               retried, milliseconds(stats.longest), stats.given_up);
}

void write_calls(JsonWriter& json, const CallStats& stats) {
  json.begin_object("latency_us");
  for (std::size_t i = 0; i < method_count; ++i) {
    const Histogram& latency = stats.methods[i].latency;
    if (latency.count() == 0) continue;
    json.begin_object(name_of(static_cast<Method>(i)));
    json.number("count", number(latency.count()));
    json.number("p50", number(latency.quantile(0.5)));
    json.number("p90", number(latency.quantile(0.9)));
    json.number("p99", number(latency.quantile(0.99)));
    json.number("p99_9", number(latency.quantile(0.999)));
    json.number("max", number(latency.max()));
    json.end_object();
  }
  json.end_object();
  json.begin_object("retried");
  for (const auto& [status, count] : stats.retried) json.number(status, number(count));
  json.end_object();
  json.number("longest_us", number(stats.longest));
  json.number("given_up", number(stats.given_up));
}

void print_outcomes(const Outcomes& outcomes) {
  absl::PrintF("outcomes     %d orders and %d refunds accepted, %d answered as replays\n",
               outcomes.orders_accepted, outcomes.refunds_accepted, outcomes.replays);
  for (const auto& [name, count] : outcomes.refusals) {
    absl::PrintF("             %d refused as they should be: %s\n", count, name);
  }
  if (outcomes.points_not_taken > 0) {
    absl::PrintF("             %d wanted to pay with points and had too few by then\n",
                 outcomes.points_not_taken);
  }
  if (outcomes.given_up + outcomes.skipped > 0) {
    absl::PrintF("             %d without an answer, %d not sent because of that\n",
                 outcomes.given_up, outcomes.skipped);
  }
  std::string shares;
  for (std::size_t i = 0; i < traffic_count; ++i) {
    const auto kind = static_cast<Traffic>(i);
    absl::StrAppendFormat(&shares, "%s%s %.1f %%", i == 0 ? "" : ", ", name_of(kind),
                          outcomes.share(kind) * 100);
  }
  absl::PrintF("traffic      %s\n", shares);
  absl::PrintF("points       %d given, %d used, %d given back, %d clawed back\n",
               outcomes.points_given, outcomes.points_used, outcomes.points_given_back,
               outcomes.points_clawed_back);
}

void write_outcomes(JsonWriter& json, const Outcomes& outcomes) {
  json.begin_object("outcomes");
  json.number("orders_accepted", number(outcomes.orders_accepted));
  json.number("refunds_accepted", number(outcomes.refunds_accepted));
  json.number("replays", number(outcomes.replays));
  json.number("points_not_taken", number(outcomes.points_not_taken));
  json.number("given_up", number(outcomes.given_up));
  json.number("skipped", number(outcomes.skipped));
  json.begin_object("refused_as_expected");
  for (const auto& [name, count] : outcomes.refusals) json.number(name, number(count));
  json.end_object();
  json.end_object();
  json.begin_object("traffic");
  for (std::size_t i = 0; i < traffic_count; ++i) {
    const auto kind = static_cast<Traffic>(i);
    json.begin_object(name_of(kind));
    json.number("count", number(outcomes.traffic[i]));
    json.real("share", outcomes.share(kind));
    json.end_object();
  }
  json.end_object();
  json.begin_object("points");
  json.number("given", outcomes.points_given);
  json.number("used", outcomes.points_used);
  json.number("given_back", outcomes.points_given_back);
  json.number("clawed_back", outcomes.points_clawed_back);
  json.end_object();
}

void print_check(const CheckCounts& counts, const Findings& findings) {
  absl::PrintF("\nreceipts     %d acknowledged, %d fetched again", counts.acknowledged,
               counts.fetched);
  for (std::size_t i = 0; i < finding_count; ++i) {
    const auto kind = static_cast<Finding>(i);
    absl::PrintF(", %d %s", findings.count(kind), name_of(kind));
  }
  if (counts.unanswered > 0) absl::PrintF("; %d could not be checked", counts.unanswered);
  absl::PrintF("\n");
  for (const std::string& example : findings.examples()) absl::PrintF("  %s\n", example);
}

void write_check(JsonWriter& json, const CheckCounts& counts, const Findings& findings) {
  json.begin_object("check");
  json.number("acknowledged", number(counts.acknowledged));
  json.number("fetched", number(counts.fetched));
  json.number("unanswered", number(counts.unanswered));
  for (std::size_t i = 0; i < finding_count; ++i) {
    const auto kind = static_cast<Finding>(i);
    json.number(name_of(kind), number(findings.count(kind)));
  }
  json.begin_list("examples");
  for (const std::string& example : findings.examples()) json.item(example);
  json.end_list();
  json.end_object();
}

tl::expected<void, std::string> write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return {};
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (!out) return tl::unexpected(absl::StrCat("cannot write ", path));
  return {};
}

}  // namespace wutong::load

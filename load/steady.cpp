#include "load/steady.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <cstdio>

#include "load/axis.h"
#include "load/json.h"
#include "load/open_loop.h"
#include "load/progress.h"
#include "load/report.h"
#include "load/rules_file.h"
#include "load/run_page.h"

namespace wutong::load {
namespace {

std::string page_of(const SteadyFlags& flags, const OpenLoop::Result& result) {
  HtmlPage page(absl::StrCat("Steady load: ", number_text(flags.rate), " requests a second"));
  page.paragraph(absl::StrCat("Sent for ", flags.seconds, " s after a warm-up of ", flags.warm_up_s,
                              " s: ", flags.traffic.text(), "."));
  page.paragraph(timed_since_due);
  add_origin(page, flags.traffic.common.target);
  add_figures(page, result);
  add_over_time(page, result.timeline);
  add_distribution(page, result.tally);
  return page.finish();
}

std::string json_of(const SteadyFlags& flags, const OpenLoop::Result& result, bool ok) {
  JsonWriter json;
  json.text("command", "steady");
  json.truth("ok", ok);
  json.number("rate", flags.rate);
  write_result(json, result);
  write_timeline(json, result.timeline);
  return json.finish();
}

int code_of(const SteadyFlags& flags, const OpenLoop::Result& result) {
  if (interrupted()) return exit_interrupted;
  if (result.tally.failed() > 0 || !result.whole) return exit_wrong;
  return result.tally.turned_away().count() > 0 && !flags.may_turn_away ? exit_wrong : exit_ok;
}

}  // namespace

int run_steady(const SteadyFlags& flags) {
  const TrafficFlags& traffic = flags.traffic;
  const auto calls = call_options(traffic.common);
  const auto rules = rules_with_venue(traffic.program_file);
  if (!calls || !rules) {
    absl::FPrintF(stderr, "wutong-load: %s\n", !calls ? calls.error() : rules.error());
    return exit_usage;
  }
  if (traffic.enroll && !enroll_all(traffic, *calls)) return exit_unfinished;
  Mix mix(*rules, traffic.mix("steady"));
  OpenLoop loop(*calls, traffic.open_loop(), mix);

  const auto result = loop.run({.rate = flags.rate,
                                .spacing = traffic.spacing(),
                                .seed = seed_of(traffic.seed, 2),
                                .warm_up = std::chrono::seconds(flags.warm_up_s),
                                .length = std::chrono::seconds(flags.seconds)});

  const int code = code_of(flags, result);
  absl::PrintF("%d a second: %s\n", flags.rate, text_of(result));
  if (!loop.trouble().empty()) absl::PrintF("%s\n", loop.trouble());
  std::fflush(stdout);
  return write_reports(traffic.common.json_file, json_of(flags, result, code == exit_ok),
                       traffic.html_file, page_of(flags, result), code);
}

}  // namespace wutong::load

#include "load/ramp.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "load/axis.h"
#include "load/json.h"
#include "load/open_loop.h"
#include "load/plain_enrollment.h"
#include "load/progress.h"
#include "load/rules_file.h"
#include "load/run_page.h"

namespace wutong::load {
namespace {

struct Step {
  std::uint32_t rate = 0;
  bool held = false;
  /// Since the ramp's beginning.
  double begins_s = 0;
  OpenLoop::Result result;

  [[nodiscard]] double ms(double share) const { return quantile_ms(result.tally.done(), share); }
};

class Ramp {
 public:
  Ramp(const RampFlags& flags, const CallOptions& calls, const Rules& rules)
      : flags_(flags),
        calls_(calls),
        mix_(rules, flags.traffic.mix("ramp")),
        search_(flags.search) {}

  int to_end() {
    for (auto rate = search_.next(); rate && !interrupted(); rate = search_.next()) {
      steps_.push_back(step_at(*rate));
      if (interrupted()) {
        // Cut short, it says nothing.
        steps_.pop_back();
        break;
      }
      search_.tried(steps_.back().held);
      const Step& step = steps_.back();
      absl::PrintF("%d a second %s: %s\n", step.rate, step.held ? "holds" : "breaks",
                   text_of(step.result));
      std::fflush(stdout);
    }
    const int code = interrupted() ? exit_interrupted : search_.knee() ? exit_ok : exit_wrong;
    absl::PrintF("%s\n", verdict());
    std::fflush(stdout);
    return write_reports(flags_.traffic.common.json_file, json(code == exit_ok),
                         flags_.traffic.html_file, page(), code);
  }

 private:
  /// On connections of its own, so that nothing of a rate that broke falls on the next.
  Step step_at(std::uint32_t rate) {
    OpenLoop loop(calls_, flags_.traffic.open_loop(), mix_);
    const auto begins = OpenLoop::Clock::now() - begin_ + OpenLoop::Clock::duration(warm_up());
    Step step{.rate = rate,
              .begins_s = std::chrono::duration<double>(begins).count(),
              .result = loop.run({.rate = rate,
                                  .spacing = flags_.traffic.spacing(),
                                  .seed = seed_of(flags_.traffic.seed, 2 + steps_.size()),
                                  .warm_up = warm_up(),
                                  .length = std::chrono::seconds(flags_.step_s)})};
    step.held = holds(step);
    return step;
  }

  [[nodiscard]] bool holds(const Step& step) const {
    const Tally& tally = step.result.tally;
    return step.result.whole && tally.failed() == 0 && tally.turned_away().count() == 0 &&
           tally.done().count() > 0 && step.ms(0.99) <= flags_.p99_bound_ms;
  }

  /// The step that stands for the knee: the last of its rate that held.
  [[nodiscard]] const Step* knee() const {
    const auto found = std::ranges::find_if(steps_.rbegin(), steps_.rend(), [&](const Step& step) {
      return step.held && step.rate == search_.knee();
    });
    return found == steps_.rend() ? nullptr : &*found;
  }

  [[nodiscard]] std::string verdict() const {
    const Step* step = knee();
    if (step == nullptr) return "no rate held";
    std::string text =
        absl::StrFormat("the knee is at %s a second: there p99 was %.2f ms, the bound is %d ms",
                        number_text(step->rate), step->ms(0.99), flags_.p99_bound_ms);
    if (search_.broke()) {
      absl::StrAppend(&text, "; ", number_text(*search_.broke()), " a second broke");
    } else {
      absl::StrAppend(&text, "; no rate broke, there may be more");
    }
    return text;
  }

  [[nodiscard]] std::string json(bool ok) const {
    JsonWriter json;
    json.text("command", "ramp");
    json.truth("ok", ok);
    json.number("p99_bound_ms", flags_.p99_bound_ms);
    json.truth("found", knee() != nullptr && search_.broke().has_value());
    if (const Step* step = knee()) {
      json.number("knee_per_s", step->rate);
      json.real("knee_p50_ms", step->ms(0.5));
      json.real("knee_p99_ms", step->ms(0.99));
    }
    if (search_.broke()) json.number("broke_per_s", *search_.broke());
    json.begin_list("steps");
    for (const Step& step : steps_) {
      json.begin_item();
      json.number("rate", step.rate);
      json.truth("held", step.held);
      write_result(json, step.result);
      json.end_object();
    }
    json.end_list();
    return json.finish();
  }

  [[nodiscard]] std::string page() const {
    HtmlPage page("Ramp: at which rate latency breaks");
    page.paragraph(absl::StrCat("In short: ", verdict(), "."));
    page.paragraph(absl::StrCat(
        "Each rate was sent for ", flags_.step_s, " s after a warm-up of ", flags_.warm_up_s,
        " s: ", flags_.traffic.text(),
        ". A rate holds if p99 is within the bound and every request is done; it breaks "
        "if it does not hold in ",
        flags_.search.tries, flags_.search.tries == 1 ? " try." : " tries."));
    page.paragraph(timed_since_due);
    add_origin(page, flags_.traffic.common.target);
    page.heading("The knee");
    page.plot(against_rate());
    page.heading("Steps");
    page.table(table());
    std::vector<Part> parts;
    for (const Step& step : steps_) parts.push_back({step.begins_s, &step.result.timeline});
    add_over_time(page, parts);
    if (const Step* step = knee()) add_distribution(page, step->result.tally, "at the knee");
    return page.finish();
  }

  [[nodiscard]] Plot against_rate() const {
    std::vector<const Step*> steps;
    for (const Step& step : steps_) steps.push_back(&step);
    std::ranges::stable_sort(steps, {}, [](const Step* step) { return step->rate; });
    Plot plot{.title = "Latency against rate",
              .x_label = "requests a second that were due",
              .y_label = "latency, ms",
              .y_scale = Scale::logarithmic,
              .bounds = {{static_cast<double>(flags_.p99_bound_ms),
                          absl::StrCat("bound of p99, ", flags_.p99_bound_ms, " ms")}},
              .marked = true};
    for (const auto& [name, share] : {std::pair("p50", 0.5), std::pair("p99", 0.99)}) {
      Plot::Curve curve{.name = name};
      for (const Step* step : steps) {
        curve.points.push_back({static_cast<double>(step->rate), step->ms(share)});
      }
      plot.curves.push_back(std::move(curve));
    }
    return plot;
  }

  [[nodiscard]] Table table() const {
    Table table{.header = {"Due a second", "", "Done a second", "p50, ms", "p99, ms", "Most, ms",
                           "Turned away", "Failed", "Under way"}};
    const auto count = [](auto number) { return number_text(static_cast<double>(number)); };
    const auto ms = [](double value) { return absl::StrFormat("%.2f", value); };
    for (const Step& step : steps_) {
      const Tally& tally = step.result.tally;
      table.rows.push_back({count(step.rate), step.held ? "holds" : "breaks",
                            count(std::round(step.result.done_per_s)), ms(step.ms(0.5)),
                            ms(step.ms(0.99)), ms(step.ms(1)), count(tally.turned_away().count()),
                            count(tally.failed()), count(step.result.under_way_max)});
    }
    return table;
  }

  [[nodiscard]] std::chrono::seconds warm_up() const {
    return std::chrono::seconds(flags_.warm_up_s);
  }

  const RampFlags& flags_;
  const CallOptions& calls_;
  Mix mix_;
  KneeSearch search_;
  const OpenLoop::Clock::time_point begin_ = OpenLoop::Clock::now();
  std::vector<Step> steps_;
};

}  // namespace

int run_ramp(const RampFlags& flags) {
  const auto calls = call_options(flags.traffic.common);
  const auto rules = rules_with_venue(flags.traffic.program_file);
  if (!calls || !rules) {
    absl::FPrintF(stderr, "wutong-load: %s\n", !calls ? calls.error() : rules.error());
    return exit_usage;
  }
  if (flags.traffic.enroll && !enroll_all(flags.traffic, *calls)) return exit_unfinished;
  return Ramp(flags, *calls, *rules).to_end();
}

}  // namespace wutong::load

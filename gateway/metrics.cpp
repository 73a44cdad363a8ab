#include "gateway/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <string_view>

namespace wutong {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr double ns_per_second = 1e9;

ClientMetric number(MetricType type, double value, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return metric;
}

MetricFamily family(MetricType type, std::string name, std::string help) {
  MetricFamily made;
  made.name = std::move(name);
  made.help = std::move(help);
  made.type = type;
  return made;
}

template <typename Value>
MetricFamily counter(std::string name, std::string help, Value value) {
  MetricFamily made = family(MetricType::Counter, std::move(name), std::move(help));
  made.metric.push_back(number(MetricType::Counter, static_cast<double>(value)));
  return made;
}

template <typename Value>
MetricFamily gauge(std::string name, std::string help, Value value) {
  MetricFamily made = family(MetricType::Gauge, std::move(name), std::move(help));
  made.metric.push_back(number(MetricType::Gauge, static_cast<double>(value)));
  return made;
}

/// A histogram of nanoseconds, told in seconds.
ClientMetric seconds(const HistogramCells::Snapshot& cells, std::span<const std::int64_t> bounds_ns,
                     Labels labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram.sample_count = cells.count;
  metric.histogram.sample_sum = static_cast<double>(cells.sum) / ns_per_second;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < cells.buckets.size(); ++i) {
    below += cells.buckets[i];
    ClientMetric::Bucket bucket;
    bucket.cumulative_count = below;
    bucket.upper_bound = i < bounds_ns.size() ? static_cast<double>(bounds_ns[i]) / ns_per_second
                                              : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back(bucket);
  }
  return metric;
}

void add_calls(const CallMetrics& calls, std::vector<MetricFamily>& out) {
  MetricFamily total =
      family(MetricType::Counter, "wutong_calls_total", "Calls answered, by method and outcome.");
  MetricFamily durations =
      family(MetricType::Histogram, "wutong_call_duration_seconds",
             "From the request's arrival to its answer, by method and outcome.");
  for (std::size_t method = 0; method < method_count; ++method) {
    for (std::size_t outcome = 0; outcome < call_outcome_names.size(); ++outcome) {
      const auto cells =
          calls.durations(static_cast<Method>(method), static_cast<CallOutcome>(outcome));
      // Outcomes that never were would be a thousand series of zeroes.
      if (cells.count == 0) continue;
      const Labels labels = {{"method", std::string(method_names[method])},
                             {"outcome", std::string(call_outcome_names[outcome])}};
      total.metric.push_back(number(MetricType::Counter, static_cast<double>(cells.count), labels));
      durations.metric.push_back(seconds(cells, calls.bounds(), labels));
    }
  }
  MetricFamily stages = family(MetricType::Histogram, "wutong_call_stage_seconds",
                               "Time of calls in the engine: queue, decision, commit.");
  for (std::size_t stage = 0; stage < stage_names.size(); ++stage) {
    stages.metric.push_back(seconds(calls.stage(static_cast<Stage>(stage)), calls.bounds(),
                                    {{"stage", std::string(stage_names[stage])}}));
  }
  out.push_back(std::move(total));
  out.push_back(std::move(durations));
  out.push_back(std::move(stages));
  out.push_back(
      gauge("wutong_calls_under_way", "Calls taken and not yet answered.", calls.under_way()));
  out.push_back(gauge("wutong_streams_open", "Streams of batches; their items count as calls.",
                      calls.streams_open()));
}

MetricFamily batch_sizes(const EngineStats& stats) {
  MetricFamily made = family(MetricType::Histogram, "wutong_batch_events",
                             "Events in a batch, one append to a shard's log each.");
  ClientMetric metric;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < stats.batch_events_log2.size(); ++i) {
    below += stats.batch_events_log2[i];
    ClientMetric::Bucket bucket;
    bucket.cumulative_count = below;
    bucket.upper_bound = static_cast<double>((std::uint64_t{2} << i) - 1);
    metric.histogram.bucket.push_back(bucket);
  }
  ClientMetric::Bucket all;
  all.cumulative_count = below;
  all.upper_bound = std::numeric_limits<double>::infinity();
  metric.histogram.bucket.push_back(all);
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = static_cast<double>(stats.events);
  made.metric.push_back(std::move(metric));
  return made;
}

void add_shards(const EngineStats& stats, std::vector<MetricFamily>& out) {
  out.push_back(gauge("wutong_shards", "Shards of the ledger.", stats.shards));
  out.push_back(gauge("wutong_shards_owned", "Shards that this process owns.", stats.shards_owned));
  out.push_back(gauge("wutong_shards_halted", "Shards stopped for an operator to decide.",
                      stats.shards_halted));
  out.push_back(
      counter("wutong_shard_takeovers_total", "Shards taken, also anew.", stats.takeovers));
  out.push_back(
      counter("wutong_shard_fenced_total", "Shards found to be another's.", stats.fenced));
  out.push_back(counter("wutong_shard_resolvings_total",
                        "Appends asked again since no answer came.", stats.resolvings));
  out.push_back(counter("wutong_shard_lost_tails_total", "Times that the ledger lost its tail.",
                        stats.lost_tails));
  out.push_back(
      counter("wutong_shard_salvages_total",
              "Times that events which the ledger lost for good were kept for an operator.",
              stats.salvages));
  out.push_back(counter("wutong_broken_promises_total",
                        "Checks that failed though they always hold: bugs of the gateway.",
                        stats.broken_promises));
  out.push_back(
      gauge("wutong_clock_agrees",
            "1 while this machine's clock and the ledger's agree; else nothing is decided.",
            stats.clock_agrees ? 1 : 0));
}

void add_members(const EngineStats& stats, std::vector<MetricFamily>& out) {
  out.push_back(gauge("wutong_members_resident", "Members in memory.", stats.members_resident));
  out.push_back(gauge("wutong_members_dirty", "Members with events that no flush covers yet.",
                      stats.members_dirty));
  out.push_back(counter("wutong_member_activations_total", "Members brought into memory.",
                        stats.activations));
  out.push_back(counter("wutong_member_passivations_total", "Members put out of memory.",
                        stats.passivations));
  out.push_back(gauge("wutong_calls_queued", "Calls waiting in shards.", stats.calls_queued));
  out.push_back(gauge("wutong_claims_waiting",
                      "Checkouts that wait for an order book to say whose the order is.",
                      stats.claims_waiting));
  out.push_back(counter("wutong_claims_reversed_total",
                        "Checkouts reversed since the order was another member's.",
                        stats.claims_reversed));
  out.push_back(
      gauge("wutong_order_filter_bytes",
            "Memory that tells known orders from new ones: 2 to 4 bytes for each order of "
            "the months that are kept.",
            stats.order_filter_bytes));
}

void add_journal(const EngineStats& stats, std::vector<MetricFamily>& out) {
  out.push_back(counter("wutong_appends_total", "Batches appended.", stats.appends));
  out.push_back(
      counter("wutong_append_bytes_total", "Bytes of batches appended.", stats.append_bytes));
  out.push_back(counter("wutong_events_total", "Events committed.", stats.events));
  out.push_back(batch_sizes(stats));
  out.push_back(
      counter("wutong_flushes_total", "Flushes of snapshots and records.", stats.flushes));
  out.push_back(
      counter("wutong_flushed_members_total", "Members in flushes.", stats.flushed_members));
  out.push_back(counter("wutong_history_reads_total", "Histories read back.", stats.history_reads));
  out.push_back(
      counter("wutong_book_reads_total", "Buckets of the order book read back.", stats.book_reads));
  out.push_back(counter("wutong_identity_hits_total",
                        "Look-ups of identities that memory answered.", stats.identity_hits));
  out.push_back(counter("wutong_identity_reads_total", "Claims of identities read back.",
                        stats.identity_reads));
  out.push_back(counter("wutong_identity_denials_total",
                        "Members asked that do not hold what is claimed for them.",
                        stats.identity_denials));
  out.push_back(gauge("wutong_identities_in_memory",
                      "Identities whose claim, or that there is none, is known in memory.",
                      stats.identities_in_memory));
  out.push_back(gauge("wutong_identities_awaited",
                      "Identities of whose holder somebody waits to be told.",
                      stats.identities_awaited));
  out.push_back(gauge("wutong_log_bytes", "Bytes of the log, all shards.", stats.log_bytes));
  out.push_back(gauge("wutong_log_entries", "Entries of the log, all shards.", stats.log_entries));
  out.push_back(
      gauge("wutong_tail_bytes", "Bytes of events that no flush covers yet.", stats.tail_bytes));
  out.push_back(gauge("wutong_snapshot_lag_seconds", "Age of the oldest event not covered.",
                      static_cast<double>(stats.snapshot_lag_ms) / 1e3));
}

void add_sweep(const EngineStats& stats, std::vector<MetricFamily>& out) {
  out.push_back(counter("wutong_sweep_members_met_total",
                        "Members whose snapshots the sweep has met on its walks.",
                        stats.sweep_members_met));
  out.push_back(counter("wutong_sweep_members_due_total",
                        "Of those: with points that have expired or holds that have lapsed.",
                        stats.sweep_members_due));
  out.push_back(counter("wutong_sweep_events_total",
                        "Events of expiry and lapse that the sweep has given.",
                        stats.sweep_events));
  out.push_back(counter("wutong_sweep_members_left_total",
                        "Due members left to the next walk since their shard was busy.",
                        stats.sweep_members_left));
  out.push_back(counter("wutong_sweep_walks_total", "Walks of the sweep over the whole ledger.",
                        stats.sweep_walks));
  out.push_back(
      gauge("wutong_sweep_age_seconds",
            "Since the last walk that missed nobody began, be it before a restart; of the owned "
            "shard for which it is longest. Above 86400 somebody may have waited for a day.",
            static_cast<double>(stats.sweep_age_ms) / 1e3));
}

void add_extra(const std::vector<ExtraSample>& samples, std::vector<MetricFamily>& out) {
  for (const ExtraSample& sample : samples) {
    const MetricType type = sample.is_counter ? MetricType::Counter : MetricType::Gauge;
    if (out.empty() || out.back().name != sample.name) {
      out.push_back(family(type, sample.name, sample.help));
    }
    Labels labels;
    for (const auto& [name, value] : sample.labels) labels.push_back({name, value});
    out.back().metric.push_back(number(type, sample.value, std::move(labels)));
  }
}

/// Everything in one: cells are summed when the scrape comes, nothing is registered for each.
class Collector final : public prometheus::Collectable {
 public:
  explicit Collector(const MetricsSources& sources) : sources_(sources) {}

  [[nodiscard]] std::vector<MetricFamily> Collect() const override {
    std::vector<MetricFamily> out;
    MetricFamily build = family(MetricType::Gauge, "wutong_build_info", "Always 1.");
    build.metric.push_back(number(MetricType::Gauge, 1, {{"version", sources_.version}}));
    out.push_back(std::move(build));
    out.push_back(gauge("wutong_ledger_clock_caller",
                        "1 in a ledger with clock=caller, for replays and tests.",
                        sources_.clock == LedgerClock::caller ? 1 : 0));
    add_calls(sources_.calls, out);
    if (sources_.engine != nullptr) add_engine(*sources_.engine, out);
    if (sources_.extra) add_extra(sources_.extra(), out);
    return out;
  }

 private:
  static void add_engine(const Engine& engine, std::vector<MetricFamily>& out) {
    const Rules rules = engine.rules();
    out.push_back(gauge("wutong_program_version", "Version of the program in force.",
                        rules.program->version));
    out.push_back(gauge("wutong_policy_version", "Version of the risk policy in force.",
                        rules.policy->version));
    out.push_back(
        gauge("wutong_ready", "1 while every shard is owned and serves.", engine.ready() ? 1 : 0));
    const EngineStats stats = engine.stats();
    add_shards(stats, out);
    add_members(stats, out);
    add_journal(stats, out);
    add_sweep(stats, out);
  }

  const MetricsSources& sources_;
};

}  // namespace

std::string metrics_text(const MetricsSources& sources) {
  return prometheus::TextSerializer().Serialize(Collector(sources).Collect());
}

}  // namespace wutong

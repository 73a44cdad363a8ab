#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/engine.h"
#include "actors/ledger.h"
#include "gateway/call_metrics.h"

namespace wutong {

/// One number that `main` adds to the metrics, since only it sees the part that it comes from.
struct ExtraSample {
  /// `wutong_…`; ends in `_total` for a counter.
  std::string name;
  std::string help;
  bool is_counter = false;
  double value = 0;
  std::vector<std::pair<std::string, std::string>> labels;
};

struct MetricsSources {
  const CallMetrics& calls;
  /// Null while there is no engine.
  const Engine* engine = nullptr;
  LedgerClock clock = LedgerClock::gateway;
  std::string version;
  std::function<std::vector<ExtraSample>()> extra;
};

/// All metrics in Prometheus' text form. Any thread; sums the cells, so it costs about a
/// millisecond and the hot path nothing.
[[nodiscard]] std::string metrics_text(const MetricsSources& sources);

}  // namespace wutong

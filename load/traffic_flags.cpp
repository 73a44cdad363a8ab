#include "load/traffic_flags.h"

#include <absl/strings/str_cat.h>

#include "load/axis.h"
#include "load/plain_enrollment.h"

namespace wutong::load {

Mix::Options TrafficFlags::mix(const std::string& command) const {
  return {.members = members,
          .member_prefix = member_prefix,
          .order_prefix = absl::StrCat(command, "-", seed, "-"),
          .seed = seed,
          .refunds = refunds_percent / 100.0};
}

OpenLoop::Options TrafficFlags::open_loop() const {
  return {.batch = batch,
          .batch_wait = std::chrono::milliseconds(batch_wait_ms),
          .interval = std::chrono::milliseconds(interval_ms)};
}

std::string TrafficFlags::text() const {
  std::string text = batch == 0 ? "unary calls" : absl::StrCat("streams of batches of ", batch);
  absl::StrAppend(&text, " over ", common.channels,
                  common.channels == 1 ? " connection" : " connections", ", ",
                  poisson ? "Poisson" : "evenly spaced", " arrivals, ", number_text(members),
                  members == 1 ? " member" : " members");
  if (refunds_percent > 0) absl::StrAppend(&text, ", ", refunds_percent, " % refunds");
  return text;
}

bool enroll_all(const TrafficFlags& flags, const CallOptions& calls) {
  return enroll_members(calls, flags.common.total_outstanding(), flags.member_prefix,
                        flags.members);
}

}  // namespace wutong::load

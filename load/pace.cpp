#include "load/pace.h"

#include <absl/strings/str_format.h>

#include <algorithm>

namespace wutong::load {

Pace::Pace(const Plan& plan, std::size_t full) : plan_(plan) {
  for (const PlannedOrder& order : plan.orders) ++hours_[order.minute / 60U].orders;
  const std::size_t most = std::ranges::max(hours_, {}, &Hour::orders).orders;
  for (Hour& hour : hours_) {
    hour.outstanding = std::max<std::size_t>(1, full * hour.orders / most);
  }
  minute_ = plan.steps.front().minute;
}

std::size_t Pace::outstanding_at(std::size_t step, std::size_t under_way) {
  const auto now = std::chrono::steady_clock::now();
  hour_now().took += now - since_;
  since_ = now;
  minute_ = plan_.steps[step].minute;
  Hour& hour = hour_now();
  // More of the hour before may still be under way; those are not of this one's making.
  if (under_way < hour.outstanding) {
    hour.under_way_max = std::max(hour.under_way_max, under_way + 1);
  }
  return hour.outstanding;
}

std::string Pace::text() const {
  return absl::StrFormat("%02d:%02d, %d at once", minute_ / 60, minute_ % 60,
                         hours_[minute_ / 60U].outstanding);
}

std::string Pace::summary() const {
  std::size_t peak = 0;
  std::size_t quiet = 0;
  for (std::size_t hour = 0; hour < hours_.size(); ++hour) {
    const std::uint32_t orders = hours_[hour].orders;
    if (orders > hours_[peak].orders) peak = hour;
    if (orders > 0 && (hours_[quiet].orders == 0 || orders < hours_[quiet].orders)) quiet = hour;
  }
  return absl::StrFormat(
      "the peak from %02d:00 with %d orders, %d calls at once; the quietest hour from %02d:00 with "
      "%d orders, %d at once",
      peak, hours_[peak].orders, hours_[peak].under_way_max, quiet, hours_[quiet].orders,
      hours_[quiet].under_way_max);
}

void Pace::write(JsonWriter& json) const {
  json.begin_object("hours");
  for (std::size_t i = 0; i < hours_.size(); ++i) {
    const Hour& hour = hours_[i];
    if (hour.orders == 0) continue;
    json.begin_object(absl::StrFormat("%02d", i));
    json.number("orders", hour.orders);
    json.number("outstanding", static_cast<std::int64_t>(hour.outstanding));
    json.number("under_way_max", static_cast<std::int64_t>(hour.under_way_max));
    json.real("seconds", std::chrono::duration<double>(hour.took).count());
    json.end_object();
  }
  json.end_object();
}

}  // namespace wutong::load

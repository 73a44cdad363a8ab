#include "actors/domain/event.h"

namespace wutong::domain {

const EventHeader& header_of(const Event& event) {
  return std::visit([](const auto& happened) -> const EventHeader& { return happened.header; },
                    event);
}

EventHeader& header_of(Event& event) {
  return std::visit([](auto& happened) -> EventHeader& { return happened.header; }, event);
}

std::optional<Record> record_of(const Event& event) {
  if (const auto* order = std::get_if<CheckedOut>(&event)) return *order;
  if (const auto* refund = std::get_if<Refunded>(&event)) return *refund;
  return std::nullopt;
}

RecordKey key_of(const Record& record) {
  return std::visit([](const auto& happened) { return happened.key; }, record);
}

Instant filed_at(const Record& record) {
  if (const auto* refund = std::get_if<Refunded>(&record)) return refund->order_occurred_at;
  return std::get<CheckedOut>(record).content.occurred_at;
}

}  // namespace wutong::domain

#include "actors/domain/event.h"

#include <type_traits>
#include <utility>

namespace wutong::domain {
namespace {

template <typename Happened>
constexpr bool is_record = std::is_constructible_v<Record, Happened>;

template <typename Happened>
constexpr bool has_effects = requires(const Happened& happened) {
  happened.effects;
};

template <typename Happened>
constexpr bool tells_balances = requires(const Happened& happened) {
  happened.after;
};

FiledUnder filing_of(const CheckedOut& order) {
  return {.key = order.key, .beside = {}, .at = order.content.occurred_at};
}

FiledUnder filing_of(const Refunded& refund) {
  return {.key = refund.key, .beside = refund.content.order, .at = refund.order_occurred_at};
}

FiledUnder filing_of(const Held& hold) {
  return {.key = hold.key, .beside = {}, .at = hold.content.occurred_at};
}

FiledUnder filing_of(const Released& release) {
  return {.key = release.key, .beside = release.hold, .at = release.hold_occurred_at};
}

FiledUnder filing_of(const Granted& grant) {
  return {.key = grant.key, .beside = {}, .at = grant.content.occurred_at};
}

FiledUnder filing_of(const GrantRevoked& revocation) {
  return {.key = revocation.key, .beside = revocation.grant, .at = revocation.grant_occurred_at};
}

FiledUnder filing_of(const Declined& declined) {
  if (const auto* refund = std::get_if<RefundContent>(&declined.content)) {
    return {.key = declined.key, .beside = refund->order, .at = declined.order_occurred_at};
  }
  const auto& order = std::get<OrderContent>(declined.content);
  return {.key = declined.key, .beside = {}, .at = order.occurred_at};
}

}  // namespace

const EventHeader& header_of(const Event& event) {
  return std::visit([](const auto& happened) -> const EventHeader& { return happened.header; },
                    event);
}

EventHeader& header_of(Event& event) {
  return std::visit([](auto& happened) -> EventHeader& { return happened.header; }, event);
}

const Effects* effects_of(const Event& event) {
  return std::visit(
      [](const auto& happened) -> const Effects* {
        if constexpr (has_effects<std::decay_t<decltype(happened)>>) return &happened.effects;
        return nullptr;
      },
      event);
}

const Balances* balances_after(const Event& event) {
  return std::visit(
      [](const auto& happened) -> const Balances* {
        if constexpr (tells_balances<std::decay_t<decltype(happened)>>) return &happened.after;
        return nullptr;
      },
      event);
}

std::optional<Record> record_of(const Event& event) { return record_of(Event(event)); }

std::optional<Record> record_of(Event&& event) {
  return std::visit(
      [](auto&& happened) -> std::optional<Record> {
        if constexpr (is_record<std::decay_t<decltype(happened)>>) return std::move(happened);
        return std::nullopt;
      },
      std::move(event));
}

bool move_record(Event&& event, Record& to) {
  return std::visit(
      [&to]<typename Happened>(Happened& happened) {
        if constexpr (is_record<Happened>) to.template emplace<Happened>(std::move(happened));
        return is_record<Happened>;
      },
      event);
}

RecordKey key_of(const Record& record) {
  return std::visit([](const auto& happened) { return happened.key; }, record);
}

FiledUnder filed_under(const Record& record) {
  return std::visit([](const auto& happened) { return filing_of(happened); }, record);
}

std::optional<FiledUnder> filed_under(const Event& event) {
  return std::visit(
      [](const auto& happened) -> std::optional<FiledUnder> {
        if constexpr (is_record<std::decay_t<decltype(happened)>>) return filing_of(happened);
        return std::nullopt;
      },
      event);
}

}  // namespace wutong::domain

#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "actors/domain/event.h"

/// Values that anything may have, and what events do with them, for `arbitrary_events.h`.
namespace wutong::persistence::testing {

using rc::Gen;
namespace gen = rc::gen;

template <typename Int>
Gen<Int> integers() {
  return gen::oneOf(gen::arbitrary<Int>(), gen::inRange<Int>(0, 100),
                    gen::element(std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max()));
}

/// Bytes, not text: nothing says that a till sends UTF-8.
inline std::string any_text() {
  return *gen::resize(12, gen::container<std::string>(gen::arbitrary<char>()));
}
template <typename Int = std::int64_t>
Int any() {
  return *integers<Int>();
}
inline bool any_bool() { return *gen::arbitrary<bool>(); }
/// Between `first` and `last`, both included.
template <typename Enum>
Enum any_of(Enum first, Enum last) {
  return static_cast<Enum>(*gen::inRange<int>(static_cast<int>(first), static_cast<int>(last) + 1));
}
/// From a small stock, since immortal names must not grow with the cases.
template <typename NameType>
NameType any_name() {
  return NameType::intern(*gen::element<std::string>("", "MALL", "HOTEL", "M1", "H1", "S", "W",
                                                     "daily\xff\x01", "东门"));
}
template <typename Make>
auto several(Make make) {
  std::vector<decltype(make())> values;
  const auto count = *gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) values.push_back(make());
  return values;
}

inline domain::RecordKey any_key() { return {any<std::uint64_t>(), any<std::uint32_t>()}; }
inline domain::Position any_position() { return {any<std::uint64_t>(), any<std::uint64_t>()}; }

inline domain::EventHeader any_header() {
  return {any_position(), {any()}, any<std::uint32_t>(), any<std::uint32_t>()};
}

inline domain::Origin any_origin() {
  domain::Origin origin{
      .venue = any_name<domain::VenueId>(),
      .store = any_name<domain::StoreId>(),
      .terminal = any_text(),
      .cashier = any_text(),
      .channel = any_of(domain::Channel::unspecified, domain::Channel::back_office),
      .offline = any_bool(),
      .printed_receipt_number = any_text(),
      .till_business_date = {},
  };
  if (any_bool()) origin.till_business_date = domain::Day{any<std::int32_t>()};
  return origin;
}

inline domain::Movement any_movement() {
  return {.reason = any_of(domain::Reason::earn, domain::Reason::revoke),
          .line = any<std::uint32_t>(),
          .lot_serial = any<std::uint32_t>(),
          .party = any_name<domain::PartyId>(),
          .price = {any()},
          .expires_on = {any<std::int32_t>()},
          .available_from = {any()},
          .points = {any()},
          .counterparty = any_name<domain::PartyId>()};
}

inline domain::Measure any_measure() {
  return any_of(domain::Measure::points_earned, domain::Measure::refunds);
}
inline domain::Window any_window() {
  return any_of(domain::Window::calendar_day, domain::Window::calendar_week);
}
inline std::int32_t any_seconds() {
  return *gen::inRange<std::int32_t>(1, domain::sliding_seconds_max + 1);
}
inline domain::TierSpan any_tier() {
  return {.source = any_of(domain::TierSource::reached, domain::TierSource::given),
          .from = {any<std::int32_t>()},
          .until = {any<std::int32_t>()},
          .tier = any_name<domain::TierId>()};
}

/// An award under review, or the change that makes one: both have the same fields.
template <typename Pending>
Pending any_pending() {
  return {any_key(),
          {any()},
          any<std::uint32_t>(),
          any_name<domain::PartyId>(),
          {any()},
          {any<std::int32_t>()},
          {any()},
          {any()}};
}

inline domain::Effects any_effects() {
  return {
      .movements = several(any_movement),
      .debts = several([] {
        return domain::DebtChange{
            any_key(), {any()}, any<std::uint32_t>(), any_name<domain::PartyId>(), {any()}};
      }),
      .holds = several([] {
        return domain::HoldChange{any_key(), {any()}, any<std::uint32_t>(), {any()}};
      }),
      .pending = several(any_pending<domain::PendingChange>),
      .expired_counts = several([] {
        return domain::ExpiredCount{any<std::uint32_t>(), any<std::uint32_t>(), {any()}};
      }),
      .counters = several([] {
        return domain::CounterMove{
            any_measure(), any_window(), {any<std::int32_t>()}, any(), any_name<domain::LimitId>()};
      }),
      .sliding = several([] {
        return domain::SlidingMove{any_measure(), any_seconds(), any(),
                                   any_name<domain::LimitId>()};
      }),
      .tiers = several(any_tier),
  };
}

inline domain::Balances any_balances() { return {{any()}, {any()}, {any()}, {any()}}; }

}  // namespace wutong::persistence::testing

#pragma once

#include <algorithm>
#include <tuple>
#include <vector>

/// Where the rows of a member's state stand. A change names the row that it changes by the same
/// members, so one place serves for both.
namespace wutong::domain {

/// Oldest order first, then its lines in their order.
template <typename Row>
requires requires(const Row& row) { row.order_occurred_at; }
[[nodiscard]] auto place_of(const Row& row) {
  return std::tie(row.order_occurred_at, row.order, row.line);
}

/// Soonest to lapse first.
template <typename Row>
requires requires(const Row& row) { row.lapses_at; }
[[nodiscard]] auto place_of(const Row& row) {
  return std::tie(row.lapses_at, row.hold, row.lot_serial);
}

template <typename Row>
requires requires(const Row& row) { row.window; }
[[nodiscard]] auto place_of(const Row& row) {
  return std::tie(row.measure, row.window, row.day, row.shadow);
}

template <typename Row>
requires requires(const Row& row) { row.seconds; }
[[nodiscard]] auto place_of(const Row& row) {
  return std::tie(row.measure, row.seconds, row.shadow, row.last);
}

template <typename Row>
requires requires(const Row& row) { row.tier; }
[[nodiscard]] auto place_of(const Row& row) { return std::tie(row.source, row.from); }

template <typename Row>
requires requires(const Row& row) { row.identity; }
[[nodiscard]] auto place_of(const Row& row) { return std::tie(row.kind, row.identity); }

/// Makes room for one row and no more: most members have a few for ever, and there are millions of members.
template <typename Row>
Row& insert_row(std::vector<Row>& rows, typename std::vector<Row>::iterator at, const Row& made) {
  const auto place = at - rows.begin();
  if (rows.size() == rows.capacity()) rows.reserve(rows.size() + 1);
  return *rows.insert(rows.begin() + place, made);
}

/// Every row in its place, and no two in one.
template <typename Row>
[[nodiscard]] bool in_order(const std::vector<Row>& rows) {
  return std::ranges::adjacent_find(rows, [](const Row& a, const Row& b) {
           return place_of(a) >= place_of(b);
         }) == rows.end();
}

}  // namespace wutong::domain

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

/// Counters for the hot path: written by many threads at about 5 ns each, read by a scrape.
/// A counter shared by all threads would pass its cache line from core to core at every call.
namespace wutong {

/// A number of each thread, to spread threads over rows; not dense over threads that ended.
inline std::size_t thread_number() noexcept {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

/// `count` counters that only rise, kept in rows of whole cache lines: a thread writes to one row,
/// two threads may share one. Thread-safe; owned by whoever reads them.
class CounterCells {
 public:
  explicit CounterCells(std::size_t count)
      : count_(count),
        lines_((count + per_line - 1) / per_line),
        cells_(std::make_unique<Line[]>(lines_ * rows)) {}

  /// REQUIRES: cell < count().
  void add(std::size_t cell, std::uint64_t amount = 1) noexcept {
    const std::size_t row = (thread_number() % rows) * lines_;
    cells_[row + cell / per_line][cell % per_line].fetch_add(amount, std::memory_order_relaxed);
  }

  /// What was added so far; what other threads add meanwhile may be missing. REQUIRES: cell <
  /// count().
  [[nodiscard]] std::uint64_t sum(std::size_t cell) const noexcept {
    std::uint64_t total = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      total +=
          cells_[row * lines_ + cell / per_line][cell % per_line].load(std::memory_order_relaxed);
    }
    return total;
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  static constexpr std::size_t rows = 16;
  static constexpr std::size_t per_line = 8;
  struct alignas(64) Line : std::array<std::atomic<std::uint64_t>, per_line> {};

  std::size_t count_;
  std::size_t lines_;
  std::unique_ptr<Line[]> cells_;
};

/// `count` histograms over the same upper bounds (ascending, inclusive), in whatever unit the
/// observations have. Thread-safe, as `CounterCells`.
class HistogramCells {
 public:
  HistogramCells(std::size_t count, std::span<const std::int64_t> bounds)
      : bounds_(bounds.begin(), bounds.end()), cells_(count * width()) {}

  /// A negative value counts as 0. REQUIRES: histogram < the count of the constructor.
  void observe(std::size_t histogram, std::int64_t value) noexcept {
    std::size_t bucket = 0;
    while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
    cells_.add(histogram * width() + bucket);
    if (value > 0) {
      cells_.add(histogram * width() + bounds_.size() + 1, static_cast<std::uint64_t>(value));
    }
  }

  struct Snapshot {
    /// One a bound, then what is above the last; not cumulative.
    std::vector<std::uint64_t> buckets;
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
  };
  [[nodiscard]] Snapshot read(std::size_t histogram) const {
    Snapshot snapshot;
    for (std::size_t bucket = 0; bucket <= bounds_.size(); ++bucket) {
      snapshot.buckets.push_back(cells_.sum(histogram * width() + bucket));
      snapshot.count += snapshot.buckets.back();
    }
    snapshot.sum = cells_.sum(histogram * width() + bounds_.size() + 1);
    return snapshot;
  }

  [[nodiscard]] std::span<const std::int64_t> bounds() const noexcept { return bounds_; }

 private:
  /// A cell a bucket, one above the last bound, and one for the sum.
  [[nodiscard]] std::size_t width() const noexcept { return bounds_.size() + 2; }

  std::vector<std::int64_t> bounds_;
  CounterCells cells_;
};

}  // namespace wutong

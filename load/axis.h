#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wutong::load {

enum class Scale : std::uint8_t {
  /// From 0.
  linear,
  /// Values above 0 alone.
  logarithmic,
  /// Of shares from 0 to below 1: as far from 0 to 0.9 as from 0.9 to 0.99, so that a tail has room.
  nines,
};

/// One axis of a plot: where a value stands on it, and which values are marked.
class Axis {
 public:
  struct Tick {
    double value;
    std::string text;
  };

  /// Reaches over all `values` and a round value beyond; what cannot be shown on the scale is left out.
  Axis(Scale scale, const std::vector<double>& values);

  /// From 0 at the axis's beginning to 1 at its end. REQUIRES: the scale can show it.
  [[nodiscard]] double position(double value) const;
  [[nodiscard]] bool shows(double value) const;
  /// Ascending; at least two, a handful.
  [[nodiscard]] const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  [[nodiscard]] double transformed(double value) const;
  void make_linear(double most);
  void make_logarithmic(double least, double most);
  void make_nines(double most);

  Scale scale_;
  /// Transformed.
  double low_ = 0;
  double high_ = 1;
  std::vector<Tick> ticks_;
};

/// "12,000", "0.5": without digits that say nothing.
[[nodiscard]] std::string number_text(double value);

}  // namespace wutong::load

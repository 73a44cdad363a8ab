#pragma once

#include <string>
#include <vector>

#include "load/axis.h"

namespace wutong::load {

/// A plot of a few curves over one pair of axes.
struct Plot {
  struct Point {
    double x = 0;
    /// What its axis cannot show, such as NaN, is a gap in the curve.
    double y = 0;
  };
  struct Curve {
    std::string name;
    std::vector<Point> points;
  };
  /// A line across the plot.
  struct Bound {
    double y = 0;
    std::string text;
  };

  std::string title;
  /// With units.
  std::string x_label;
  std::string y_label;
  Scale x_scale = Scale::linear;
  Scale y_scale = Scale::linear;
  /// Told apart by colour and by dashes; beyond five they repeat.
  std::vector<Curve> curves;
  std::vector<Bound> bounds;
  /// Each point has a mark: they are few.
  bool marked = false;
};

/// An `svg` element that stands by itself but for its colours, which come from the page that it is in
/// (html_page.h).
[[nodiscard]] std::string svg_of(const Plot& plot);

}  // namespace wutong::load

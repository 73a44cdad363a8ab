#include "load/axis.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace wutong::load {
namespace {

/// The smallest of 1, 2 and 5 times a power of ten that is not below.
double round_up(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= value * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

std::string number_text(double value) {
  std::string text = absl::StrFormat("%.6g", value);
  if (text.find('e') != std::string::npos) text = absl::StrFormat("%.0f", value);
  const auto point = std::min(text.find('.'), text.size());
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = point; at > first + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

Axis::Axis(Scale scale, const std::vector<double>& values) : scale_(scale) {
  double least = std::numeric_limits<double>::infinity();
  double most = 0;
  for (const double value : values) {
    if (!shows(value)) continue;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  switch (scale) {
    case Scale::linear:
      make_linear(most);
      break;
    case Scale::logarithmic:
      make_logarithmic(std::min(least, most), most);
      break;
    case Scale::nines:
      make_nines(most);
      break;
  }
}

bool Axis::shows(double value) const {
  if (!std::isfinite(value)) return false;
  switch (scale_) {
    case Scale::linear:
      return value >= 0;
    case Scale::logarithmic:
      return value > 0;
    case Scale::nines:
      return value >= 0 && value < 1;
  }
  return false;
}

double Axis::position(double value) const {
  return std::clamp((transformed(value) - low_) / (high_ - low_), 0.0, 1.0);
}

double Axis::transformed(double value) const {
  switch (scale_) {
    case Scale::linear:
      return value;
    case Scale::logarithmic:
      return std::log10(value);
    case Scale::nines:
      return -std::log10(1 - value);
  }
  return value;
}

void Axis::make_linear(double most) {
  const double top = most > 0 ? most : 1;
  const double step = round_up(top / 5);
  ticks_.push_back({0, "0"});
  while (ticks_.back().value < top * (1 - 1e-9)) {
    const double next = static_cast<double>(ticks_.size()) * step;
    ticks_.push_back({next, number_text(next)});
  }
  high_ = ticks_.back().value;
}

void Axis::make_logarithmic(double least, double most) {
  if (most <= 0) least = most = 1;
  const auto from = static_cast<int>(std::floor(std::log10(least) + 1e-9));
  const auto to = std::max(from + 1, static_cast<int>(std::ceil(std::log10(most) - 1e-9)));
  for (int decade = from; decade <= to; ++decade) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      // Many decades leave no room for what lies between.
      if (factor > 1 && (decade == to || to - from > 3)) continue;
      const double value = factor * std::pow(10, decade);
      ticks_.push_back({value, number_text(value)});
    }
  }
  low_ = from;
  high_ = to;
}

void Axis::make_nines(double most) {
  ticks_ = {{0, "0 %"}, {0.5, "50 %"}, {0.9, "90 %"}};
  std::string text = "99";
  double outside = 0.01;
  while (1 - outside <= most && outside > 1e-9) {
    ticks_.push_back({1 - outside, absl::StrCat(text, " %")});
    text += text == "99" ? ".9" : "9";
    outside /= 10;
  }
  high_ = std::max(1.0, transformed(most));
}

}  // namespace wutong::load

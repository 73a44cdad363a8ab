#include "load/plot.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "load/markup.h"

namespace wutong::load {
namespace {

// In units of the picture, which the page scales to its width.
constexpr double width = 960;
constexpr double height = 320;
constexpr double left = 76;
constexpr double right = width - 36;
constexpr double top = 34;
constexpr double bottom = height - 50;
/// Wide enough for a letter of the legend, whatever the font.
constexpr double letter = 7.2;
constexpr double legend_sample = 24;
/// As many as the page has.
constexpr std::size_t colours = 5;

std::size_t colour_of(std::size_t curve) { return curve % colours + 1; }

class Drawing {
 public:
  explicit Drawing(const Plot& plot)
      : plot_(plot), x_(plot.x_scale, values(&Plot::Point::x)), y_(plot.y_scale, values_of_y()) {}

  std::string to_end() {
    absl::StrAppendFormat(
        &out_,
        "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">\n",
        width, height);
    absl::StrAppend(&out_, "<title>", escaped(plot_.title), "</title>\n");
    grid();
    labels();
    for (std::size_t i = 0; i < plot_.curves.size(); ++i) curve(i);
    for (const Plot::Bound& bound : plot_.bounds) line_of(bound);
    legend();
    return out_ + "</svg>\n";
  }

 private:
  [[nodiscard]] std::vector<double> values(double Plot::Point::*member) const {
    std::vector<double> values;
    for (const Plot::Curve& curve : plot_.curves) {
      for (const Plot::Point& point : curve.points) values.push_back(point.*member);
    }
    return values;
  }
  [[nodiscard]] std::vector<double> values_of_y() const {
    auto values = this->values(&Plot::Point::y);
    for (const Plot::Bound& bound : plot_.bounds) values.push_back(bound.y);
    return values;
  }
  [[nodiscard]] double across(double value) const {
    return left + x_.position(value) * (right - left);
  }
  [[nodiscard]] double up(double value) const {
    return bottom - y_.position(value) * (bottom - top);
  }

  void line(const char* style, double x1, double y1, double x2, double y2) {
    absl::StrAppendFormat(&out_,
                          "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                          style, x1, y1, x2, y2);
  }
  void text(const char* style, double x, double y, std::string_view words, const char* more = "") {
    absl::StrAppendFormat(&out_, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", style, x,
                          y, more, escaped(words));
  }

  void grid() {
    for (const Axis::Tick& tick : y_.ticks()) {
      line("grid", left, up(tick.value), right, up(tick.value));
      text("tick end", left - 8, up(tick.value) + 4, tick.text);
    }
    for (const Axis::Tick& tick : x_.ticks()) {
      line("grid", across(tick.value), bottom, across(tick.value), bottom + 5);
      text("tick middle", across(tick.value), bottom + 20, tick.text);
    }
    line("axis", left, bottom, right, bottom);
  }

  void labels() {
    text("label middle", (left + right) / 2, height - 8, plot_.x_label);
    text("label middle", 16, (top + bottom) / 2, plot_.y_label,
         absl::StrFormat(" transform=\"rotate(-90 16 %.1f)\"", (top + bottom) / 2).c_str());
  }

  void curve(std::size_t index) {
    std::string path;
    std::string marks;
    bool drawing = false;
    for (const Plot::Point& point : plot_.curves[index].points) {
      if (!x_.shows(point.x) || !y_.shows(point.y)) {
        drawing = false;
        continue;
      }
      const double x = across(point.x);
      const double y = up(point.y);
      // A point between gaps has no length, but round ends, so it is seen.
      absl::StrAppendFormat(&path, drawing ? "L%.1f %.1f" : "M%.1f %.1fh0", x, y);
      if (plot_.marked) {
        absl::StrAppendFormat(&marks,
                              "<circle class=\"mark curve%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
                              colour_of(index), x, y);
      }
      drawing = true;
    }
    if (path.empty()) return;
    absl::StrAppendFormat(&out_, "<path class=\"curve curve%d\" d=\"%s\"/>\n%s", colour_of(index),
                          path, marks);
  }

  void line_of(const Plot::Bound& bound) {
    if (!y_.shows(bound.y)) return;
    line("bound", left, up(bound.y), right, up(bound.y));
    text("tick", left + 6, up(bound.y) - 5, bound.text);
  }

  void legend() {
    double x = left;
    for (std::size_t i = 0; i < plot_.curves.size(); ++i) {
      const std::string& name = plot_.curves[i].name;
      line(absl::StrCat("curve curve", colour_of(i)).c_str(), x, 14, x + legend_sample, 14);
      text("label", x + legend_sample + 6, 18, name);
      x += legend_sample + 24 + letter * static_cast<double>(name.size());
    }
  }

  const Plot& plot_;
  const Axis x_;
  const Axis y_;
  std::string out_;
};

}  // namespace

std::string svg_of(const Plot& plot) { return Drawing(plot).to_end(); }

}  // namespace wutong::load

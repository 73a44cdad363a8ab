#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "load/plot.h"

namespace wutong::load {

struct Table {
  std::vector<std::string> header;
  /// The first cell of a row names it; the others stand to the right, as figures do.
  std::vector<std::vector<std::string>> rows;
};

/// One HTML file that needs no other and no network, for light and dark screens; well-formed as XML too.
/// All text is escaped.
class HtmlPage {
 public:
  explicit HtmlPage(std::string_view title);

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  /// One of each line.
  void paragraphs(const std::string& lines);
  void table(const Table& table);
  void plot(const Plot& plot);

  /// The whole file.
  [[nodiscard]] std::string finish();

 private:
  std::string out_;
};

}  // namespace wutong::load

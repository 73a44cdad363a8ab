#include "load/html_page.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "load/markup.h"

namespace wutong::load {
namespace {

// The curves' colours are told apart by colour-blind eyes too, and each has dashes of its own.
constexpr const char* style = R"css(
:root { color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --quiet: #5a626c; --rule: #d9dde2;
  --curve1: #0060b0; --curve2: #b84a00; --curve3: #00795a; --curve4: #8a3a8f; --curve5: #6b6200;
  --bound: #b3261e; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14171b; --ink: #e6e8eb; --quiet: #9aa3ad; --rule: #343a41;
  --curve1: #62b0f0; --curve2: #f0a04b; --curve3: #45c9a0; --curve4: #d795dc; --curve5: #cfc356;
  --bound: #ff8a80; } }
body { margin: 0 auto; padding: 24px 20px 48px; max-width: 1000px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 36px 0 8px; }
p { margin: 4px 0; }
figure { margin: 20px 0 0; }
figcaption { font-weight: 600; }
.wide { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--rule); text-align: right;
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; color: var(--quiet); }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif; }
.grid { stroke: var(--rule); }
.axis { stroke: var(--quiet); }
.tick { fill: var(--quiet); font-size: 12px; }
.label { fill: var(--ink); }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.bound { stroke: var(--bound); stroke-width: 1.5; stroke-dasharray: 2 4; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.mark { stroke: var(--paper); }
.curve1 { stroke: var(--curve1); }
.curve2 { stroke: var(--curve2); stroke-dasharray: 9 4; }
.curve3 { stroke: var(--curve3); stroke-dasharray: 3 4; }
.curve4 { stroke: var(--curve4); stroke-dasharray: 9 4 2 4; }
.curve5 { stroke: var(--curve5); stroke-dasharray: 14 4; }
circle.curve1 { fill: var(--curve1); }
circle.curve2 { fill: var(--curve2); }
circle.curve3 { fill: var(--curve3); }
circle.curve4 { fill: var(--curve4); }
circle.curve5 { fill: var(--curve5); }
circle.mark { stroke: var(--paper); stroke-dasharray: none; }
)css";

}  // namespace

HtmlPage::HtmlPage(std::string_view title) {
  const std::string text = escaped(title);
  absl::StrAppend(
      &out_,
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>",
      text, "</title>\n<style>", style, "</style>\n</head>\n<body>\n<h1>", text, "</h1>\n");
}

void HtmlPage::heading(std::string_view text) {
  absl::StrAppend(&out_, "<h2>", escaped(text), "</h2>\n");
}

void HtmlPage::paragraph(std::string_view text) {
  absl::StrAppend(&out_, "<p>", escaped(text), "</p>\n");
}

void HtmlPage::paragraphs(const std::string& lines) {
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(lines, '\n'))) {
    paragraph(line);
  }
}

void HtmlPage::table(const Table& table) {
  const auto row = [this](const std::vector<std::string>& cells, const char* tag) {
    out_ += "<tr>";
    for (const std::string& cell : cells) {
      absl::StrAppend(&out_, "<", tag, ">", escaped(cell), "</", tag, ">");
    }
    out_ += "</tr>\n";
  };
  out_ += "<div class=\"wide\"><table>\n";
  if (!table.header.empty()) {
    out_ += "<thead>";
    row(table.header, "th");
    out_ += "</thead>\n";
  }
  out_ += "<tbody>\n";
  for (const auto& cells : table.rows) row(cells, "td");
  out_ += "</tbody>\n</table></div>\n";
}

void HtmlPage::plot(const Plot& plot) {
  absl::StrAppend(&out_, "<figure>\n<figcaption>", escaped(plot.title), "</figcaption>\n",
                  svg_of(plot), "</figure>\n");
}

std::string HtmlPage::finish() {
  out_ += "</body>\n</html>\n";
  return std::move(out_);
}

}  // namespace wutong::load

#include "load/json.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

namespace wutong::load {

void JsonWriter::number(std::string_view key, std::int64_t value) {
  name(key);
  absl::StrAppend(&out_, value);
}

void JsonWriter::real(std::string_view key, double value) {
  name(key);
  absl::StrAppendFormat(&out_, "%.4f", value);
}

void JsonWriter::text(std::string_view key, std::string_view value) {
  name(key);
  out_ += quoted(value);
}

void JsonWriter::truth(std::string_view key, bool value) {
  name(key);
  out_ += value ? "true" : "false";
}

void JsonWriter::item(std::string_view value) {
  next_line();
  out_ += quoted(value);
}

void JsonWriter::begin_object(std::string_view key) {
  name(key);
  open('{');
}

void JsonWriter::begin_item() {
  next_line();
  open('{');
}

void JsonWriter::begin_list(std::string_view key) {
  name(key);
  open('[');
}

std::string JsonWriter::finish() {
  close('}');
  out_ += '\n';
  return std::move(out_);
}

void JsonWriter::open(char bracket) {
  out_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!first_) {
    out_ += '\n';
    out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
  }
  out_ += bracket;
  first_ = false;
}

void JsonWriter::name(std::string_view key) {
  next_line();
  absl::StrAppend(&out_, quoted(key), ": ");
}

void JsonWriter::next_line() {
  if (!first_) out_ += ',';
  first_ = false;
  out_ += '\n';
  out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
}

std::string JsonWriter::quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace wutong::load

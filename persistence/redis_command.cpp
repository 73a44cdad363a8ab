#include "persistence/redis_command.h"

#include "persistence/text.h"

namespace wutong::persistence {

// `*<n>\r\n`, or `$<n>\r\n` with the argument's closing `\r\n`: at most 2 + 20 + 2 bytes of frame.
constexpr std::size_t frame_bytes_max = 24;

RedisCommandWriter::RedisCommandWriter(std::size_t arguments, std::size_t payload_bytes) {
  bytes_.reserve(payload_bytes + frame_bytes_max * (arguments + 1));
  append_text(bytes_, "*", arguments, "\r\n");
}

RedisCommandWriter& RedisCommandWriter::add(std::string_view argument) {
  append_text(bytes_, "$", argument.size(), "\r\n", argument, "\r\n");
  return *this;
}

std::string redis_command(std::initializer_list<std::string_view> arguments) {
  std::size_t payload_bytes = 0;
  for (const auto argument : arguments) payload_bytes += argument.size();
  RedisCommandWriter writer(arguments.size(), payload_bytes);
  for (const auto argument : arguments) writer.add(argument);
  return writer.take();
}

}  // namespace wutong::persistence

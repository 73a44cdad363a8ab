#pragma once

#include <grpcpp/server_context.h>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace wutong {

/// The bearer token of the call's metadata, or an empty text.
[[nodiscard]] inline std::string_view token_of(const grpc::CallbackServerContext& context) {
  constexpr std::string_view bearer = "Bearer ";
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return {};
  const std::string_view value(found->second.data(), found->second.size());
  return value.starts_with(bearer) ? value.substr(bearer.size()) : std::string_view();
}

/// How long the caller waits yet; an hour for one that set no deadline.
[[nodiscard]] inline std::int64_t remaining_ms_of(const grpc::CallbackServerContext& context) {
  using std::chrono::system_clock;
  constexpr std::chrono::hours longest{1};
  const system_clock::time_point deadline = context.deadline();
  const system_clock::time_point now = system_clock::now();
  // One without a deadline has one at the end of time: subtracting from that overflows.
  if (deadline > now + longest) return std::chrono::milliseconds(longest).count();
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now).count();
}

}  // namespace wutong

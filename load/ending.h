#pragma once

#include <wutong/v1/points.pb.h>

#include <cstdint>
#include <string>

namespace wutong::load {

/// How a request of a measured run ended.
enum class Ending : std::uint8_t {
  /// With a receipt, be it of a decline: the gateway has decided, and written it down.
  done,
  /// RESOURCE_EXHAUSTED: the gateway was asked more than it takes, and said so.
  turned_away,
  /// Anything else, be it a refusal by the rules: the requests of such a run are good ones.
  failed,
};

[[nodiscard]] Ending ending_of(const v1::BatchItemReply& reply);
/// Why there is no receipt, without what differs from request to request: "UNAVAILABLE", "ORDER_UNKNOWN".
[[nodiscard]] std::string reason_of(const v1::BatchItemReply& reply);
/// The same at length.
[[nodiscard]] std::string explanation_of(const v1::BatchItemReply& reply);

}  // namespace wutong::load

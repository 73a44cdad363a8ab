#include "actors/request_ids.h"

#include <type_traits>

#include "actors/order_claim.h"

namespace wutong {
namespace {

FiledCommand filing_of(const domain::Refund& refund) {
  return {.key = refund.key,
          .beside = refund.order,
          .beside_order = true,
          .by_engine = refund.reversal};
}
FiledCommand filing_of(const domain::Hold& hold) { return {.key = hold.key, .beside = {}}; }
FiledCommand filing_of(const domain::Release& release) {
  return {.key = release.key, .beside = release.hold};
}
FiledCommand filing_of(const domain::Grant& grant) { return {.key = grant.key, .beside = {}}; }
FiledCommand filing_of(const domain::RevokeGrant& revocation) {
  return {.key = revocation.key, .beside = revocation.grant};
}

template <typename Asked>
concept Filed = requires(const Asked& asked) {
  filing_of(asked);
};

}  // namespace

std::optional<FiledCommand> filed_command(const Request& request) {
  return std::visit(
      [](const auto& asked) -> std::optional<FiledCommand> {
        if constexpr (Filed<std::decay_t<decltype(asked)>>) return filing_of(asked);
        return std::nullopt;
      },
      request);
}

domain::RecordKey own_id(const domain::Checkout& checkout) {
  return decline_of(checkout.key, checkout.occurred_at);
}

std::optional<domain::RecordKey> own_id(const Request& request) {
  if (const auto* checkout = std::get_if<domain::Checkout>(&request)) return own_id(*checkout);
  const auto filed = filed_command(request);
  return filed ? std::optional(filed->key) : std::nullopt;
}

bool writes(const Request& request) {
  return std::holds_alternative<domain::Checkout>(request) ||
         std::holds_alternative<domain::Enroll>(request) ||
         std::holds_alternative<domain::LinkIdentity>(request) ||
         std::holds_alternative<domain::UnlinkIdentity>(request) ||
         filed_command(request).has_value();
}

}  // namespace wutong

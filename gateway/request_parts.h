#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "actors/call.h"
#include "gateway/order_view.h"
#include "gateway/problem.h"
#include "gateway/shape.h"
#include "gateway/translate_request.h"

/// Evaluates `expression`, an OrProblem; answers the problem, or goes on with its value in `name`.
#define WUTONG_TAKE(name, expression)                                       \
  auto name##_or = (expression);                                            \
  if (!name##_or) return tl::make_unexpected(std::move(name##_or).error()); \
  [[maybe_unused]] auto name = *std::move(name##_or)

/// What requests of several methods have in common.
namespace wutong {

/// The venue, if the program has it and the credential covers it.
[[nodiscard]] OrProblem<const domain::Venue*> venue_of(std::string_view text,
                                                       const shape::Path& path,
                                                       const TranslationContext& context);

/// The store of `venue`; the empty one for an empty text.
[[nodiscard]] OrProblem<domain::StoreId> store_of(std::string_view text, const shape::Path& path,
                                                  const domain::Venue& venue);

struct Place {
  domain::Origin origin;
  const domain::Venue* venue = nullptr;
};

[[nodiscard]] OrProblem<Place> place_of(const OriginView& origin,
                                        const TranslationContext& context);

/// Exactly one of the two; neither where the caller need not name the member and does not.
struct MemberName {
  std::string id;
  std::optional<domain::IdentityKey> identity;
};

[[nodiscard]] OrProblem<MemberName> member_of(const MemberView& member,
                                              const TranslationContext& context);

struct IdentityName {
  domain::IdentityKind kind = domain::IdentityKind::phone;
  domain::IdentityKey key;
};

/// What is told of it from here on is its keyed hash.
[[nodiscard]] OrProblem<IdentityName> identity_of(const IdentityView& identity,
                                                  std::string_view path,
                                                  const TranslationContext& context);

enum class Told : std::uint8_t { required, optional };

/// The gateway's clock, or the caller's where the ledger goes by that.
[[nodiscard]] OrProblem<domain::Instant> received_at_of(std::optional<std::int64_t> told, Told wish,
                                                        const TranslationContext& context);

template <typename Request>
std::optional<std::int64_t> told_receipt(const Request& request) {
  if (!request.has_received_at_unix_ms()) return std::nullopt;
  return request.received_at_unix_ms();
}

/// Without deadline and `done`, and without a request where none is given.
[[nodiscard]] std::shared_ptr<Call> call_of(MemberName member, domain::Instant received_at,
                                            const TranslationContext& context);
[[nodiscard]] std::shared_ptr<Call> call_of(MemberName member, Request request,
                                            domain::Instant received_at,
                                            const TranslationContext& context);

}  // namespace wutong

#include "load/ending.h"

#include <absl/strings/str_cat.h>

#include "load/caller.h"

namespace wutong::load {
namespace {

/// Nothing if the reply is of another kind, or none.
const v1::Refusal* refusal_in(const v1::BatchItemReply& reply) {
  if (reply.checkout().has_refusal()) return &reply.checkout().refusal();
  if (reply.refund().has_refusal()) return &reply.refund().refusal();
  return nullptr;
}

}  // namespace

Ending ending_of(const v1::BatchItemReply& reply) {
  if (reply.checkout().has_receipt() || reply.refund().has_receipt()) return Ending::done;
  const bool exhausted = reply.error().code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
  return exhausted ? Ending::turned_away : Ending::failed;
}

std::string reason_of(const v1::BatchItemReply& reply) {
  if (const auto* refusal = refusal_in(reply)) return v1::RefusalCode_Name(refusal->code());
  if (reply.has_error()) {
    return name_of(static_cast<grpc::StatusCode>(reply.error().code()));
  }
  return "an empty answer";
}

std::string explanation_of(const v1::BatchItemReply& reply) {
  if (const auto* refusal = refusal_in(reply)) return text_of(*refusal);
  if (!reply.has_error()) return reason_of(reply);
  const auto& detail = reply.error().detail();
  return absl::StrCat(reason_of(reply), detail.field().empty() ? "" : " ", detail.field(), ": ",
                      detail.text());
}

}  // namespace wutong::load

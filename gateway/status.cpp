#include "gateway/status.h"

#include "wutong/v1/points.pb.h"

namespace wutong {
namespace {

void fill(const Problem& problem, v1::ErrorDetail& detail) {
  detail.set_field(problem.field);
  detail.set_refusal(static_cast<v1::RefusalCode>(problem.refusal));
  detail.set_retryable(problem.retryable);
  detail.set_retry_after_ms(problem.retry_after_ms);
  detail.set_text(problem.text);
}

}  // namespace

grpc::Status status_of(const Problem& problem) {
  v1::ErrorDetail detail;
  fill(problem, detail);
  v1::StatusDetails details;
  details.set_code(static_cast<std::int32_t>(problem.code));
  details.set_message(problem.text);
  details.add_details()->PackFrom(detail);
  return {static_cast<grpc::StatusCode>(problem.code), problem.text, details.SerializeAsString()};
}

void write_item_error(WireWriter& out, const Problem& problem) {
  v1::ItemError error;
  error.set_code(static_cast<std::int32_t>(problem.code));
  fill(problem, *error.mutable_detail());
  const auto bytes = error.SerializeAsString();
  auto to = out.fields(1, bytes.size());
  to.bytes<v1::BatchItemReply::kErrorFieldNumber>(bytes);
  out.end(to);
}

}  // namespace wutong

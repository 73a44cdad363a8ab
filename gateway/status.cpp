#include "gateway/status.h"

namespace wutong {

void fill(const Problem& problem, v1::ErrorDetail& detail) {
  detail.set_field(problem.field);
  detail.set_refusal(static_cast<v1::RefusalCode>(problem.refusal));
  detail.set_retryable(problem.retryable);
  detail.set_retry_after_ms(problem.retry_after_ms);
  detail.set_text(problem.text);
}

grpc::Status status_of(const Problem& problem) {
  v1::ErrorDetail detail;
  fill(problem, detail);
  v1::StatusDetails details;
  details.set_code(static_cast<std::int32_t>(problem.code));
  details.set_message(problem.text);
  details.add_details()->PackFrom(detail);
  return {static_cast<grpc::StatusCode>(problem.code), problem.text, details.SerializeAsString()};
}

}  // namespace wutong

#include "load/members.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

namespace wutong::load {

void Enrollment::start(std::size_t job, std::function<void()> done) {
  v1::EnrollRequest request;
  request.set_member_id(options_.member_id(static_cast<std::uint32_t>(job)));
  if (options_.received_at_unix_ms) {
    request.set_received_at_unix_ms(*options_.received_at_unix_ms);
  }
  caller_.enroll(std::move(request), [this, job,
                                      done = std::move(done)](Answer<v1::EnrollReply> answer) {
    StartingMember& member = members_[job];
    if (answer.status.ok() && answer.reply.has_member()) {
      member.made_now = answer.reply.enrolled_now();
      member.member = std::move(*answer.reply.mutable_member());
      member.known = true;
    } else if (!answer.unknown) {
      findings_.add(Finding::wrong_answer,
                    absl::StrCat("enrolling ", options_.member_id(static_cast<std::uint32_t>(job)),
                                 " gives ", text_of(answer)));
    }
    done();
  });
}

std::size_t Enrollment::made_now() const {
  return static_cast<std::size_t>(std::ranges::count_if(members_, &StartingMember::made_now));
}

}  // namespace wutong::load

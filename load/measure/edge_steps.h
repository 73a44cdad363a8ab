#pragma once

#include <memory>
#include <string>

#include "actors/call.h"
#include "actors/domain/program.h"
#include "gateway/credentials.h"
#include "gateway/keys.h"

namespace wutong::bench {

/// What the gateway's edge does for a checkout beside gRPC: from the request's bytes to the call, and from
/// the reply to its bytes. One thread.
class EdgeSteps {
 public:
  /// `record` is told by the replies.
  EdgeSteps(std::shared_ptr<const domain::Program> program, domain::Instant now,
            domain::Record record);

  /// Exits if the request is not taken.
  void translate_request();
  void write_reply();

 private:
  const std::shared_ptr<const domain::Program> program_;
  const domain::Instant now_;
  const KeyHasher keys_;
  const Credential credential_{.name = "bench", .all_venues = true};
  std::string request_;
  Reply reply_;
};

}  // namespace wutong::bench

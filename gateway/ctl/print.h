#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "gateway/ctl/client.h"
#include "wutong/v1/points.pb.h"

/// Replies for people, as text of several lines, and as JSON.
namespace wutong::ctl {

/// `currency` says how amounts are written where the reply does not tell it.
[[nodiscard]] std::string table_of(const v1::Receipt& receipt);
[[nodiscard]] std::string table_of(const v1::Quotation& quotation, std::string_view currency);
[[nodiscard]] std::string table_of(const v1::Member& member);
/// One line a record.
[[nodiscard]] std::string table_of(const v1::ListHistoryReply& history, std::string_view currency);
[[nodiscard]] std::string table_of(const v1::Refusal& refusal);
[[nodiscard]] std::string table_of(const CallResult& failed);

/// With the names of the .proto files.
[[nodiscard]] std::string json_of(const google::protobuf::Message& message);

}  // namespace wutong::ctl

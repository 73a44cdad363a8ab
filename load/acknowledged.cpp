#include "load/acknowledged.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/delimited_message_util.h>

namespace wutong::load {

std::string bytes_of(const v1::ReceiptRecord& record) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  record.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

tl::expected<void, std::string> Acknowledged::write_to(const std::string& path) {
  file_.open(path, std::ios::binary | std::ios::trunc);
  if (!file_) return tl::unexpected(absl::StrCat("cannot write ", path));
  return {};
}

Acknowledged::Verdict Acknowledged::keep(std::size_t effect, const v1::ReceiptRecord& record,
                                         const v1::GetReceiptRequest& asked) {
  std::string bytes = bytes_of(record);
  if (has(effect)) return records_[effect] == bytes ? Verdict::same : Verdict::different;
  if (file_.is_open()) {
    google::protobuf::util::SerializeDelimitedToOstream(asked, &file_);
    google::protobuf::util::SerializeDelimitedToOstream(record, &file_);
  }
  records_[effect] = std::move(bytes);
  ++count_;
  return Verdict::first;
}

void Acknowledged::settle(std::size_t effect, std::string record) {
  records_[effect] = std::move(record);
}

void Acknowledged::flush() {
  if (file_.is_open()) file_.flush();
}

tl::expected<void, std::string> read_acknowledged(
    const std::string& path,
    const std::function<void(v1::GetReceiptRequest, std::string record)>& each) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(absl::StrCat("cannot read ", path));
  google::protobuf::io::IstreamInputStream stream(&file);
  for (;;) {
    v1::GetReceiptRequest asked;
    v1::ReceiptRecord record;
    bool at_end = false;
    const auto read = [&](auto* message) {
      return google::protobuf::util::ParseDelimitedFromZeroCopyStream(message, &stream, &at_end);
    };
    if (!read(&asked) || !read(&record)) return {};
    each(std::move(asked), bytes_of(record));
  }
}

}  // namespace wutong::load

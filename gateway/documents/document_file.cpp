#include "gateway/documents/document_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace wutong {
namespace {

constexpr std::uintmax_t document_bytes_max = 16U << 20U;

tl::unexpected<std::vector<DocumentError>> unreadable(std::string why) {
  return tl::unexpected(std::vector{DocumentError{.message = "cannot be read: " + std::move(why)}});
}

}  // namespace

tl::expected<std::string, std::vector<DocumentError>> read_document(
    const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (error) return unreadable(error.message());
  if (bytes > document_bytes_max) return unreadable("it is larger than 16 MiB");
  std::ifstream stream(file, std::ios::binary);
  std::string text(bytes, '\0');
  if (!stream.read(text.data(), static_cast<std::streamsize>(bytes))) {
    return unreadable("reading failed");
  }
  return text;
}

}  // namespace wutong

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "gateway/commands/commands.h"
#include "gateway/commands/inputs.h"
#include "gateway/credentials.h"
#include "gateway/text.h"

namespace wutong::commands {
namespace {

/// Appends to `file`, which is made readable by its owner only if it is new; false with a message.
bool append(const std::filesystem::path& file, const std::string& text, int flags) {
  const int descriptor =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, S_IRUSR | S_IWUSR);
  bool written = descriptor >= 0;
  if (written) {
    written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    written = ::close(descriptor) == 0 && written;
  }
  if (!written) {
    std::fprintf(stderr, "wutong: %s: %s\n", file.c_str(), std::strerror(errno));
  }
  return written;
}

std::string entry_of(const TokenArguments& arguments, const std::string& sha256_hex) {
  std::string venues;
  for (const std::string& venue : arguments.venues) {
    if (!venues.empty()) venues += ", ";
    venues += concat({"\"", venue, "\""});
  }
  return concat({"\n[[credential]]\nname = \"", arguments.name, "\"\ntoken_sha256 = \"", sha256_hex,
                 "\"\nrole = \"", arguments.role, "\"\nvenues = [", venues, "]\n"});
}

}  // namespace

int token(const TokenArguments& arguments) {
  const NewToken made = make_token();
  const std::string entry = entry_of(arguments, made.sha256_hex);
  // A name or role that does not fit the file must not end up in it.
  if (const auto parsed = parse_credentials(entry, "entry"); !parsed) {
    print(parsed.error());
    return exit_wrong;
  }
  if (arguments.credentials_file.empty()) {
    std::fputs(entry.c_str(), stdout);
  } else if (!append(arguments.credentials_file, entry, O_APPEND)) {
    return exit_failed;
  }
  if (arguments.token_file.empty()) {
    std::printf("%s%s\n", arguments.credentials_file.empty() ? "\n# token: " : "",
                made.token.c_str());
  } else if (!append(arguments.token_file, made.token + "\n", O_TRUNC)) {
    return exit_failed;
  }
  return exit_ok;
}

}  // namespace wutong::commands

#include "persistence/file_safekeeping.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <utility>

#include "persistence/ledger_text.h"
#include "persistence/salvage.h"
#include "persistence/text.h"

namespace wutong::persistence {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view witness_title = "wutong witness of ledger ";
constexpr auto write_pause = std::chrono::milliseconds(500);

std::optional<std::string> text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

/// On the disk, not only on its way there: a file's bytes, or a folder's names.
bool sync(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool synced = ::fsync(file) == 0;
  ::close(file);
  return synced;
}

/// Whole or not at all, also when the machine stops in between.
bool replace(const fs::path& file, const std::string& text) {
  auto fresh = file;
  fresh += ".new";
  {
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out) return false;
  }
  if (!sync(fresh)) return false;
  std::error_code error;
  fs::rename(fresh, file, error);
  return !error && sync(file.has_parent_path() ? file.parent_path() : fs::path("."));
}

tl::expected<std::map<std::uint32_t, Head>, std::string> parse_witness(
    const std::string& text, const std::string& ledger_id) {
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  if (line != join_text(witness_title, ledger_id)) {
    return tl::unexpected(join_text("it is not of the ledger ", ledger_id));
  }
  std::map<std::uint32_t, Head> heads;
  while (std::getline(lines, line)) {
    const auto space = line.find(' ');
    const auto shard = parse_number<std::uint32_t>(std::string_view(line).substr(0, space));
    const auto head = space == std::string::npos
                          ? std::nullopt
                          : parse_head(std::string_view(line).substr(space + 1));
    if (!shard || !head) return tl::unexpected(join_text("it has a broken line: ", line));
    heads[*shard] = *head;
  }
  return heads;
}

}  // namespace

tl::expected<std::unique_ptr<FileSafekeeping>, std::string> FileSafekeeping::open(
    fs::path witness_file, fs::path salvage_folder, std::string ledger_id) {
  std::error_code error;
  fs::create_directories(salvage_folder, error);
  if (witness_file.has_parent_path()) fs::create_directories(witness_file.parent_path(), error);
  std::map<std::uint32_t, Head> before;
  if (const auto text = text_of(witness_file)) {
    auto heads = parse_witness(*text, ledger_id);
    if (!heads) {
      return tl::unexpected(join_text("witness file ", witness_file.string(), ": ", heads.error()));
    }
    before = std::move(*heads);
  }
  return std::unique_ptr<FileSafekeeping>(new FileSafekeeping(
      std::move(witness_file), std::move(salvage_folder), std::move(ledger_id), std::move(before)));
}

FileSafekeeping::FileSafekeeping(fs::path witness_file, fs::path salvage_folder,
                                 std::string ledger_id, std::map<std::uint32_t, Head> before)
    : witness_file_(std::move(witness_file)),
      salvage_folder_(std::move(salvage_folder)),
      ledger_id_(std::move(ledger_id)),
      before_(std::move(before)),
      heads_(before_),
      writer_([this](const std::stop_token& stop) { write_until_stopped(stop); }) {}

FileSafekeeping::~FileSafekeeping() {
  writer_.request_stop();
  writer_.join();
}

void FileSafekeeping::witness(std::uint32_t shard, const Head& head) {
  const std::lock_guard lock(mutex_);
  auto& last = heads_[shard];
  if (last == head) return;
  last = head;
  dirty_ = true;
}

std::optional<Head> FileSafekeeping::witnessed(std::uint32_t shard) const {
  const auto found = before_.find(shard);
  return found == before_.end() ? std::nullopt : std::optional(found->second);
}

bool FileSafekeeping::salvage(std::uint32_t shard, const std::vector<AppendRequest>& lost) {
  if (lost.empty()) return true;
  const auto name = join_text("salvage-", shard, "-", position_text(lost.back().next.position));
  const bool written = replace(salvage_folder_ / name, salvage_text(ledger_id_, shard, lost));
  const std::lock_guard lock(mutex_);
  if (written) {
    ++salvaged_;
  } else {
    ++write_failures_;
  }
  return written;
}

std::uint64_t FileSafekeeping::salvaged() const {
  const std::lock_guard lock(mutex_);
  return salvaged_;
}

std::uint64_t FileSafekeeping::write_failures() const {
  const std::lock_guard lock(mutex_);
  return write_failures_;
}

void FileSafekeeping::write_until_stopped(const std::stop_token& stop) {
  while (true) {
    std::map<std::uint32_t, Head> heads;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, write_pause, [] { return false; });
      if (std::exchange(dirty_, false)) heads = heads_;
    }
    if (!heads.empty()) write(heads);
    if (stop.stop_requested()) return;
  }
}

void FileSafekeeping::write(const std::map<std::uint32_t, Head>& heads) {
  std::string text = join_text(witness_title, ledger_id_, "\n");
  for (const auto& [shard, head] : heads) append_text(text, shard, " ", head_text(head), "\n");
  if (replace(witness_file_, text)) return;
  const std::lock_guard lock(mutex_);
  ++write_failures_;
  dirty_ = true;
}

}  // namespace wutong::persistence

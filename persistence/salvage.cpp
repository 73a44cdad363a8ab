#include "persistence/salvage.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "persistence/ledger_text.h"
#include "persistence/text.h"

namespace wutong::persistence {
namespace {

constexpr std::string_view title = "wutong salvage of ledger ";
constexpr std::string_view shard_title = ", shard ";
constexpr std::string_view sum_title = "sum ";

/// The last line: an operator may have the file only as it came through mail and memory sticks.
std::string sum_line(std::string_view text) {
  std::array<unsigned char, crypto_generichash_BYTES> sum;
  crypto_generichash(sum.data(), sum.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  return join_text(sum_title, to_hex({reinterpret_cast<const char*>(sum.data()), sum.size()}),
                   "\n");
}

/// Nothing if `rest` does not begin with a batch.
std::optional<SalvagedBatch> take_batch(std::string_view& rest) {
  auto expected = parse_head(take_part(rest, "\n"));
  auto next = parse_head(take_part(rest, "\n"));
  const auto size = parse_number<std::size_t>(take_part(rest, "\n"));
  if (!expected || !next || !size || rest.size() <= *size || rest[*size] != '\n') {
    return std::nullopt;
  }
  SalvagedBatch batch{.expected = *std::move(expected),
                      .next = *std::move(next),
                      .batch = std::string(rest.substr(0, *size))};
  rest.remove_prefix(*size + 1);
  return batch;
}

}  // namespace

std::string salvage_text(std::string_view ledger_id, std::uint32_t shard,
                         const std::vector<AppendRequest>& lost) {
  auto text = join_text(title, ledger_id, shard_title, shard, "\n");
  for (const auto& request : lost) {
    append_text(text, head_text(request.expected), "\n", head_text(request.next), "\n",
                request.batch->size(), "\n", std::string_view(*request.batch), "\n");
  }
  return text + sum_line(text);
}

tl::expected<Salvage, std::string> read_salvage(const std::filesystem::path& file) {
  const auto fault = [](const auto&... parts) { return tl::unexpected(join_text(parts...)); };
  std::ifstream in(file, std::ios::binary);
  if (!in) return fault("it cannot be read");
  std::ostringstream read;
  read << in.rdbuf();
  const auto text = std::move(read).str();
  std::string_view rest = text;
  if (!rest.starts_with(title)) return fault("it is no salvage file");
  const auto sum_size = sum_line({}).size();
  const auto summed = rest.substr(0, rest.size() - std::min(rest.size(), sum_size));
  if (rest.substr(summed.size()) != sum_line(summed)) return fault("it is cut or was changed");

  rest = summed;
  auto first_line = take_part(rest, "\n").substr(title.size());
  Salvage salvage{.ledger_id = std::string(take_part(first_line, shard_title)), .batches = {}};
  const auto shard = parse_number<std::uint32_t>(first_line);
  if (!shard) return fault("it names no shard");
  salvage.shard = *shard;
  while (!rest.empty()) {
    auto batch = take_batch(rest);
    if (!batch) return fault("it is broken after ", salvage.batches.size(), " batches");
    if (!salvage.batches.empty() && salvage.batches.back().next != batch->expected) {
      return fault("its batches do not follow one another after ", salvage.batches.size());
    }
    salvage.batches.push_back(*std::move(batch));
  }
  if (salvage.batches.empty()) return fault("it has no batch");
  return salvage;
}

}  // namespace wutong::persistence

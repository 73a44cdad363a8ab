#include "gateway/commands/inputs.h"

#include <cstdio>
#include <utility>

#include "gateway/documents/program_document.h"
#include "gateway/documents/risk_document.h"
#include "gateway/text.h"

namespace wutong::commands {
namespace {

/// The document, or nothing and complaints.
template <typename Value>
std::shared_ptr<const Value> take(DocumentResult<Value> read, const std::filesystem::path& file,
                                  Complaints& complaints) {
  if (read) return *std::move(read);
  for (const DocumentError& error : read.error()) {
    complaints.push_back(concat({file.string(), ": ", text_of(error)}));
  }
  return nullptr;
}

void check_venues(const Inputs& inputs, Complaints& complaints) {
  for (const std::string& venue : inputs.credentials->venues()) {
    const auto id = domain::VenueId::find(venue);
    if (id && inputs.rules.program->venue(*id) != nullptr) continue;
    complaints.push_back(concat({inputs.config.credentials_file.string(), ": venue \"", venue,
                                 "\" is not in ", inputs.config.documents.program.string()}));
  }
}

}  // namespace

tl::expected<Inputs, Complaints> read_inputs(const std::filesystem::path& config_file) {
  auto config = load_config(config_file);
  if (!config) return tl::make_unexpected(std::move(config).error());
  Inputs inputs{.config = *std::move(config)};
  Complaints complaints;
  const Config::Documents& documents = inputs.config.documents;
  inputs.rules.program = take(load_program(documents.program), documents.program, complaints);
  inputs.rules.policy =
      take(load_risk_policy(documents.risk_policy), documents.risk_policy, complaints);
  auto credentials = read_credentials(inputs.config.credentials_file.string());
  if (credentials) {
    inputs.credentials = std::make_shared<const Credentials>(*std::move(credentials));
  } else {
    complaints.insert(complaints.end(), credentials.error().begin(), credentials.error().end());
  }
  if (inputs.rules.program && inputs.credentials) check_venues(inputs, complaints);
  if (!complaints.empty()) return tl::make_unexpected(std::move(complaints));
  return inputs;
}

void print(const Complaints& complaints) {
  for (const std::string& complaint : complaints) {
    std::fprintf(stderr, "wutong: %s\n", complaint.c_str());
  }
}

}  // namespace wutong::commands

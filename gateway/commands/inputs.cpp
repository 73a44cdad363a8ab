#include "gateway/commands/inputs.h"

#include <cstdio>
#include <utility>

#include "gateway/documents/document_file.h"
#include "gateway/documents/program_document.h"
#include "gateway/documents/risk_document.h"
#include "gateway/documents/risk_scopes.h"
#include "gateway/text.h"

namespace wutong::commands {
namespace {

void add(const std::vector<DocumentError>& errors, const std::filesystem::path& file,
         Complaints& complaints) {
  for (const DocumentError& error : errors) {
    complaints.push_back(concat({file.string(), ": ", text_of(error)}));
  }
}

/// The document, or nothing and complaints.
template <typename Value>
std::shared_ptr<const Value> take(DocumentResult<Value> read, const std::filesystem::path& file,
                                  Complaints& complaints) {
  if (read) return *std::move(read);
  add(read.error(), file, complaints);
  return nullptr;
}

/// The rules, with what they warn of; or complaints.
void read_rules(const Config::Documents& documents, Inputs& inputs, Complaints& complaints) {
  inputs.rules.program = take(load_program(documents.program), documents.program, complaints);
  const auto text = read_document(documents.risk_policy);
  if (!text) return add(text.error(), documents.risk_policy, complaints);
  inputs.rules.policy = take(compile_risk_policy(*text), documents.risk_policy, complaints);
  if (!inputs.rules.program || !inputs.rules.policy) return;
  add(scopes_without_traffic(*text, *inputs.rules.program), documents.risk_policy, inputs.warnings);
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
  read_rules(inputs.config.documents, inputs, complaints);
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

void print_warnings(const Complaints& warnings) {
  for (const std::string& warning : warnings) {
    std::fprintf(stderr, "wutong: warning: %s\n", warning.c_str());
  }
}

}  // namespace wutong::commands

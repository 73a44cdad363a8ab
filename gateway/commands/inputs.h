#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "actors/engine.h"
#include "gateway/config/config.h"
#include "gateway/credentials.h"

/// The files that `serve` lives by.
namespace wutong::commands {

/// All that is wrong, a line each, every one with its file and place.
using Complaints = std::vector<std::string>;

struct Inputs {
  Config config;
  Rules rules;
  std::shared_ptr<const Credentials> credentials;
  /// What is not wrong, and hardly meant: bounds for venues that the program does not have.
  Complaints warnings;
};

/// Every file, or everything that is wrong in any of them. A credential for a venue that the program
/// does not have is wrong too: it would never let anybody in.
[[nodiscard]] tl::expected<Inputs, Complaints> read_inputs(
    const std::filesystem::path& config_file);

/// To standard error.
void print(const Complaints& complaints);
void print_warnings(const Complaints& warnings);

}  // namespace wutong::commands

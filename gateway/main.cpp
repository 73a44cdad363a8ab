#include <sodium.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>

#include "gateway/commands/commands.h"

namespace {

using namespace wutong::commands;  // NOLINT: main is where the commands meet.

constexpr const char* description =
    "Wutong, an in-memory points gateway.\n\n"
    "Exit codes: 0 done; 1 a part failed, or the ledger does not hold or lost something; 2 the "
    "command\n"
    "line or a file is wrong.";

}  // namespace

int main(int argc, char** argv) {
  if (sodium_init() < 0) {
    std::fputs("wutong: no source of random numbers\n", stderr);
    return exit_failed;
  }
  CLI::App app(description, "wutong");
  app.require_subcommand(1);
  std::function<int()> action;
  std::string config_file;
  const auto with_config = [&](const char* name, const char* help,
                               int (*run)(const std::filesystem::path&)) {
    CLI::App* command = app.add_subcommand(name, help);
    command->add_option("--config", config_file, "The configuration, a TOML file")->required();
    command->callback([&action, &config_file, run] {
      action = [&config_file, run] { return run(config_file); };
    });
  };
  with_config("serve", "Serve until SIGTERM or SIGINT; SIGHUP reads the documents again", serve);
  with_config("create", "Make the ledger, once", create);
  with_config("check", "Read all files and tell what is wrong", check);

  AuditArguments audited;
  CLI::App* audit_command = app.add_subcommand("audit", "Prove that the ledger holds");
  audit_command->add_option("--config", audited.config_file, "The configuration, a TOML file")
      ->required();
  audit_command->add_option("--salvage", audited.salvage_files,
                            "A file that a gateway put aside when the ledger lost the end of a "
                            "log: name what of it is lost; repeatable");
  audit_command->add_flag("--json", audited.json, "One JSON object");
  audit_command->callback([&] { action = [&audited] { return audit(audited); }; });

  TokenArguments made;
  CLI::App* command = app.add_subcommand("token", "Make a token and its credential");
  command->add_option("--name", made.name, "Name of the credential")->required();
  command
      ->add_option("--role", made.role, "till, member_service, loyalty, risk, finance or operator")
      ->required();
  command->add_option("--venue", made.venues, "A venue, or * for all; repeatable")->required();
  command->add_option("--credentials", made.credentials_file, "Append the entry to this file");
  command->add_option("--token-file", made.token_file, "Write the token to this file");
  command->callback([&] { action = [&made] { return token(made); }; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_wrong;
  }
  return action();
}

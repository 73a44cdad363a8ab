#include "gateway/credentials.h"

#include <sodium.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include "gateway/text.h"

namespace wutong {
namespace {

struct RoleName {
  std::string_view name;
  Role role;
};
constexpr std::array<RoleName, 6> role_names = {{{"till", Role::till},
                                                 {"member_service", Role::member_service},
                                                 {"loyalty", Role::loyalty},
                                                 {"risk", Role::risk},
                                                 {"finance", Role::finance},
                                                 {"operator", Role::operator_role}}};

/// What a method does, as far as roles differ by it.
enum class Kind : std::uint8_t { reads, serves_members, takes_payments, gives_points };

Kind kind_of(Method method) {
  switch (method) {
    case Method::checkout:
    case Method::refund:
      return Kind::takes_payments;
    case Method::enroll:
    case Method::link_identity:
    case Method::unlink_identity:
    case Method::hold:
    case Method::release:
      return Kind::serves_members;
    case Method::grant:
    case Method::revoke_grant:
      return Kind::gives_points;
    case Method::quote:
    case Method::get_receipt:
    case Method::get_member:
    case Method::list_history:
      return Kind::reads;
  }
  return Kind::gives_points;
}

bool role_may(Role role, Method method) {
  const Kind kind = kind_of(method);
  switch (role) {
    case Role::operator_role:
      return true;
    case Role::till:
      return kind != Kind::gives_points;
    case Role::member_service:
      return kind == Kind::reads || kind == Kind::serves_members;
    case Role::loyalty:
      return kind == Kind::reads || kind == Kind::gives_points;
    case Role::risk:
    case Role::finance:
      return kind == Kind::reads;
  }
  return false;
}

TokenHash hash_of(std::string_view token) {
  TokenHash hash{};
  static_assert(crypto_hash_sha256_BYTES == std::tuple_size_v<TokenHash>);
  crypto_hash_sha256(hash.data(),
                     static_cast<const unsigned char*>(static_cast<const void*>(token.data())),
                     token.size());
  return hash;
}

/// Reads one file and gathers everything that is wrong with it.
class Reader {
 public:
  explicit Reader(std::string_view file_name) : file_name_(file_name) {}

  tl::expected<Credentials, std::vector<std::string>> read(std::string_view text) {
    toml::table top;
    try {
      top = toml::parse(text, file_name_);
    } catch (const toml::parse_error& error) {
      complain(error.source(), error.description());
      return tl::make_unexpected(std::move(complaints_));
    }
    for (const auto& [key, value] : top) {
      if (key.str() != "credential") unknown_key(key.str(), value);
    }
    if (const toml::node* list = top.get("credential")) {
      read_all(*list);
    }
    if (by_hash_.empty() && complaints_.empty()) {
      complain(top.source(), "has no [[credential]]; nobody could call");
    }
    if (!complaints_.empty()) return tl::make_unexpected(std::move(complaints_));
    return Credentials(std::move(by_hash_));
  }

 private:
  void read_all(const toml::node& list) {
    const toml::array* entries = list.as_array();
    if (entries == nullptr) return complain(list.source(), "credential must be [[credential]]");
    for (const toml::node& entry : *entries) {
      if (const toml::table* table = entry.as_table()) {
        read_one(*table);
      } else {
        complain(entry.source(), "credential must be [[credential]]");
      }
    }
  }

  void read_one(const toml::table& table) {
    auto credential = std::make_shared<Credential>();
    for (const auto& [key, value] : table) {
      constexpr std::array<std::string_view, 5> known = {"name", "token_sha256", "role", "venues",
                                                         "methods"};
      if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
        unknown_key(key.str(), value);
      }
    }
    credential->name = text_of(table, "name").value_or("");
    if (!credential->name.empty() && !names_.insert(credential->name).second) {
      complain(table.source(), concat({"name \"", credential->name, "\" is used twice"}));
    }
    read_role(table, *credential);
    read_venues(table, *credential);
    read_methods(table, *credential);
    if (const auto hash = read_hash(table)) {
      if (!by_hash_.emplace(*hash, std::move(credential)).second) {
        complain(table.source(), "token_sha256 is used twice");
      }
    }
  }

  std::optional<TokenHash> read_hash(const toml::table& table) {
    const auto text = text_of(table, "token_sha256");
    if (!text) return std::nullopt;
    const bool is_hex =
        text->size() == 64 && std::all_of(text->begin(), text->end(), [](char c) {
          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        });
    if (!is_hex) {
      complain(table.get("token_sha256")->source(), "token_sha256 is not 64 hexadecimal digits");
      return std::nullopt;
    }
    TokenHash hash{};
    sodium_hex2bin(hash.data(), hash.size(), text->data(), text->size(), nullptr, nullptr, nullptr);
    return hash;
  }

  void read_role(const toml::table& table, Credential& credential) {
    const auto text = text_of(table, "role");
    if (!text) return;
    const auto* found = std::find_if(role_names.begin(), role_names.end(),
                                     [&](const RoleName& role) { return role.name == *text; });
    if (found == role_names.end()) {
      complain(table.get("role")->source(), concat({"role \"", *text, "\" is unknown"}));
      return;
    }
    credential.role = found->role;
  }

  void read_venues(const toml::table& table, Credential& credential) {
    for (std::string& venue : texts_of(table, "venues")) {
      if (venue == "*") {
        credential.all_venues = true;
      } else {
        credential.venues.insert(std::move(venue));
      }
    }
    if (table.contains("venues") && !credential.all_venues && credential.venues.empty()) {
      complain(table.get("venues")->source(), "venues is empty");
    }
    if (!table.contains("venues")) complain(table.source(), "venues is missing");
  }

  void read_methods(const toml::table& table, Credential& credential) {
    if (!table.contains("methods")) {
      for (std::size_t i = 0; i < method_count; ++i) {
        const auto method = static_cast<Method>(i);
        if (role_may(credential.role, method)) credential.methods.add(method);
      }
      return;
    }
    for (const std::string& name : texts_of(table, "methods")) {
      const auto method = method_named(name);
      if (!method) {
        complain(table.get("methods")->source(), concat({"method \"", name, "\" is unknown"}));
      } else if (!role_may(credential.role, *method)) {
        complain(table.get("methods")->source(),
                 concat({"method \"", name, "\" is not one of the role's"}));
      } else {
        credential.methods.add(*method);
      }
    }
    if (credential.methods.empty() && complaints_.empty()) {
      complain(table.get("methods")->source(), "methods is empty");
    }
  }

  /// The text at `key`, which is required; nothing, and a complaint, if there is none.
  std::optional<std::string> text_of(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      complain(table.source(), concat({key, " is missing"}));
      return std::nullopt;
    }
    const auto text = node->value_exact<std::string>();
    if (!text || text->empty()) {
      complain(node->source(), concat({key, " must be a text"}));
      return std::nullopt;
    }
    return text;
  }

  std::vector<std::string> texts_of(const toml::table& table, std::string_view key) {
    std::vector<std::string> texts;
    const toml::node* node = table.get(key);
    if (node == nullptr) return texts;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      complain(node->source(), concat({key, " must be a list of texts"}));
      return texts;
    }
    for (const toml::node& element : *array) {
      const auto text = element.value_exact<std::string>();
      if (text && !text->empty()) {
        texts.push_back(*text);
      } else {
        complain(element.source(), concat({key, " must be a list of texts"}));
      }
    }
    return texts;
  }

  void unknown_key(std::string_view key, const toml::node& value) {
    complain(value.source(), concat({"unknown key \"", key, "\""}));
  }

  void complain(const toml::source_region& place, std::string_view what) {
    complaints_.push_back(concat({file_name_, ":", std::to_string(place.begin.line), ":",
                                  std::to_string(place.begin.column), ": ", what}));
  }

  std::string file_name_;
  std::vector<std::string> complaints_;
  std::set<std::string> names_;
  absl::flat_hash_map<TokenHash, std::shared_ptr<const Credential>> by_hash_;
};

}  // namespace

std::shared_ptr<const Credential> Credentials::find(std::string_view token) const {
  const auto found = by_hash_.find(hash_of(token));
  return found == by_hash_.end() ? nullptr : found->second;
}

std::vector<std::string> Credentials::venues() const {
  std::set<std::string> all;
  for (const auto& [hash, credential] : by_hash_) {
    all.insert(credential->venues.begin(), credential->venues.end());
  }
  return {all.begin(), all.end()};
}

tl::expected<Credentials, std::vector<std::string>> parse_credentials(std::string_view toml,
                                                                      std::string_view file_name) {
  return Reader(file_name).read(toml);
}

tl::expected<Credentials, std::vector<std::string>> read_credentials(const std::string& file_name) {
  std::ifstream file(file_name, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return tl::make_unexpected(std::vector<std::string>{file_name + ": cannot be read"});
  }
  return parse_credentials(text.str(), file_name);
}

NewToken make_token() {
  if (sodium_init() < 0) return {};
  std::array<unsigned char, 32> random{};
  randombytes_buf(random.data(), random.size());
  NewToken made;
  constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  made.token.resize(sodium_base64_ENCODED_LEN(random.size(), variant));
  sodium_bin2base64(made.token.data(), made.token.size(), random.data(), random.size(), variant);
  made.token.pop_back();  // the terminating zero
  const TokenHash hash = hash_of(made.token);
  made.sha256_hex.resize(2 * hash.size() + 1);
  sodium_bin2hex(made.sha256_hex.data(), made.sha256_hex.size(), hash.data(), hash.size());
  made.sha256_hex.pop_back();
  return made;
}

}  // namespace wutong

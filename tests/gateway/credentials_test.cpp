#include "gateway/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace wutong {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view hash_of_test =
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

std::string entry(std::string_view lines, std::string_view hash = hash_of_test) {
  return "[[credential]]\ntoken_sha256 = \"" + std::string(hash) + "\"\n" + std::string(lines);
}

constexpr std::string_view till = "name = 'm1'\nrole = 'till'\nvenues = ['M1', 'M2']\n";

std::string complaint(std::string_view text) {
  const auto parsed = parse_credentials(text, "c.toml");
  if (parsed) return "none";
  std::string all;
  for (const std::string& line : parsed.error()) all += line + "\n";
  return all;
}

TEST(Credentials, TokenIsFoundByItsHash) {
  const auto credentials = parse_credentials(entry(till), "c.toml");

  ASSERT_TRUE(credentials);
  const auto found = credentials->find("test");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, "m1");
  EXPECT_TRUE(found->covers("M1"));
  EXPECT_FALSE(found->covers("H1"));
  EXPECT_EQ(credentials->find("tests"), nullptr);
  EXPECT_EQ(credentials->find(""), nullptr);
  EXPECT_THAT(credentials->venues(), ElementsAre("M1", "M2"));
}

TEST(Credentials, StarCoversEveryVenue) {
  const auto credentials =
      parse_credentials(entry("name = 'a'\nrole = 'operator'\nvenues = ['*']\n"), "c.toml");

  ASSERT_TRUE(credentials);
  EXPECT_TRUE(credentials->find("test")->covers("anything"));
}

TEST(Credentials, MadeTokenIsFound) {
  const NewToken made = make_token();

  const auto credentials = parse_credentials(entry(till, made.sha256_hex), "c.toml");

  ASSERT_TRUE(credentials);
  EXPECT_EQ(made.token.size(), 43U);
  EXPECT_NE(credentials->find(made.token), nullptr);
  EXPECT_NE(make_token().token, made.token);
}

TEST(Credentials, RolesMayCallTheirMethods) {
  const auto methods_of = [](std::string_view role) {
    const auto credentials = parse_credentials(
        entry("name = 'a'\nvenues = ['*']\nrole = '" + std::string(role) + "'\n"), "c.toml");
    return credentials->find("test")->methods;
  };

  EXPECT_TRUE(methods_of("till").has(Method::checkout));
  EXPECT_TRUE(methods_of("operator").has(Method::refund));
  EXPECT_FALSE(methods_of("member_service").has(Method::checkout));
  EXPECT_TRUE(methods_of("member_service").has(Method::enroll));
  for (const auto method : {Method::link_identity, Method::unlink_identity}) {
    for (const std::string_view role : {"till", "member_service", "operator"}) {
      EXPECT_TRUE(methods_of(role).has(method)) << role;
    }
    for (const std::string_view role : {"loyalty", "risk", "finance"}) {
      EXPECT_FALSE(methods_of(role).has(method)) << role;
    }
  }
  for (const std::string_view role : {"loyalty", "risk", "finance"}) {
    EXPECT_FALSE(methods_of(role).has(Method::enroll)) << role;
    EXPECT_FALSE(methods_of(role).has(Method::refund)) << role;
    EXPECT_FALSE(methods_of(role).has(Method::hold)) << role;
    EXPECT_TRUE(methods_of(role).has(Method::list_history)) << role;
  }
  for (const std::string_view role : {"till", "member_service", "operator"}) {
    EXPECT_TRUE(methods_of(role).has(Method::hold)) << role;
    EXPECT_TRUE(methods_of(role).has(Method::release)) << role;
  }
  for (const std::string_view role : {"loyalty", "operator"}) {
    EXPECT_TRUE(methods_of(role).has(Method::grant)) << role;
    EXPECT_TRUE(methods_of(role).has(Method::revoke_grant)) << role;
  }
  for (const std::string_view role : {"till", "member_service", "risk", "finance"}) {
    EXPECT_FALSE(methods_of(role).has(Method::grant)) << role;
    EXPECT_FALSE(methods_of(role).has(Method::revoke_grant)) << role;
  }
}

TEST(Credentials, MethodsNarrowTheRole) {
  const auto credentials =
      parse_credentials(entry(std::string(till) + "methods = ['Quote']\n"), "c.toml");

  ASSERT_TRUE(credentials);
  EXPECT_TRUE(credentials->find("test")->methods.has(Method::quote));
  EXPECT_FALSE(credentials->find("test")->methods.has(Method::checkout));
}

TEST(Credentials, WhatIsWrongIsToldWithItsPlace) {
  EXPECT_THAT(complaint("[[credential"), HasSubstr("c.toml:1:"));
  EXPECT_THAT(complaint(""), HasSubstr("no [[credential]]"));
  EXPECT_THAT(complaint("credentials = 1\n"), HasSubstr("unknown key \"credentials\""));
  EXPECT_THAT(complaint(entry(std::string(till) + "colour = 'red'\n")),
              HasSubstr("c.toml:6:10: unknown key \"colour\""));
  EXPECT_THAT(complaint(entry(till, "abc")), HasSubstr("not 64 hexadecimal digits"));
  EXPECT_THAT(complaint(entry("name = 'a'\nrole = 'king'\nvenues = ['*']\n")),
              HasSubstr("role \"king\" is unknown"));
  EXPECT_THAT(complaint(entry("name = 'a'\nrole = 'till'\n")), HasSubstr("venues is missing"));
  EXPECT_THAT(complaint(entry("name = 'a'\nrole = 'till'\nvenues = []\n")),
              HasSubstr("venues is empty"));
  EXPECT_THAT(complaint(entry("role = 'till'\nvenues = ['*']\n")), HasSubstr("name is missing"));
  EXPECT_THAT(complaint(entry(std::string(till) + "methods = ['Pay']\n")),
              HasSubstr("method \"Pay\" is unknown"));
  EXPECT_THAT(complaint(entry("name = 'a'\nrole = 'risk'\nvenues = ['*']\nmethods = ['Refund']\n")),
              HasSubstr("not one of the role's"));
  EXPECT_THAT(complaint(entry(till) + entry(till)), HasSubstr("token_sha256 is used twice"));
}

TEST(Credentials, EverythingThatIsWrongIsToldAtOnce) {
  const std::string all = complaint(entry("role = 'king'\ncolour = 1\n", "abc"));

  for (const char* part : {"name is missing", "king", "colour", "venues is missing", "64"}) {
    EXPECT_THAT(all, HasSubstr(part));
  }
}

TEST(Credentials, FileThatIsNotThereIsTold) {
  const auto credentials = read_credentials("/nonexistent/c.toml");

  ASSERT_FALSE(credentials);
  EXPECT_THAT(credentials.error(), ElementsAre(HasSubstr("cannot be read")));
}

}  // namespace
}  // namespace wutong

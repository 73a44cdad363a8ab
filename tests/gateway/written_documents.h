#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gateway/documents/program_document.h"

namespace wutong::testing {

/// The elements as a list of JSON.
[[nodiscard]] inline std::string list_of(const std::vector<std::string>& elements) {
  std::string text = "[";
  for (const std::string& element : elements) {
    if (text.size() > 1) text += ", ";
    text += element;
  }
  return text + "]";
}

/// In any order; for properties alone.
[[nodiscard]] inline std::vector<std::string> shuffled(std::vector<std::string> elements) {
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
  std::shuffle(elements.begin(), elements.end(), random);
  return elements;
}

/// What the document means. One that is wrong fails the test, and means nothing.
template <typename Value>
[[nodiscard]] Value compiled(const DocumentResult<Value>& result) {
  if (result) return **result;
  ADD_FAILURE() << text_of(result.error(), "document");
  return {};
}

}  // namespace wutong::testing

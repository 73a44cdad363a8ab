#pragma once

#include <cstdint>

namespace wutong::domain {

/// By what way an order comes.
enum class Channel : std::uint8_t {
  unspecified = 0,
  till = 1,
  self_checkout = 2,
  mini_program = 3,
  web = 4,
  back_office = 5,
};

}  // namespace wutong::domain

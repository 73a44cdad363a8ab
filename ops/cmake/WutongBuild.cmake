# How everything is compiled: warnings, sanitizers, whole-program optimisation, ccache.

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(WUTONG_CCACHE ccache)
  if(WUTONG_CCACHE)
    # What it must overlook to work with precompiled headers, by its manual.
    set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${WUTONG_CCACHE}")
  endif()
endif()

# By default GCC collects garbage every 128 MB at the latest; most files here need 300 to 650 MB, so
# that a tenth of the time went into it.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(--param=ggc-min-heapsize=524288)
  # For ccache to see through precompiled headers.
  add_compile_options(-fpch-preprocess)
endif()

# gRPC alone names sixty libraries; without this each is mapped at every start, used or not.
add_link_options(-Wl,--as-needed)

if(WUTONG_LTO)
  include(CheckIPOSupported)
  check_ipo_supported(LANGUAGES CXX)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

if(WUTONG_SANITIZE)
  if(NOT WUTONG_SANITIZE MATCHES "^(address|undefined|address,undefined|thread)$")
    message(FATAL_ERROR
      "WUTONG_SANITIZE is '${WUTONG_SANITIZE}'; it must be address, undefined, "
      "address,undefined or thread (thread and address exclude each other)")
  endif()
  # Undefined behaviour must end the test; by default it is printed and forgotten. Left out are checks
  # of every access through a pointer: what they find `address` or the processor finds too, and they
  # take a third of the time to compile. (Inline code of CAF also binds references to null.)
  add_compile_options(
    -O1 -fsanitize=${WUTONG_SANITIZE} -fno-sanitize=null,alignment,object-size,pointer-overflow
    -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${WUTONG_SANITIZE})
endif()

# Our own targets take this; generated code and libraries do not.
add_library(wutong_warnings INTERFACE)
target_compile_options(wutong_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror
  -Wshadow -Wconversion -Wold-style-cast -Wcast-qual
  -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi
  # A field left out of a designated initializer takes its default; that is why we use them.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these falsely on inlined std::string, std::optional and std::vector.
  # They stay visible, except -Wrestrict, which is nothing but noise there.
  target_compile_options(wutong_warnings INTERFACE
    -Wduplicated-cond -Wlogical-op
    -Wno-restrict
    -Wno-error=maybe-uninitialized -Wno-error=array-bounds
    -Wno-error=stringop-overflow -Wno-error=stringop-overread)
endif()

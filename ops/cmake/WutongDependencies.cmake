# Every library that we use, under one name each. Headers lie in the system's include folder, which
# compilers treat as system headers already, so none of their warnings is ours.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(tl-expected REQUIRED)
find_package(GTest CONFIG REQUIRED)
find_package(rapidcheck REQUIRED)
find_package(benchmark REQUIRED)
add_library(wutong::benchmark ALIAS benchmark::benchmark)

# Makes the target <name> of a library that comes with no CMake file of use to us, and stops at
# once, naming both, when its header or its library is missing.
#   wutong_import(<name> HEADER <header> LIBRARY <file name> [LIBS <target>...])
function(wutong_import name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;LIBRARY" "LIBS")
  string(MAKE_C_IDENTIFIER "WUTONG_${name}" variable)
  find_path(${variable}_INCLUDE "${arg_HEADER}" REQUIRED)
  find_library(${variable}_LIBRARY "${arg_LIBRARY}" REQUIRED)
  mark_as_advanced(${variable}_INCLUDE ${variable}_LIBRARY)
  add_library(${name} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES
    IMPORTED_LOCATION "${${variable}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${${variable}_INCLUDE}"
    INTERFACE_LINK_LIBRARIES "${arg_LIBS}")
endfunction()

# The core only: no networking of CAF's, no TLS, so nothing of it ends up in the process.
wutong_import(wutong::caf HEADER caf/actor_system.hpp LIBRARY caf_core LIBS Threads::Threads)
wutong_import(wutong::hiredis HEADER hiredis/hiredis.h LIBRARY hiredis)
# The static library: the shared one keeps `LZ4_attach_dictionary` to itself.
wutong_import(wutong::lz4 HEADER lz4.h LIBRARY liblz4.a)
wutong_import(wutong::sodium HEADER sodium.h LIBRARY sodium)
# Its CMake file asks for curl, civetweb and zlib, which the core has no use for.
wutong_import(wutong::prometheus
  HEADER prometheus/registry.h LIBRARY prometheus-cpp-core LIBS Threads::Threads)

pkg_check_modules(WUTONG_PROTOBUF REQUIRED IMPORTED_TARGET GLOBAL protobuf)
pkg_check_modules(WUTONG_GRPC REQUIRED IMPORTED_TARGET GLOBAL grpc++)
pkg_check_modules(WUTONG_HTTPLIB REQUIRED IMPORTED_TARGET GLOBAL cpp-httplib)

add_library(wutong::protobuf INTERFACE IMPORTED GLOBAL)
target_link_libraries(wutong::protobuf INTERFACE PkgConfig::WUTONG_PROTOBUF Threads::Threads)

add_library(wutong::grpc INTERFACE IMPORTED GLOBAL)
target_link_libraries(wutong::grpc INTERFACE PkgConfig::WUTONG_GRPC wutong::protobuf)

# Reflection registers itself when it is loaded; no symbol of it is used, so --as-needed would
# drop it and the service would be missing without a word.
find_library(WUTONG_GRPC_REFLECTION_LIBRARY grpc++_reflection REQUIRED)
mark_as_advanced(WUTONG_GRPC_REFLECTION_LIBRARY)
add_library(wutong::grpc_reflection INTERFACE IMPORTED GLOBAL)
target_link_libraries(wutong::grpc_reflection INTERFACE
  "-Wl,--push-state,--no-as-needed" "${WUTONG_GRPC_REFLECTION_LIBRARY}" "-Wl,--pop-state"
  wutong::grpc)

# Calls are made on gRPC's threads and end on CAF's; glibc's malloc takes locks for that, and the engine
# did 1.4 to 1.6 times as much with this one. Sanitizers bring their own.
find_library(WUTONG_TCMALLOC_LIBRARY tcmalloc_minimal REQUIRED)
mark_as_advanced(WUTONG_TCMALLOC_LIBRARY)
add_library(wutong::malloc INTERFACE IMPORTED GLOBAL)
if(NOT WUTONG_SANITIZE)
  target_compile_definitions(wutong::malloc INTERFACE WUTONG_TCMALLOC)
  target_link_libraries(wutong::malloc INTERFACE
    "-Wl,--push-state,--no-as-needed" "${WUTONG_TCMALLOC_LIBRARY}" "-Wl,--pop-state")
endif()

# Its macros change the layout of its classes, so they must be those that the library was built
# with; pkg-config knows them.
add_library(wutong::httplib INTERFACE IMPORTED GLOBAL)
target_link_libraries(wutong::httplib INTERFACE PkgConfig::WUTONG_HTTPLIB Threads::Threads)

find_program(WUTONG_PROTOC protoc REQUIRED)
find_program(WUTONG_GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
mark_as_advanced(WUTONG_PROTOC WUTONG_GRPC_CPP_PLUGIN)

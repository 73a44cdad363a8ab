# What a folder's CMakeLists.txt is written with. Includes are rooted at the top of the repository:
# #include "actors/domain/points.h".

# Adds a folder that may not exist yet.
function(wutong_folder folder)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory("${folder}")
  endif()
endfunction()

# The folder's library: static, target wutong_<name>, alias wutong::<name>. Link PUBLIC what its
# headers show, PRIVATE the rest. Without sources it is header-only, so that a folder can begin
# with its headers.
#   wutong_library(<name> [SOURCES <file>...] [PUBLIC <target>...] [PRIVATE <target>...])
function(wutong_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC;PRIVATE")
  wutong_reject_unparsed(wutong_library "${name}" "${arg_UNPARSED_ARGUMENTS}")
  if(arg_SOURCES)
    add_library(wutong_${name} STATIC ${arg_SOURCES})
    target_include_directories(wutong_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(wutong_${name}
      PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:wutong_warnings>)
  else()
    add_library(wutong_${name} INTERFACE)
    target_include_directories(wutong_${name} INTERFACE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(wutong_${name} INTERFACE ${arg_PUBLIC})
  endif()
  add_library(wutong::${name} ALIAS wutong_${name})
endfunction()

# A program, at <build>/bin/<name>; nothing as long as it has no sources.
#   wutong_executable(<name> SOURCES <file>... [LIBS <target>...])
function(wutong_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  wutong_reject_unparsed(wutong_executable "${name}" "${arg_UNPARSED_ARGUMENTS}")
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LIBS} wutong_warnings wutong::malloc)
endfunction()

# Headers that many files parse once, not each: by GCC's rules for targets alone that are compiled with
# the same options. Take them with `target_precompile_headers(<target> REUSE_FROM <name>)`; a test takes
# those that WUTONG_TEST_HEADERS names in its folder. A file still includes all that it uses.
#   wutong_headers(<name> HEADERS <header>... [LIBS <target>...])
function(wutong_headers name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LIBS")
  wutong_reject_unparsed(wutong_headers "${name}" "${arg_UNPARSED_ARGUMENTS}")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "")
  add_library(${name} OBJECT "${source}")
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LIBS} wutong_warnings)
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

# A GoogleTest program, at <build>/tests/<name>, and one CTest test of the same name: asking each
# program for its cases costs a start each, and CTest would start it anew for every case.
#   wutong_test(<name> SOURCES <file>... [LIBS <target>...] [TIMEOUT <s>] [LABELS <label>...]
#               [PROCESSORS <n>] [ENVIRONMENT <name=value>...] [DEPENDS <target>...] [SERIAL])
# TIMEOUT is 300 s unless given. PROCESSORS says how many cores it keeps busy; SERIAL keeps all
# other tests away. DEPENDS are programs that it starts. The macros WUTONG_SOURCE_DIR and
# WUTONG_BINARY_DIR name the top of the repository and of the build.
function(wutong_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT;PROCESSORS"
    "SOURCES;LIBS;LABELS;ENVIRONMENT;DEPENDS")
  wutong_reject_unparsed(wutong_test "${name}" "${arg_UNPARSED_ARGUMENTS}")
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_precompile_headers(${name} REUSE_FROM ${WUTONG_TEST_HEADERS})
  target_compile_definitions(${name} PRIVATE
    WUTONG_SOURCE_DIR="${PROJECT_SOURCE_DIR}" WUTONG_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE
    ${arg_LIBS} rapidcheck GTest::gmock GTest::gtest GTest::gtest_main wutong_warnings)
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  wutong_test_properties(${name} "${arg_TIMEOUT}" "${arg_PROCESSORS}" "${arg_SERIAL}"
    "${arg_LABELS}" "${arg_ENVIRONMENT}")
endfunction()

# A test in Python, run from the top of the repository.
#   wutong_python_test(<name> SCRIPT <file> [ARGS <arg>...] [TIMEOUT <s>] [LABELS <label>...]
#                      [PROCESSORS <n>] [ENVIRONMENT <name=value>...] [SERIAL])
function(wutong_python_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "SCRIPT;TIMEOUT;PROCESSORS"
    "ARGS;LABELS;ENVIRONMENT")
  wutong_reject_unparsed(wutong_python_test "${name}" "${arg_UNPARSED_ARGUMENTS}")
  find_program(WUTONG_PYTHON python3 REQUIRED)
  mark_as_advanced(WUTONG_PYTHON)
  # -B: a test must not leave compiled files in the source tree.
  add_test(NAME ${name}
    COMMAND "${WUTONG_PYTHON}" -B "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT}" ${arg_ARGS}
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  wutong_test_properties(${name} "${arg_TIMEOUT}" "${arg_PROCESSORS}" "${arg_SERIAL}"
    "${arg_LABELS}" "${arg_ENVIRONMENT}")
endfunction()

function(wutong_test_properties name timeout processors serial labels environment)
  if(NOT timeout)
    set(timeout 300)
  endif()
  if(NOT processors)
    set(processors 1)
  endif()
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${timeout} PROCESSORS ${processors} RUN_SERIAL ${serial}
    LABELS "${labels}" ENVIRONMENT "${environment}")
endfunction()

# A misspelt keyword would otherwise be dropped without a word.
function(wutong_reject_unparsed function name unparsed)
  if(unparsed)
    message(FATAL_ERROR "${function}(${name}): unknown argument '${unparsed}'")
  endif()
endfunction()

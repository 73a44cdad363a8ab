# Libraries of generated protobuf and gRPC code. Nothing generated enters the source tree.

# Generates and builds the protobuf files of one folder below proto/, rooted there, so that they
# import each other, and C++ includes them, by the same path: "wutong/v1/checkout.pb.h".
#   wutong_proto_library(<name> FOLDER <folder> [PROTOS <file>...] [LIBS <target>...]
#                        [ROOT <folder>] [GRPC])
# The target is wutong_<name>, its alias wutong::<name>. GRPC generates the services too. LIBS are
# other proto libraries that these files import. ROOT replaces proto/. <build>/proto/<name>.desc is
# a descriptor set with comments and imports; the target wutong_<name>_descriptors makes it.
function(wutong_proto_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "GRPC" "FOLDER;ROOT" "PROTOS;LIBS")
  wutong_reject_unparsed(wutong_proto_library "${name}" "${arg_UNPARSED_ARGUMENTS}")
  set(root "${PROJECT_SOURCE_DIR}/proto")
  if(arg_ROOT)
    set(root "${arg_ROOT}")
  endif()
  set(imports "--proto_path=${root}")
  if(arg_ROOT)
    list(APPEND imports "--proto_path=${PROJECT_SOURCE_DIR}/proto")
  endif()
  set(generated "${PROJECT_BINARY_DIR}/proto/generated")
  file(MAKE_DIRECTORY "${generated}")

  set(sources)
  set(protos)
  foreach(proto IN LISTS arg_PROTOS)
    set(file "${root}/${arg_FOLDER}/${proto}")
    string(REGEX REPLACE "\\.proto$" "" stem "${arg_FOLDER}/${proto}")
    list(APPEND protos "${file}")
    set(outputs "${generated}/${stem}.pb.cc" "${generated}/${stem}.pb.h")
    set(flags "--cpp_out=${generated}")
    if(arg_GRPC)
      list(APPEND outputs "${generated}/${stem}.grpc.pb.cc" "${generated}/${stem}.grpc.pb.h")
      list(APPEND flags
        "--grpc_out=${generated}" "--plugin=protoc-gen-grpc=${WUTONG_GRPC_CPP_PLUGIN}")
    endif()
    list(APPEND sources ${outputs})
    # All files of the folder are inputs of each: one imports another, and protoc is quick.
    list(TRANSFORM arg_PROTOS PREPEND "${root}/${arg_FOLDER}/" OUTPUT_VARIABLE siblings)
    add_custom_command(OUTPUT ${outputs}
      COMMAND "${WUTONG_PROTOC}" ${imports} ${flags} "${file}"
      DEPENDS ${siblings}
      COMMENT "Generating ${stem}.pb.{h,cc}"
      VERBATIM)
  endforeach()

  set(libs wutong::protobuf ${arg_LIBS})
  if(arg_GRPC)
    list(APPEND libs wutong::grpc)
  endif()
  if(sources)
    add_library(wutong_${name} STATIC ${sources})
    target_compile_options(wutong_${name} PRIVATE -w)
    # SYSTEM: what protoc writes into headers is not ours to mend.
    target_include_directories(wutong_${name} SYSTEM PUBLIC "${generated}")
    target_link_libraries(wutong_${name} PUBLIC ${libs})

    set(descriptors "${PROJECT_BINARY_DIR}/proto/${name}.desc")
    add_custom_command(OUTPUT "${descriptors}"
      COMMAND "${WUTONG_PROTOC}" ${imports} --include_source_info --include_imports
        "--descriptor_set_out=${descriptors}" ${protos}
      DEPENDS ${protos}
      COMMENT "Generating ${name}.desc"
      VERBATIM)
    add_custom_target(wutong_${name}_descriptors ALL DEPENDS "${descriptors}")
  else()
    add_library(wutong_${name} INTERFACE)
    target_link_libraries(wutong_${name} INTERFACE ${libs})
  endif()
  add_library(wutong::${name} ALIAS wutong_${name})
endfunction()

#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "tests/support/gateway_process.h"
#include "wutong/v1/points.grpc.pb.h"

/// The real gateway, and what it takes to call it.

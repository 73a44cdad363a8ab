#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/gateway/bad_days.h"

/// Redis' disk is full. It ends itself, since it may not acknowledge what it cannot write; somebody
/// makes room, and systemd starts it again.
namespace wutong::test {
namespace {

namespace fs = std::filesystem;

constexpr auto disk_size = "size=48m";
constexpr std::uintmax_t left_free = 2 << 20;

/// A disk of its own, in memory; unmounted in the end.
class SmallDisk {
 public:
  SmallDisk() {
    std::string name = (fs::temp_directory_path() / "wutong-disk-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    mounted_ = mount("wutong-test", folder_.c_str(), "tmpfs", 0, disk_size) == 0;
    if (!mounted_) why_not_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  [[nodiscard]] fs::path redis_folder() const { return folder_ / "redis"; }

  /// All but a little: Redis itself takes the rest.
  void fill() const {
    std::ofstream file(folder_ / "filler", std::ios::binary);
    const std::string block(1 << 16, 'x');
    while (file && fs::space(folder_).available > left_free) file.write(block.data(), 1 << 16);
  }
  void make_room() const { fs::remove(folder_ / "filler"); }

 private:
  fs::path folder_;
  bool mounted_ = false;
  std::string why_not_;
};

}  // namespace

TEST(FullDisk, LosesNothingAndServiceIsBackSoonAfterThereIsRoom) {
  const SmallDisk disk;
  if (!disk.mounted()) {
    GTEST_SKIP() << "no tmpfs can be mounted here (" << disk.why_not() << "), so no disk is full";
  }
  const auto seed = seed_of_test();
  RedisServer redis({.folder = disk.redis_folder()});
  RunningGateway gateway(redis, as_shipped());
  gateway.start();
  Crowd crowd({&gateway}, {.seed = seed, .timeout = caller_patience});
  Times back;

  crowd.start();
  ASSERT_TRUE(crowd.everyone_served_within(10s));
  for (int time = 1; time <= 2; ++time) {
    disk.fill();
    ASSERT_TRUE(wait_until(30s, [&] { return !redis.answers_within(200ms); }))
        << "the disk is not full: " << crowd.summary();
    expect_many_told(crowd);
    disk.make_room();
    redis.kill();
    redis.start();
    const auto served = crowd.everyone_served_within(5s);
    ASSERT_TRUE(served) << crowd.summary();
    back.add(*served);
  }

  back.print("everybody served again after a full disk had room and Redis answered");
  expect_told_in_time(crowd, gateway);
  expect_all_is_well(crowd, gateway);
}

}  // namespace wutong::test

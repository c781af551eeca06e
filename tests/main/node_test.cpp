#include "main/node.hpp"

#include <filesystem>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/asio/ip/tcp.hpp>

namespace tapedeck {
namespace {

using testing::HasSubstr;

// A process of each role, without a network: its Redis is away.
class NodeTest : public ::testing::TestWithParam<Role> {
 protected:
  NodeTest() {
    settings_.listen = {"127.0.0.1", 0};
    settings_.data_dir = std::filesystem::path(testing::TempDir()) / fmt::format("tapedeck_node_test_{}", ::getpid());
    settings_.downloads_max = 1;
    settings_.slots_per_business = 1;
    settings_.provider_url = "http://127.0.0.1:1";
    settings_.log_level = Severity::kError;
    settings_.http_loops = 1;
    settings_.connections_max = 10;
    settings_.shutdown_grace = Seconds{1};
    if (GetParam() != Role::kAlone) settings_.redis_url = "redis://127.0.0.1:1";
    settings_.is_worker = GetParam() == Role::kWorker;
  }
  ~NodeTest() override { std::filesystem::remove_all(settings_.data_dir); }

  static std::string get(std::uint16_t port, const std::string& path) {
    boost::asio::ip::tcp::iostream stream("127.0.0.1", std::to_string(port));
    stream << "GET " << path << " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n" << std::flush;
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  Settings settings_;
};

TEST_P(NodeTest, metrics_show_the_process_in_every_role) {
  auto node = Node::make(settings_);
  ASSERT_TRUE(node) << node.error().detail;
  const Result<void> started = (*node)->start();
  ASSERT_TRUE(started) << started.error().detail;
  const std::string metrics = get((*node)->port(), "/metrics");
  EXPECT_THAT(metrics, HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_THAT(metrics, HasSubstr("\nprocess_cpu_seconds_total "));
  EXPECT_THAT(metrics, HasSubstr("\ntapedeck_disk_refusals_total 0\n"));
  (*node)->stop();
}

std::string name_of(const testing::TestParamInfo<Role>& role) {
  if (role.param == Role::kAlone) return "alone";
  return std::string(role_name(role.param));
}

INSTANTIATE_TEST_SUITE_P(Roles, NodeTest, testing::Values(Role::kAlone, Role::kApi, Role::kWorker), name_of);

}  // namespace
}  // namespace tapedeck

#pragma once

#include <optional>
#include <string>

#include "calls/ports/business_store.hpp"
#include "cli/commands/output.hpp"
#include "domain/recording.hpp"

namespace tapedeck {

/// What `business add` and `business set` were given. Absent fields stay as they are.
struct BusinessChange {
  std::string id;
  std::optional<std::string> account;  ///< "default": that of the settings
  std::optional<std::string> auth_token;
  std::optional<int> limit;                       ///< 0: that of the settings
  std::optional<std::string> format;              ///< "default": that of the settings
  std::optional<std::string> retention;           ///< days, or "keep"
  std::optional<std::string> delete_at_provider;  ///< "yes" or "no"
};

/// Each returns an exit code. They work beside a running server, which feels a change within a second or so.
[[nodiscard]] int add_business(BusinessStore& businesses, const BusinessChange& change, const Output& output);
[[nodiscard]] int set_business(BusinessStore& businesses, const BusinessChange& change, const Output& output);
[[nodiscard]] int pause_business(BusinessStore& businesses, const std::string& id, bool paused, const Output& output);
[[nodiscard]] int list_businesses(BusinessStore& store, const Output& output);

}  // namespace tapedeck

#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "directory.hpp"

namespace tapedeck::simulator {

/// Path prefix of an account's resources: "/2010-04-01/Accounts/AC…".
[[nodiscard]] std::string account_path(std::string_view account);

/// A recording as Twilio's REST API shows it. `status` may differ from the stored one while a fault delays it.
[[nodiscard]] boost::json::object recording_document(const Recording& recording, std::string_view status,
                                                     std::string_view base_url);

/// A call as Twilio's REST API shows it.
[[nodiscard]] boost::json::object call_document(const Call& call);

}  // namespace tapedeck::simulator

#pragma once

#include <string>

#include "directory.hpp"
#include "plan.hpp"
#include "request.hpp"
#include "rules.hpp"
#include "statistics.hpp"

namespace tapedeck::simulator {

/// The part of Twilio's REST API, version 2010-04-01, that concerns recordings
/// (www.twilio.com/docs/voice/api/recording), and a host without authentication for redirects.
class ProviderApi {
 public:
  ProviderApi(Directory& directory, RuleBook& rules, const Statistics& statistics, const Settings& settings)
      : directory_(directory), rules_(rules), statistics_(statistics), settings_(settings) {}

  /// The target of the request. Cheap; changes nothing.
  [[nodiscard]] Target target_of(const Request& request);

  /// The user of the Authorization field, or "".
  [[nodiscard]] static std::string user_of(const Request& request);

  /// The answer, with the faults that apply. `target` is target_of(request), and its download is counted already.
  [[nodiscard]] Plan answer(const Request& request, const Target& target);

 private:
  [[nodiscard]] bool may_read(const Request& request, const std::string& account) const;
  [[nodiscard]] Plan media(const Request& request, const Target& target);
  [[nodiscard]] Plan metadata(const Request& request, const Target& target);
  [[nodiscard]] Plan list(const Request& request, const Target& target);
  [[nodiscard]] Plan call(const Request& request, const Target& target);
  [[nodiscard]] Plan cdn(const Request& request, const Target& target);
  [[nodiscard]] std::string status_shown(const Recording& recording) const;

  Directory& directory_;
  RuleBook& rules_;
  const Statistics& statistics_;
  const Settings& settings_;
};

}  // namespace tapedeck::simulator

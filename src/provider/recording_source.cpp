#include "provider/recording_source.hpp"

namespace tapedeck {

FetchRequest request_for(const Business& business, const Recording& recording) {
  return {.recording = recording.recording,
          .media_account = recording.account.empty() ? business.account : recording.account,
          .login_account = business.account,
          .auth_token = business.auth_token,
          .format = business.format};
}

}  // namespace tapedeck

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "blobs/s3/credentials.hpp"
#include "blobs/s3/location.hpp"
#include "blobs/s3/refusal.hpp"
#include "blobs/s3/sigv4.hpp"
#include "blobs/s3/spool.hpp"
#include "curl/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/offload.hpp"
#include "runtime/random.hpp"
#include "runtime/task.hpp"

namespace tapedeck::s3 {

/// Most tries of one call, including those after a mended cause.
inline constexpr int kTriesMax = 5;
/// No further try begins later than this.
inline constexpr Milliseconds kTryingMax{60'000};
/// The pause before another try is random between 0 and this, doubled each time, at most kPauseMax. A Retry-After is
/// honoured up to kPauseMax.
inline constexpr Milliseconds kPauseFirst{200};
inline constexpr Milliseconds kPauseMax{10'000};
/// Most hosts that one call is redirected to.
inline constexpr int kDetoursMax = 3;
/// Connections that the CurlClient given here should keep: as many as listeners and workers use in busy hours.
inline constexpr std::size_t kStoreConnectionsKept = 256;
/// Most bytes of an answer that is not streamed.
inline constexpr std::size_t kAnswerBytesMax = 1024 * 1024;
/// Bytes of a streamed answer that wait for its reader; the reader holds as many again.
inline constexpr std::size_t kReadPipeBytes = 64 * 1024;
/// With a clock difference above this, a refusal without a reason is blamed on the clock; S3 allows 15 minutes.
inline constexpr Milliseconds kClockSkewMax{10 * 60'000};
/// The status of a store that lacks a part of the protocol.
inline constexpr int kNotImplemented = 501;

/// For a store in another data centre, and for slow uploads.
[[nodiscard]] inline CurlLimits default_limits() {
  CurlLimits limits;
  limits.connect_timeout = Milliseconds{5'000};
  limits.total_timeout = Milliseconds{30 * 60'000};
  return limits;
}

/// Bytes of a spool, as the body of a call.
struct SpoolPart {
  Spool* spool = nullptr;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string sha256_hex;
};

/// One request to the store, repeated until it succeeds or a limit is reached.
struct Call {
  CurlMethod method = CurlMethod::kGet;
  std::optional<std::string> key;  ///< without the prefix; none: the bucket itself
  Sigv4Fields query;
  Sigv4Fields headers;
  std::string body;
  std::optional<SpoolPart> part;  ///< instead of `body`
  bool only_if_absent = false;    ///< If-None-Match: *, unless the store is known not to support it
  std::string expected_element;   ///< must be in a success, because S3 may put an error into a 200
  int accepted_status = 0;        ///< counts as a success, besides 2xx
  bool streams_answer = false;    ///< the body of a success is left to the caller
  int tries_max = kTriesMax;
  std::stop_token stop;  ///< once requested, the call ends with kCancelled
};

struct Exchange {
  CurlHead head;
  std::string body;
  std::unique_ptr<CurlTransfer> transfer;  ///< of a streamed answer
};

/// Sends signed requests to a bucket. A call that fails is repeated if that may help, after mending what can be mended:
/// a wrong clock, another region, a host that has moved, expired credentials. What was learned is kept for later calls.
/// Thread-safe.
class Connection {
 public:
  struct Parts {
    CurlClient& client;
    Clock& clock;
    Random& random;
    OffloadPool& pool;
  };
  /// `parts` must outlive it. `credentials` is called on the pool once the first ones have expired.
  Connection(Parts parts, Location location, AwsCredentials first, CredentialsSource credentials, CurlLimits limits);

  /// Returns a success. Errors: those of error_of_refusal() and error_of_transfer(), and the spool's.
  [[nodiscard]] Task<Result<Exchange>> exchange(Call call);
  /// A URL that gives the object to whoever holds it, by GET.
  [[nodiscard]] std::string presign(std::string_view key, Seconds lifetime) const;

  [[nodiscard]] Location location() const;
  [[nodiscard]] SystemTime now() const { return parts_.clock.system_now(); }
  [[nodiscard]] SteadyTime steady_now() const { return parts_.clock.steady_now(); }
  [[nodiscard]] OffloadPool& pool() const { return parts_.pool; }

 private:
  // What signatures are made of.
  struct Standing {
    Location location;
    AwsCredentials credentials;
    Milliseconds clock_offset{0};  ///< the store's clock less ours
    bool knows_conditions = true;  ///< the store supports conditional writes
  };
  // What was mended during one call, each at most once, and where the call goes.
  struct Course {
    bool clock_set = false;
    bool region_set = false;
    bool credentials_renewed = false;
    int detours = 0;
    std::optional<Endpoint> detour;
  };
  struct Try {
    Result<Exchange> answer = fail(Errc::kInternal, "not tried");
    bool may_repeat = false;
  };

  [[nodiscard]] Task<Try> attempt(Call call, Course course);
  [[nodiscard]] Try broken_off(const CurlError& error) const;
  [[nodiscard]] CurlRequest prepare(const Call& call, const Course& course) const;
  [[nodiscard]] Remedy remedy_of(const Call& call, const Refusal& refusal, const CurlHead& head) const;
  [[nodiscard]] Task<bool> mend(Remedy remedy, Refusal refusal, CurlHead head, Course* course);
  [[nodiscard]] bool set_clock(const CurlHead& head, Course& course);
  [[nodiscard]] bool set_region(const Refusal& refusal, Course& course);
  [[nodiscard]] bool follow(const CurlHead& head, Course& course) const;
  [[nodiscard]] bool drop_conditions();
  [[nodiscard]] Task<bool> renew_credentials(Course* course);
  [[nodiscard]] Milliseconds pause_before(int tries, const Error& error);
  [[nodiscard]] Standing standing() const;
  [[nodiscard]] std::optional<Milliseconds> offset_in(const CurlHead& head) const;

  Parts parts_;
  CredentialsSource source_;
  CurlLimits limits_;
  mutable std::mutex mutex_;
  Standing standing_;
};

}  // namespace tapedeck::s3

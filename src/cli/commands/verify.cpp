#include "cli/commands/verify.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "app/check_recordings.hpp"
#include "cli/commands/keeping.hpp"
#include "cli/exit_code.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

constexpr double kBytesPerMegabyte = 1e6;

struct Place {
  BusinessId business;
  std::string sid;
};

Result<Place> parse_place(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    auto business = BusinessId::parse(text.substr(0, slash));
    const auto sid = Sid::parse(text.substr(slash + 1));
    if (business && sid) return Place{std::move(*business), sid->str()};
  }
  return fail(Errc::kInvalidArgument, "--after: expected BUSINESS/SID, as an earlier run printed it");
}

std::string_view outcome_name(DamageOutcome outcome) {
  switch (outcome) {
    case DamageOutcome::kRefetched:
      return "fetched again";
    case DamageOutcome::kGone:
      return "lost";
    case DamageOutcome::kUnasked:
      return "provider not asked";
    case DamageOutcome::kNoted:
      break;
  }
  return "noted";
}

// Everything that a run says.
class Teller {
 public:
  Teller(Clock& clock, const VerifyReport& report, const Output& output)
      : clock_(clock), report_(report), output_(output), told_at_(clock.steady_now()) {}

  void damaged(const Damage& damage) const {
    const Recording& recording = damage.recording;
    if (output_.json) {
      boost::json::object object{{"damaged", recording.sid.view()},
                                 {"business", recording.business.view()},
                                 {"blob", recording.audio->blob_key},
                                 {"what", damage.what},
                                 {"outcome", outcome_name(damage.outcome)}};
      if (!damage.why.empty()) object["why"] = damage.why;
      print_json(output_.out, object);
      return;
    }
    output_.out << fmt::format("damaged: {} {} {}: {}; {}", recording.business.view(), recording.sid.view(),
                               recording.audio->blob_key, damage.what, outcome_name(damage.outcome));
    output_.out << (damage.why.empty() ? "" : ": " + damage.why) << std::endl;
  }

  void unreadable(const Recording& recording, const Error& error) const {
    output_.err << fmt::format("could not be read: {} {}: {}\n", recording.business.view(), recording.sid.view(),
                               error.detail);
  }

  void at(const BusinessId& business, const std::string& sid) {
    place_ = fmt::format("{}/{}", business.view(), sid);
    if (clock_.steady_now() < told_at_ + kVerifyTellEvery) return;
    told_at_ = clock_.steady_now();
    output_.err << fmt::format("at {}: {} verified, {} damaged\n", place_, report_.verified, report_.damaged);
  }

  void end(std::uint64_t bytes) const {
    if (output_.json) {
      boost::json::object object{{"verified", report_.verified},
                                 {"damaged", report_.damaged},
                                 {"refetched", report_.refetched},
                                 {"unreadable", report_.unreadable},
                                 {"bytes", bytes},
                                 {"complete", report_.is_whole}};
      object["after"] = place_.empty() ? boost::json::value() : boost::json::value(place_);
      print_json(output_.out, object);
    } else {
      print_table(output_.out, {{"VERIFIED", "DAMAGED", "REFETCHED", "UNREADABLE", "BYTES"},
                                {fmt::format("{}", report_.verified), fmt::format("{}", report_.damaged),
                                 fmt::format("{}", report_.refetched), fmt::format("{}", report_.unreadable),
                                 fmt::format("{}", bytes)}});
    }
    if (!report_.is_whole) {
      output_.err << "stopped; to go on from here, repeat it"
                  << (place_.empty() ? std::string() : fmt::format(" with --after {}", place_)) << '\n';
    }
  }

 private:
  Clock& clock_;
  const VerifyReport& report_;
  const Output& output_;
  SteadyTime told_at_;
  std::string place_;
};

Result<std::vector<BusinessId>> chosen(BusinessStore& businesses, const VerifyChoice& choice,
                                       const std::optional<Place>& after) {
  std::vector<BusinessId> ids;
  if (choice.business) {
    auto one = known_business(businesses, *choice.business);
    if (!one) return fail(one.error());
    if (after && after->business != *one) {
      return fail(Errc::kInvalidArgument, "--after names another business than --business");
    }
    ids.push_back(std::move(*one));
    return ids;
  }
  const auto all = run_task(businesses.list_businesses());
  if (!all) return fail(all.error());
  for (const Business& business : *all) {
    if (!after || business.id.view() >= after->business.view()) ids.push_back(business.id);
  }
  return ids;
}

}  // namespace

int verify_blobs(BusinessStore& stored_businesses, RecordingStore& recordings, BlobStore& blobs,
                 RecordingSource& source, Businesses& businesses, Clock& clock, const VerifyChoice& choice,
                 const Output& output, const std::stop_token& stop) {
  if (!(choice.rate > 0 && choice.rate <= kVerifyRateMax)) {
    return fail_command(
        output, Error(Errc::kInvalidArgument, fmt::format("--rate: expected more than 0, at most {}", kVerifyRateMax)));
  }
  std::optional<Place> after;
  if (choice.after) {
    auto place = parse_place(*choice.after);
    if (!place) return fail_command(output, place.error());
    after = std::move(*place);
  }
  const auto ids = chosen(stored_businesses, choice, after);
  if (!ids) return fail_command(output, ids.error());

  VerifyReport report;
  Teller teller(clock, report, output);
  ReadPace pace(clock, std::max<std::uint64_t>(1, static_cast<std::uint64_t>(choice.rate * kBytesPerMegabyte)));
  const Verification::Parts parts{recordings, blobs, choice.repair ? &source : nullptr, businesses, clock, pace};
  Verification verification(
      parts,
      {.damaged = [&teller](const Damage& damage) { teller.damaged(damage); },
       .unreadable = [&teller](const Recording& recording, const Error& error) { teller.unreadable(recording, error); },
       .at = [&teller](const BusinessId& business, const std::string& sid) { teller.at(business, sid); }});
  for (const BusinessId& id : *ids) {
    const bool goes_on = after && after->business == id;
    const auto ran = run_task(verification.run(id, goes_on ? after->sid : "", &report, stop));
    if (!ran) return fail_command(output, ran.error());
    if (!report.is_whole) break;
  }
  teller.end(pace.bytes());
  const bool is_fine = report.is_whole && report.damaged == 0 && report.unreadable == 0;
  return is_fine ? kDone : kFailed;
}

}  // namespace tapedeck

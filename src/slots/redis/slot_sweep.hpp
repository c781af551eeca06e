#pragma once

#include "slots/redis/business_scripts.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck::redis {

/// The sweep over the businesses that rec_due names.
class SlotSweep {
 public:
  explicit SlotSweep(BusinessScripts& scripts) : scripts_(scripts) {}

  [[nodiscard]] Task<Result<SweepReport>> run();

 private:
  [[nodiscard]] Task<Result<void>> sweep_one(BusinessId business, std::int64_t put_off_until, SweepReport& report);

  BusinessScripts& scripts_;
};

}  // namespace tapedeck::redis

#include "app/keep.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "blobs/blob_removal.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view kNumberCharacters = "0123456789 +-().";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string digits_of(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), is_digit);
  return digits;
}

// The search also finds parts of numbers.
bool is_of_number(const Call& call, const std::string& digits) {
  return digits.empty() || digits_of(call.from) == digits || digits_of(call.to) == digits;
}

Task<> remove_blobs(KeepingStore& keeping, BlobStore& blobs, std::vector<Recording> erased, ErasureReport* report) {
  for (const Recording& recording : erased) {
    if (!recording.audio) continue;
    auto removed = co_await remove_blobs(blobs, recording.audio->blob_key);
    Result<void> done = std::move(removed);
    if (done) {
      auto forgotten = co_await keeping.forget_blob(recording.row_id);
      done = std::move(forgotten);
    }
    ++(done ? report->blobs : report->blobs_left);
  }
}

}  // namespace

Result<std::string> number_digits(std::string_view number) {
  const std::string digits = digits_of(number);
  const bool is_number = number.find_first_not_of(kNumberCharacters) == std::string_view::npos;
  if (is_number && digits.size() >= kNumberDigitsMin && digits.size() <= kNumberDigitsMax) return digits;
  return fail(Errc::kInvalidArgument,
              fmt::format("expected a whole telephone number of {} to {} digits, as +14155550100", kNumberDigitsMin,
                          kNumberDigitsMax));
}

Task<Result<ErasureReport>> erase(CallListStore& calls, KeepingStore& keeping, BlobStore& blobs, Clock& clock,
                                  Erasure erasure) {
  ErasureReport report;
  CallQuery query;
  query.limit = kCallPageMax;
  query.search = erasure.digits;
  while (true) {
    auto page = co_await calls.list_calls(erasure.business, query);
    if (!page) co_return fail(page.error());
    for (const Call& call : page->calls) {
      if (!is_of_number(call, erasure.digits)) continue;
      EraseOrder order{erasure.actor, erasure.digits.empty() ? "everything" : "a number", clock.system_now(),
                       erasure.looks_only};
      auto erased = co_await keeping.erase_call(erasure.business, call.sid, std::move(order));
      if (!erased) co_return fail(erased.error());
      std::ranges::copy(erased->held, std::back_inserter(report.held));
      if (!erased->held.empty()) continue;
      if (erased->had_parties || !erased->erased.empty()) ++report.calls;
      report.recordings += std::ssize(erased->erased);
      if (!erasure.looks_only) co_await remove_blobs(keeping, blobs, std::move(erased->erased), &report);
    }
    if (!page->next) co_return report;
    query.cursor = page->next;
  }
}

}  // namespace tapedeck

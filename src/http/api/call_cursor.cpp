#include "http/api/call_cursor.hpp"

#include <cstddef>

#include "base/encoding.hpp"

namespace tapedeck {
namespace {

constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kCheckBytes = 4;
constexpr std::size_t kCursorBytes = 2 * kNumberBytes + kCheckBytes;

void put_number(std::string& out, std::int64_t number) {
  for (std::size_t i = kNumberBytes; i-- > 0;) {
    out += static_cast<char>((static_cast<std::uint64_t>(number) >> (8 * i)) & 0xFFU);
  }
}

std::int64_t get_number(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes.substr(0, kNumberBytes)) number = (number << 8U) | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(number);
}

std::string check_sum(std::string_view payload) {
  return std::string(view_of(sha256(std::string("tapedeck cursor 1:").append(payload))).substr(0, kCheckBytes));
}

}  // namespace

std::string format_cursor(const CursorPlace& place) {
  std::string bytes;
  put_number(bytes, place.time.time_since_epoch().count());
  put_number(bytes, place.row_id);
  return to_base64url(bytes + check_sum(bytes));
}

Result<CursorPlace> parse_cursor(std::string_view text) {
  const auto refuse = [] { return fail(Errc::kInvalidArgument, "expected the next_cursor of an earlier answer"); };
  const Result<std::string> bytes = from_base64url(text);
  if (!bytes || bytes->size() != kCursorBytes) return refuse();
  const std::string_view payload = std::string_view(*bytes).substr(0, 2 * kNumberBytes);
  if (std::string_view(*bytes).substr(payload.size()) != check_sum(payload)) return refuse();
  return CursorPlace{SystemTime(Milliseconds(get_number(payload))), get_number(payload.substr(kNumberBytes))};
}

}  // namespace tapedeck

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapedeck::simulator {

/// `text` as one gzip member (RFC 1952).
[[nodiscard]] std::string gzip(std::string_view text);

/// A gzip member of about a thousandth of `unpacked_bytes`, rounded up to whole MiB, that unpacks to that many zeros.
/// Its check sum is wrong, because a client should give up long before it reads that far.
[[nodiscard]] std::string gzip_bomb(std::uint64_t unpacked_bytes);

}  // namespace tapedeck::simulator

#include "gzip.hpp"

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/crc.hpp>

namespace tapedeck::simulator {
namespace {

namespace zlib = boost::beast::zlib;

constexpr std::string_view kGzipHeader{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10};
// An empty stored block with the final bit set (RFC 1951 §3.2.4).
constexpr std::string_view kFinalEmptyBlock{"\x01\x00\x00\xff\xff", 5};
constexpr std::size_t kBombBlockBytes = 1U << 20U;

void append_little_endian_32(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}

// Deflates in one step. With Flush::full the result ends at a byte and refers to nothing before it, so that copies of
// it can be concatenated.
std::string deflate(std::string_view text, zlib::Flush flush) {
  zlib::deflate_stream stream;
  std::string out(stream.upper_bound(text.size()) + 64, '\0');
  zlib::z_params params{};
  params.next_in = text.data();
  params.avail_in = text.size();
  params.next_out = out.data();
  params.avail_out = out.size();
  boost::system::error_code error;
  stream.write(params, flush, error);
  out.resize(params.total_out);
  return out;
}

}  // namespace

std::string gzip(std::string_view text) {
  boost::crc_32_type check_sum;
  check_sum.process_bytes(text.data(), text.size());
  std::string out(kGzipHeader);
  out += deflate(text, zlib::Flush::finish);
  append_little_endian_32(out, check_sum.checksum());
  append_little_endian_32(out, text.size());
  return out;
}

std::string gzip_bomb(std::uint64_t unpacked_bytes) {
  const std::string block = deflate(std::string(kBombBlockBytes, '\0'), zlib::Flush::full);
  const std::uint64_t blocks = (unpacked_bytes + kBombBlockBytes - 1) / kBombBlockBytes;
  std::string out(kGzipHeader);
  out.reserve(out.size() + blocks * block.size() + kFinalEmptyBlock.size() + 8);
  for (std::uint64_t i = 0; i < blocks; ++i) out += block;
  out += kFinalEmptyBlock;
  append_little_endian_32(out, 0);
  append_little_endian_32(out, blocks * kBombBlockBytes);
  return out;
}

}  // namespace tapedeck::simulator

#include "runtime/system_random.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/random.h>

namespace tapedeck {
namespace {

void fill(void* out, std::size_t count) {
  auto* next = static_cast<char*>(out);
  while (count > 0) {
    const ssize_t got = ::getrandom(next, count, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    next += got;
    count -= static_cast<std::size_t>(got);
  }
}

}  // namespace

double SystemRandom::uniform() {
  std::uint64_t bits = 0;
  fill(&bits, sizeof bits);
  // A double holds 53 bits exactly, so every value is equally likely, and rounding cannot yield 1.
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

std::string SystemRandom::bytes(std::size_t count) {
  std::string out(count, '\0');
  fill(out.data(), out.size());
  return out;
}

}  // namespace tapedeck

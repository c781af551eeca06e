#include "slots/redis/script_library.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace tapedeck::redis {
namespace {

constexpr std::size_t kSha1Bytes = 20;

std::string sha1_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr) != 1 || length != kSha1Bytes) {
    throw std::runtime_error("SHA-1 is not available, and Redis names its scripts by it");
  }
  std::string hex;
  for (std::size_t i = 0; i < kSha1Bytes; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

Script embedded(std::string_view name) {
  const auto found = std::ranges::find(script_texts(), name, &ScriptText::name);
  if (found == script_texts().end()) throw std::logic_error("no such script: " + std::string(name));
  return make_script(found->name, found->text);
}

}  // namespace

Script make_script(std::string_view name, std::string_view text) { return {name, text, sha1_hex(text)}; }

ScriptLibrary::ScriptLibrary()
    : request(embedded("request")),
      claim(embedded("claim")),
      claim_next(embedded("claim_next")),
      renew(embedded("renew")),
      finish(embedded("finish")),
      finish_and_claim(embedded("finish_and_claim")),
      block(embedded("block")),
      unblock(embedded("unblock")),
      cancel(embedded("cancel")),
      set_limit(embedded("set_limit")),
      sweep(embedded("sweep")),
      refill(embedded("refill")),
      status(embedded("status")),
      known(embedded("known")),
      view(embedded("view")),
      recover(embedded("recover")),
      due(embedded("due")),
      look_soon(embedded("look_soon")),
      put_off(embedded("put_off")),
      recovered(embedded("recovered")),
      inspect(embedded("inspect")) {}

}  // namespace tapedeck::redis

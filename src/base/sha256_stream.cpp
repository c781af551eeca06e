#include "base/sha256_stream.hpp"

#include <array>
#include <new>

#include <openssl/evp.h>

#include "base/encoding.hpp"

namespace tapedeck {

void Sha256Stream::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
}

void Sha256Stream::update(std::string_view bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) throw std::bad_alloc();
}

std::string Sha256Stream::finish_hex() {
  std::array<unsigned char, kSha256Bytes> digest{};
  if (EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) throw std::bad_alloc();
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace tapedeck

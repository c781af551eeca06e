#pragma once

#include <memory>
#include <string>
#include <string_view>

extern "C" struct evp_md_ctx_st;

namespace tapedeck {

/// The SHA-256 of bytes that arrive in pieces.
class Sha256Stream {
 public:
  Sha256Stream();

  void update(std::string_view bytes);
  /// 64 lower-case hexadecimal digits. Call it once, after the last piece.
  [[nodiscard]] std::string finish_hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace tapedeck

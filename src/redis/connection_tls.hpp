#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "base/error.hpp"
#include "redis/url.hpp"

namespace tapedeck::redis {

/// A TLS client's settings: TLS 1.2 or newer, the other side's certificate chain verified against `files.authorities`,
/// or against the system's. Error kInvalidArgument names the file that cannot be used.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_tls(const TlsFiles& files);

/// Makes the handshake of `ssl` ask for this host, and refuse a certificate that is not made out to it: a name, or an
/// address in its usual notation (RFC 9525).
[[nodiscard]] Result<void> expect_host(SSL* ssl, const std::string& host);

/// Why the handshake failed, for people: what is wrong with the certificate, or what OpenSSL says.
[[nodiscard]] std::string tls_failure(SSL* ssl, const std::string& fallback);

}  // namespace tapedeck::redis

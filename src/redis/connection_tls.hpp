#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "base/error.hpp"
#include "redis/url.hpp"

namespace tapedeck::redis {

/// The settings of a TLS client: TLS 1.2 or newer; it verifies the server's certificate chain against
/// `files.authorities`, or against the system's. Error kInvalidArgument names the file that cannot be used.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_tls(const TlsFiles& files);

/// Makes the handshake of `ssl` ask for this host, a name or an address, and refuse a certificate for another one
/// (RFC 9525).
[[nodiscard]] Result<void> expect_host(SSL* ssl, const std::string& host);

/// Why the handshake failed, for people: what is wrong with the certificate, or what OpenSSL says.
[[nodiscard]] std::string tls_failure(SSL* ssl, const std::string& fallback);

}  // namespace tapedeck::redis

#include "redis/connection_tls.hpp"

// Asio's TLS part, which the separately compiled Asio leaves out.
#include <boost/asio/ssl/impl/src.hpp>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>

namespace tapedeck::redis {
namespace {

namespace asio = boost::asio;

std::unexpected<Error> bad_file(std::string_view option, const std::string& path,
                                const boost::system::error_code& error) {
  return fail(Errc::kInvalidArgument,
              std::string(option) + " names " + path + ", which cannot be used: " + error.message());
}

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> make_tls(const TlsFiles& files) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  boost::system::error_code error;
  ::SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  context->set_verify_mode(asio::ssl::verify_peer, error);
  if (files.authorities.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(files.authorities, error);
    if (error) return bad_file("tls_ca", files.authorities, error);
  }
  if (!files.certificate.empty()) {
    context->use_certificate_chain_file(files.certificate, error);
    if (error) return bad_file("tls_cert", files.certificate, error);
    context->use_private_key_file(files.key, asio::ssl::context::pem, error);
    if (error) return bad_file("tls_key", files.key, error);
  }
  return context;
}

Result<void> expect_host(SSL* ssl, const std::string& host) {
  boost::system::error_code no_address;
  (void)asio::ip::make_address(host, no_address);
  bool accepted = false;
  if (no_address) {
    // RFC 6066 §3: the server name is a name, never an address.
    // Does what the macro SSL_set_tlsext_host_name does, without its old-style cast. OpenSSL copies the name.
    std::string name = host;
    accepted = ::SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1 &&
               ::SSL_set1_host(ssl, host.c_str()) == 1;
  } else {
    accepted = ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), host.c_str()) == 1;
  }
  if (!accepted) return fail(Errc::kUnavailable, "TLS cannot check the name " + host);
  return {};
}

std::string tls_failure(SSL* ssl, const std::string& fallback) {
  const long verified = ::SSL_get_verify_result(ssl);
  switch (verified) {
    case X509_V_OK: return fallback;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is made out to another name; write the name that the certificate has into the URL";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its certificate comes from an authority that this machine does not know; name the authority's file in "
             "the URL with ?tls_ca=";
    default: return std::string("its certificate is refused: ") + ::X509_verify_cert_error_string(verified);
  }
}

}  // namespace tapedeck::redis

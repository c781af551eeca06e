#include "curl/url_policy.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "curl/network_address.hpp"

// The rules that keep requests away from our own network, as tables.

namespace tapedeck {
namespace {

UrlPolicy default_policy(const std::string& base = "https://api.twilio.com") {
  return {parse_url(base)->endpoint, {"*.twilio.com", "*.twiliocdn.com", "s3-external-1.amazonaws.com"}};
}

// "refused as URL", "refused", "private allowed" or "public only".
std::string judge(const UrlPolicy& policy, const std::string& text) {
  const Result<Url> url = parse_url(text);
  if (!url) return "refused as URL";
  if (!policy.check(*url)) return "refused";
  return policy.may_be_private(url->endpoint) ? "private allowed" : "public only";
}

struct UrlCase {
  std::string url;
  std::string verdict;
};

class ForTheRealProvider : public testing::TestWithParam<UrlCase> {};
TEST_P(ForTheRealProvider, urls_are_judged) { EXPECT_EQ(judge(default_policy(), GetParam().url), GetParam().verdict); }

INSTANTIATE_TEST_SUITE_P(Allowed, ForTheRealProvider,
                         testing::Values(UrlCase{"https://api.twilio.com/x", "public only"},
                                         UrlCase{"https://API.Twilio.COM/x", "public only"},
                                         UrlCase{"https://api.twilio.com:443/x", "public only"},
                                         UrlCase{"https://api.dublin.ie1.twilio.com/x", "public only"},
                                         UrlCase{"https://media.twiliocdn.com/x?sig=a%2Fb", "public only"},
                                         UrlCase{"https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC/1",
                                                 "public only"}));

INSTANTIATE_TEST_SUITE_P(
    Refused, ForTheRealProvider,
    testing::Values(UrlCase{"http://api.twilio.com/x", "refused"}, UrlCase{"https://api.twilio.com:8443/x", "refused"},
                    UrlCase{"https://api.twilio.com:22/x", "refused"}, UrlCase{"https://api.twilio.com:0/x", "refused"},
                    UrlCase{"https://api.twilio.com.evil.test/", "refused"},
                    UrlCase{"https://evil.test/api.twilio.com", "refused"},
                    UrlCase{"https://eviltwilio.com/", "refused"}, UrlCase{"https://twilio.com.evil.test/", "refused"},
                    UrlCase{"https://twilio.com/", "refused"}, UrlCase{"https://api.twilio.com./", "refused"},
                    UrlCase{"https://amazonaws.com/", "refused"}, UrlCase{"https://evil.s3.amazonaws.com/", "refused"},
                    UrlCase{"https://localhost/", "refused"}, UrlCase{"https:///x", "refused"},
                    UrlCase{"https://127.0.0.1/", "refused"}, UrlCase{"https://127.1/", "refused"},
                    UrlCase{"https://2130706433/", "refused"}, UrlCase{"https://0x7f.1/", "refused"},
                    UrlCase{"https://0x7f000001/", "refused"}, UrlCase{"https://0177.0.0.1/", "refused"},
                    UrlCase{"https://0.0.0.0/", "refused"}, UrlCase{"https://0/", "refused"},
                    UrlCase{"https://169.254.169.254/latest/meta-data/", "refused"},
                    UrlCase{"https://[::]/", "refused"}, UrlCase{"https://[::1]/", "refused"},
                    UrlCase{"https://[::ffff:127.0.0.1]/", "refused"}, UrlCase{"https://[::ffff:7f00:1]/", "refused"},
                    UrlCase{"https://[64:ff9b::7f00:1]/", "refused"}, UrlCase{"https://8.8.8.8/", "refused"},
                    UrlCase{"https://%31%32%37.0.0.1/", "refused"}, UrlCase{"https://xn--twilio-9za.com/", "refused"}));

INSTANTIATE_TEST_SUITE_P(
    NoUrl, ForTheRealProvider,
    testing::Values(
        UrlCase{"", "refused as URL"}, UrlCase{"api.twilio.com", "refused as URL"},
        UrlCase{"//api.twilio.com/x", "refused as URL"}, UrlCase{"/x", "refused as URL"},
        UrlCase{"file:///etc/passwd", "refused as URL"}, UrlCase{"gopher://127.0.0.1:6379/_x", "refused as URL"},
        UrlCase{"dict://127.0.0.1:11211/stat", "refused as URL"}, UrlCase{"ftp://api.twilio.com/", "refused as URL"},
        UrlCase{"ldap://api.twilio.com/", "refused as URL"}, UrlCase{"javascript://api.twilio.com/", "refused as URL"},
        UrlCase{"https://api.twilio.com@127.0.0.1/", "refused as URL"},
        UrlCase{"https://user:pass@api.twilio.com/", "refused as URL"},
        UrlCase{"https://user@api.twilio.com/", "refused as URL"}, UrlCase{"https://@127.0.0.1/", "refused as URL"},
        UrlCase{"https://api.twilio.com\\@127.0.0.1/", "refused as URL"},
        UrlCase{"https:\\\\api.twilio.com/", "refused as URL"}, UrlCase{"https://api.twilio.com /x", "refused as URL"},
        UrlCase{"https://api.twilio.com/a\tb", "refused as URL"},
        UrlCase{"https://api.twilio.com/a\r\nX-Evil: 1", "refused as URL"},
        UrlCase{std::string("https://api.twilio.com/\0x", 25), "refused as URL"},
        UrlCase{"https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "refused as URL"},
        UrlCase{"https://\xe2\x93\x94wilio.com/", "refused as URL"},
        UrlCase{"https://[fe80::1%25eth0]/", "refused as URL"}, UrlCase{"https://[::1", "refused as URL"},
        UrlCase{"https://api.twilio.com:99999/", "refused as URL"},
        UrlCase{"https://api.twilio.com:x/", "refused as URL"}, UrlCase{"https://", "refused as URL"},
        UrlCase{"https://api.twilio.com/" + std::string(9'000, 'x'), "refused as URL"}));

struct BaseCase {
  std::string base;
  std::string url;
  std::string verdict;
};
class ForABaseOfOurOwn : public testing::TestWithParam<BaseCase> {};
TEST_P(ForABaseOfOurOwn, urls_are_judged) {
  EXPECT_EQ(judge(default_policy(GetParam().base), GetParam().url), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ForABaseOfOurOwn,
    testing::Values(BaseCase{"http://127.0.0.1:9000", "http://127.0.0.1:9000/x", "private allowed"},
                    BaseCase{"http://127.0.0.1:9000", "http://127.0.0.1:9001/x", "refused"},
                    BaseCase{"http://127.0.0.1:9000", "http://127.0.0.2:9000/x", "refused"},
                    BaseCase{"http://127.0.0.1:9000", "http://localhost:9000/x", "refused"},
                    BaseCase{"http://127.0.0.1:9000", "https://127.0.0.1/x", "public only"},
                    BaseCase{"http://127.0.0.1:9000", "https://api.twilio.com/x", "public only"},
                    BaseCase{"http://127.0.0.1:9000", "http://api.twilio.com/x", "refused"},
                    BaseCase{"http://sim:9000", "http://sim:9000/x", "private allowed"},
                    BaseCase{"https://10.0.0.5", "https://10.0.0.5/x", "private allowed"},
                    BaseCase{"https://10.0.0.5", "https://10.0.0.5:444/x", "refused"},
                    BaseCase{"https://[::1]:9000", "https://[::1]:9000/x", "private allowed"},
                    BaseCase{"https://localhost:9000", "https://localhost:9000/x", "private allowed"},
                    BaseCase{"https://twilio.internal", "https://twilio.internal/x", "public only"},
                    BaseCase{"https://8.8.8.8", "https://8.8.8.8/x", "public only"}));

struct AddressCase {
  std::string address;
  bool is_public;
};
class Addresses : public testing::TestWithParam<AddressCase> {};

TEST_P(Addresses, public_addresses_are_told_from_others) {
  sockaddr_storage storage{};
  const std::string& text = GetParam().address;
  if (text.find(':') == std::string::npos) {
    auto& four = reinterpret_cast<sockaddr_in&>(storage);
    four.sin_family = AF_INET;
    ASSERT_EQ(::inet_pton(AF_INET, text.c_str(), &four.sin_addr), 1);
  } else {
    auto& six = reinterpret_cast<sockaddr_in6&>(storage);
    six.sin6_family = AF_INET6;
    ASSERT_EQ(::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr), 1);
  }
  const auto& address = reinterpret_cast<const sockaddr&>(storage);
  EXPECT_EQ(is_public_address(address), GetParam().is_public) << text;
  EXPECT_EQ(address_text(address), text);
  EXPECT_EQ(is_private_literal(text), !GetParam().is_public);
}

// The first and last address of each block, and its neighbours.
INSTANTIATE_TEST_SUITE_P(
    Four, Addresses,
    testing::Values(
        AddressCase{"0.0.0.0", false}, AddressCase{"0.255.255.255", false}, AddressCase{"1.0.0.0", true},
        AddressCase{"9.255.255.255", true}, AddressCase{"10.0.0.0", false}, AddressCase{"10.255.255.255", false},
        AddressCase{"11.0.0.0", true}, AddressCase{"100.63.255.255", true}, AddressCase{"100.64.0.0", false},
        AddressCase{"100.127.255.255", false}, AddressCase{"100.128.0.0", true}, AddressCase{"126.255.255.255", true},
        AddressCase{"127.0.0.1", false}, AddressCase{"127.255.255.255", false}, AddressCase{"128.0.0.0", true},
        AddressCase{"169.253.255.255", true}, AddressCase{"169.254.169.254", false},
        AddressCase{"172.15.255.255", true}, AddressCase{"172.16.0.0", false}, AddressCase{"172.31.255.255", false},
        AddressCase{"172.32.0.0", true}, AddressCase{"192.0.0.1", false}, AddressCase{"192.0.2.1", false},
        AddressCase{"192.88.99.1", false}, AddressCase{"192.167.255.255", true}, AddressCase{"192.168.0.0", false},
        AddressCase{"192.168.255.255", false}, AddressCase{"192.169.0.0", true}, AddressCase{"198.17.255.255", true},
        AddressCase{"198.18.0.0", false}, AddressCase{"198.19.255.255", false}, AddressCase{"198.20.0.0", true},
        AddressCase{"198.51.100.7", false}, AddressCase{"203.0.113.7", false}, AddressCase{"223.255.255.255", true},
        AddressCase{"224.0.0.1", false}, AddressCase{"239.255.255.255", false}, AddressCase{"240.0.0.1", false},
        AddressCase{"255.255.255.255", false}, AddressCase{"8.8.8.8", true}));

INSTANTIATE_TEST_SUITE_P(Six, Addresses,
                         testing::Values(AddressCase{"::", false}, AddressCase{"::1", false},
                                         AddressCase{"::ffff:127.0.0.1", false}, AddressCase{"::ffff:8.8.8.8", false},
                                         AddressCase{"64:ff9b::7f00:1", false}, AddressCase{"64:ff9b::a00:1", false},
                                         AddressCase{"64:ff9b::808:808", true},
                                         AddressCase{"64:ff9b:1::808:808", false}, AddressCase{"100::1", false},
                                         AddressCase{"2001::1", false}, AddressCase{"2001:1ff:ffff::1", false},
                                         AddressCase{"2001:200::1", true}, AddressCase{"2001:db8::1", false},
                                         AddressCase{"2001:db9::1", true}, AddressCase{"2002:7f00:1::1", false},
                                         AddressCase{"2003::1", true}, AddressCase{"2600:1f18::1", true},
                                         AddressCase{"2a00:1450:4001:80e::200e", true}, AddressCase{"3fff::1", false},
                                         AddressCase{"3fff:1000::1", true}, AddressCase{"4000::1", false},
                                         AddressCase{"fc00::1", false}, AddressCase{"fd12:3456::1", false},
                                         AddressCase{"fe80::1", false}, AddressCase{"fec0::1", false},
                                         AddressCase{"ff02::1", false}));

TEST(Address, an_address_of_another_family_is_not_public) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_FALSE(is_public_address(address));
}

struct ResolveCase {
  std::string location;
  std::string expected;  // empty: refused
};
class ResolvedUrls : public testing::TestWithParam<ResolveCase> {};
TEST_P(ResolvedUrls, a_url_is_resolved_relative_to_its_page) {
  const Result<Url> current = parse_url("https://api.twilio.com/2010/media.mp3?a=1");
  const Result<Url> next = resolve_url(*current, GetParam().location);
  EXPECT_EQ(next ? next->text : "", GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(Table, ResolvedUrls,
                         testing::Values(ResolveCase{"/x", "https://api.twilio.com/x"},
                                         ResolveCase{"other.mp3", "https://api.twilio.com/2010/other.mp3"},
                                         ResolveCase{"?b=2", "https://api.twilio.com/2010/media.mp3?b=2"},
                                         ResolveCase{"../up", "https://api.twilio.com/up"},
                                         ResolveCase{"//cdn.test/x", "https://cdn.test/x"},
                                         ResolveCase{"https://cdn.test/x#y", "https://cdn.test/x"},
                                         ResolveCase{"//user@cdn.test/x", ""}, ResolveCase{"", ""},
                                         ResolveCase{"file:///etc/passwd", ""}));

}  // namespace
}  // namespace tapedeck

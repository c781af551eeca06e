#include "blobs/blob_key.hpp"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

const std::string kAccount = "AC00000000000000000000000000000001";
const std::string kRecording = "RE000000000000000000000000000000a7";

BlobName sample() {
  return {*BusinessId::parse("123"), *AccountSid::parse(kAccount), *RecordingSid::parse(kRecording), 4,
          AudioKind::kMpeg};
}

TEST(BlobKey, a_key_is_made_of_business_account_shard_recording_fence_and_kind) {
  EXPECT_EQ(blob_key(sample()), "123/" + kAccount + "/a7/" + kRecording + "-4.mp3");
}

TEST(BlobKey, a_key_differs_if_any_part_of_its_name_differs) {
  std::vector<BlobName> names(6, sample());
  names[1].business = *BusinessId::parse("124");
  names[2].account = *AccountSid::parse("AC00000000000000000000000000000002");
  names[3].recording = *RecordingSid::parse("RE000000000000000000000000000001a7");
  names[4].fence = 5;
  names[5].kind = AudioKind::kWav;
  std::set<std::string> keys;
  for (const BlobName& name : names) keys.insert(blob_key(name));
  EXPECT_EQ(keys.size(), names.size());
}

TEST(BlobKey, a_key_is_parsed_to_the_same_name) {
  BlobName name = sample();
  name.business = *BusinessId::parse("a-B_9");
  name.fence = 9'223'372'036'854'775'807;
  name.kind = AudioKind::kWav;
  const auto parsed = parse_blob_key(blob_key(name));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(*parsed, name);
}

TEST(BlobKey, a_key_keeps_within_the_documented_length) {
  BlobName name = sample();
  name.business = *BusinessId::parse(std::string(kBusinessIdMaxLength, 'x'));
  name.fence = 9'223'372'036'854'775'807;
  EXPECT_EQ(blob_key(name).size(), 161U);
}

TEST(PeaksKey, a_peaks_key_stands_beside_audio_of_either_kind_and_names_no_audio) {
  BlobName name = sample();
  const std::string key = peaks_key(blob_key(name));
  EXPECT_EQ(key, "123/" + kAccount + "/a7/" + kRecording + "-4.peaks");
  EXPECT_TRUE(is_blob_key(key));
  EXPECT_TRUE(is_blob_key(blob_key(name)));
  EXPECT_FALSE(parse_blob_key(key).has_value());
  name.kind = AudioKind::kWav;
  EXPECT_EQ(peaks_key(blob_key(name)), key);
}

TEST(PeaksKey, a_peaks_key_belongs_to_a_recording) {
  const std::string stem = kAccount + "/a7/" + kRecording;
  for (const std::string& key :
       {std::string(".peaks"), std::string("peaks"), "123/" + stem + "-4.peaks/", "123/" + stem + "-0.peaks",
        "../" + stem + "-4.peaks", "123/" + stem + "-4.mp3.peaks", "123/" + stem + ".peaks"}) {
    EXPECT_FALSE(is_blob_key(key)) << key;
  }
}

class RefusedBlobKey : public testing::TestWithParam<std::string> {};

TEST_P(RefusedBlobKey, a_foreign_key_is_refused) {
  EXPECT_FALSE(parse_blob_key(GetParam()).has_value());
  EXPECT_FALSE(is_blob_key(GetParam()));
}

const std::string kTail = kAccount + "/a7/" + kRecording;
INSTANTIATE_TEST_SUITE_P(
    Table, RefusedBlobKey,
    testing::Values("", "/", ".", "..", "../../etc/passwd", "/etc/passwd", ".tmp/1-1", "123/" + kTail,
                    "../" + kTail + "-4.mp3", "/123/" + kTail + "-4.mp3", "./123/" + kTail + "-4.mp3",
                    "123//" + kTail + "-4.mp3", "123/../" + kTail + "-4.mp3", "%2e%2e/" + kTail + "-4.mp3",
                    "123/" + kAccount + "/b7/" + kRecording + "-4.mp3", "123/" + kAccount + "/" + kRecording + "-4.mp3",
                    "123/" + kTail + "-0.mp3", "123/" + kTail + "-04.mp3", "123/" + kTail + "--4.mp3",
                    "123/" + kTail + "-+4.mp3", "123/" + kTail + "-.mp3", "123/" + kTail + "-4.exe",
                    "123/" + kTail + "-4.MP3", "123/" + kTail + "-4.mp3/", "123/" + kTail + "-4.mp3/..",
                    "123/" + kTail + "-4.mp3 ", "123/" + kTail + "-99999999999999999999.mp3",
                    std::string("123/" + kTail + "-4.mp3") + '\0', std::string("12\0003/", 5) + kTail + "-4.mp3",
                    std::string(65, 'x') + "/" + kTail + "-4.mp3"));

TEST(SupersededBlobKeys, superseded_keys_name_older_fences_with_their_peaks_and_never_the_committed_one) {
  BlobName name = sample();
  name.fence = 3;
  const std::vector<std::string> keys = superseded_blob_keys(name);
  const std::string stem = "123/" + kTail;
  EXPECT_EQ(keys, (std::vector<std::string>{stem + "-2.mp3", stem + "-2.wav", stem + "-2.peaks", stem + "-1.mp3",
                                            stem + "-1.wav", stem + "-1.peaks"}));
}

TEST(SupersededBlobKeys, a_first_attempt_supersedes_no_key) {
  BlobName name = sample();
  name.fence = 1;
  EXPECT_TRUE(superseded_blob_keys(name).empty());
}

TEST(SupersededBlobKeys, superseded_keys_are_limited_in_number) {
  BlobName name = sample();
  name.fence = 1'000'000;
  EXPECT_EQ(superseded_blob_keys(name).size(), 3U * kSupersededFencesMax);
}

}  // namespace
}  // namespace tapedeck

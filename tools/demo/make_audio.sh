#!/usr/bin/env bash
# usage: tools/demo/make_audio.sh FOLDER
#
# Makes the demo's recordings from the dialogues in tools/demo/audio: speech in two voices, in a telephone's band
# (300 to 3400 Hz, 8 kHz), as the provider keeps it: NAME.mp3 (32 kbit/s), NAME.wav, and NAME.2.wav with a channel for
# each party. The same text gives the same bytes; only changed dialogues are made again.
#
# A dialogue begins with "voices CALLEE CALLER" (espeak-ng's names), then has one line for each thing that happens:
#   A text   the first voice speaks        ring       the line rings
#   B text   the second voice speaks       beep       an answering machine's tone
#                                          pause 2.5  nobody speaks, in seconds
set -euo pipefail
folder=${1:?usage: tools/demo/make_audio.sh FOLDER}
dialogues="$(dirname "$(readlink -f "$0")")/audio"
mkdir -p "$folder"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Words a minute, and silence after each sentence in seconds.
readonly SPEED=160 BREATH=0.35

# sound NUMBER SOX_EFFECT...: a synthesised sound, as 8 kHz samples.
synthesise() {
  local out=$1
  shift
  sox -D -n -r 8000 -b 16 -c 1 "$out" "$@"
}

# speak OUT VOICE TEXT
speak() {
  espeak-ng -v "$2" -s $SPEED -w "$scratch/raw.wav" "$3"
  sox -D "$scratch/raw.wav" -r 8000 -b 16 -c 1 "$1" sinc 300-3400 gain -n -4 pad 0 $BREATH
}

# silence_like OUT SOUND: silence as long as a sound, for the channel of the other party.
silence_like() { sox -D "$2" "$1" vol 0; }

# record NAME: makes the three files of a dialogue.
record() {
  local name=$1 count=0 word rest voice_a voice_b left=() right=()
  while read -r word rest; do
    [ -n "$word" ] || continue
    count=$((count + 1))
    local sound="$scratch/$count.wav" silence="$scratch/$count.silence.wav"
    case "$word" in
      voices) read -r voice_a voice_b <<<"$rest" && continue ;;
      A) speak "$sound" "$voice_a" "$rest" ;;
      B) speak "$sound" "$voice_b" "$rest" ;;
      ring) synthesise "$sound" synth 1.6 sine 440 sine 480 remix - gain -18 pad 0 0.6 ;;
      beep) synthesise "$sound" synth 0.4 sine 1000 gain -14 pad 0 0.3 ;;
      pause) synthesise "$sound" trim 0 "$rest" ;;
      *)
        echo "$name: unknown line: $word" >&2
        return 1
        ;;
    esac
    silence_like "$silence" "$sound"
    if [ "$word" = B ]; then
      left+=("$silence") right+=("$sound")
    else
      left+=("$sound") right+=("$silence")
    fi
  done <"$dialogues/$name.txt"
  sox -D "${left[@]}" "$scratch/left.wav"
  sox -D "${right[@]}" "$scratch/right.wav"
  sox -D -M "$scratch/left.wav" "$scratch/right.wav" "$scratch/dual.wav"
  # Line noise, so that a pause sounds like a telephone. -R makes it the same each time.
  sox -D -R -n -r 8000 -c 2 "$scratch/noise.wav" synth "$(soxi -D "$scratch/dual.wav")" pinknoise gain -48
  sox -D -m "$scratch/dual.wav" "$scratch/noise.wav" -b 16 "$folder/$name.2.wav" norm -3
  sox -D "$folder/$name.2.wav" -b 16 "$folder/$name.wav" remix 1,2 norm -3
  lame --quiet -t -m m -b 32 --cbr "$folder/$name.wav" "$folder/$name.mp3"
}

for dialogue in "$dialogues"/*.txt; do
  name=$(basename "$dialogue" .txt)
  stamp="$folder/$name.stamp"
  wanted=$(cat "$0" "$dialogue" | sha256sum)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then continue; fi
  record "$name"
  printf '%s\n' "$wanted" >"$stamp"
  printf '%-20s %s\n' "$name" "$(soxi -d "$folder/$name.wav")" >&2
done

/** Makes a WAV: 8 kHz, 8 bits, mono, two tones that alternate each second, so that its parts differ. */
const kRate = 8000;
const kHeaderBytes = 44;

export function makeTone(seconds) {
  const samples = kRate * seconds;
  const wav = Buffer.alloc(kHeaderBytes + samples);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(kHeaderBytes - 8 + samples, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // channels
  wav.writeUInt32LE(kRate, 24);
  wav.writeUInt32LE(kRate, 28); // bytes per second
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(samples, 40);
  for (let sample = 0; sample < samples; sample += 1) {
    const hertz = Math.floor(sample / kRate) % 2 === 0 ? 330 : 440;
    const value = Math.sin((2 * Math.PI * hertz * sample) / kRate);
    wav[kHeaderBytes + sample] = Math.round(128 + 60 * value);
  }
  return wav;
}

// Duration and waveform of long recordings, as a worker measures them after the commit. The peer is FFmpeg, which decodes the
// same file and draws a waveform of 1,000 columns in the same run. The goal: 60 minutes under 1 s of one core.
//
//   ./dev bench peaks [--minutes 60] [--times 5]
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs, promisify } from "node:util";

const run = promisify(execFile);
const bin = process.env.TAPEDECK_BIN_DIR ?? new URL("../build/release/bin", import.meta.url).pathname;
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, times: { type: "string", default: "5" } },
});
const seconds = Number(values.minutes) * 60;
const times = Number(values.times);
const goalSeconds = 1;

const work = mkdtempSync(join(tmpdir(), "tapedeck-peaks-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

// The path of the blob in the store.
let recordings = 0;
function blob(extension) {
  const sid = `RE${String(++recordings).padStart(32, "0")}`;
  const key = `bench/AC${"0".repeat(32)}/${sid.slice(-2)}/${sid}-1.${extension}`;
  mkdirSync(dirname(join(work, key)), { recursive: true });
  return { key, file: join(work, key), type: extension === "mp3" ? "audio/mpeg" : "audio/wav" };
}

// Similar to speech: intermittent noise.
async function sound(file, channels) {
  const voices = channels === 2 ? ["pinknoise", "brownnoise"] : ["pinknoise"];
  await run("sox", ["-n", "-r", "8000", "-b", "16", "-c", String(channels), file, "synth", String(seconds), ...voices,
    "tremolo", "0.4", "80", "vol", "0.5"]);
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

// Processor and wall time of a child, from the counters of the kernel.
async function timed(command, words) {
  const began = process.hrtime.bigint();
  const child = spawn("bash", ["-c", 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1', "-", command, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  for await (const part of child.stderr) text += part;
  const [user, system] = text.trim().split("\n").at(-1).split(" ").map(Number);
  return { wall: Number(process.hrtime.bigint() - began) / 1e9, cpu: user + system };
}

const mono = blob("wav");
const dual = blob("wav");
console.error(`making ${values.minutes} minutes of sound`);
await sound(mono.file, 1);
await sound(dual.file, 2);
const mp3 = blob("mp3");
const dualMp3 = blob("mp3");
await run("lame", ["--quiet", "-t", "-m", "m", "-b", "32", "--resample", "8", mono.file, mp3.file]);
await run("lame", ["--quiet", "-t", "-m", "s", "-b", "64", "--resample", "8", dual.file, dualMp3.file]);

const cases = [
  ["WAV, 8 kHz, mono", mono], ["WAV, 8 kHz, dual", dual],
  ["MP3, 8 kHz, 32 kbit/s, mono", mp3], ["MP3, 8 kHz, 64 kbit/s, stereo", dualMp3],
];
for (const [name, { key, file, type }] of cases) {
  const { stdout } = await run(`${bin}/peaks_bench`, [work, key, type, String(times)]);
  const ours = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const theirs = [];
  for (let i = 0; i < times; ++i) {
    theirs.push(await timed("ffmpeg", ["-nostdin", "-v", "error", "-threads", "1", "-filter_threads", "1", "-i", file,
      "-filter_complex", "showwavespic=s=1000x200:split_channels=1", "-frames:v", "1", "-f", "null", "-"]));
  }
  const wall = median(ours.map((one) => one.wall));
  const cpu = median(ours.map((one) => one.cpu));
  const megabytes = readFileSync(file).length / 1e6;
  console.log(`${name.padEnd(31)} ${wall.toFixed(3)} s, ${cpu.toFixed(3)} s of CPU   FFmpeg ${median(theirs.map((one) => one.wall)).toFixed(3)} s, ` +
    `${median(theirs.map((one) => one.cpu)).toFixed(3)} s of CPU   ${(ours[0].audio / 60).toFixed(1)} min, ${megabytes.toFixed(1)} MB, ` +
    `process at most ${(ours.at(-1).resident_kb / 1024).toFixed(0)} MiB, JSON ${(ours[0].json_bytes / 1000).toFixed(1)} kB` +
    `${cpu <= goalSeconds ? "" : "  (short of the goal)"}`);
}

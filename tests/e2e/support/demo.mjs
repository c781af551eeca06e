/** Runs `tapedeck demo` as ./dev demo does, on sound and calls made for a test. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { sid, simBinary, startSim } from "./sim.mjs";
import { tapedeckBinary, until } from "./tapedeck.mjs";
import { makeTone } from "./tone.mjs";

export const kMp3Seconds = 20;
export const kWavSeconds = 10;
const kStopMs = 30_000;

/** The look-alike makes MP3s itself: one of it becomes a file. */
async function makeMp3(seconds) {
  const sim = await startSim();
  try {
    const account = await sim.addAccount();
    const recording = await sim.addRecording({
      account: account.sid,
      duration_s: seconds,
      channels: 1,
    });
    const { status, body } = await sim.request("GET", sim.mediaPath(recording), { account });
    if (status !== 200) throw new Error(`the look-alike answered ${status} for its MP3`);
    return body;
  } finally {
    await sim.stop();
  }
}

function callOf(number, business, from, duration, audio) {
  return {
    business,
    call_sid: sid("CA", number),
    from,
    to: "+14155550101",
    direction: "inbound",
    minutes_ago: 5 * number,
    duration_s: duration,
    recording_sid: audio === null ? null : sid("RE", number),
    audio,
    webhook: false,
    rule: null,
  };
}

/** The shape of tools/demo/calls.json. */
function callsFile() {
  const business = (number, id, format) => ({
    id,
    account_sid: sid("AC", number),
    auth_token: `not-a-secret-${id}`,
    limit: null,
    format,
  });
  return {
    settings: { bytes_per_second: 250_000 },
    businesses: [business(1, "florist", null), business(2, "vet", "wav")],
    calls: [
      callOf(1, "florist", "Daniel Reyes <+14155550131>", kMp3Seconds, "mp3"),
      callOf(2, "florist", "+14155550132", kMp3Seconds, "mp3"),
      callOf(3, "florist", "+14155550133", 30, null),
      callOf(4, "vet", "דנה לוי <+14155550134>", kWavSeconds, "wav"),
    ],
  };
}

/** A folder with sound, calls and a place for data; `remove()` takes it away. */
export async function makeDemoFolder() {
  const root = await mkdtemp(path.join(os.tmpdir(), "tapedeck-demo-"));
  const file = (name) => path.join(root, name);
  const [mp3, tone] = [await makeMp3(kMp3Seconds), makeTone(kWavSeconds)];
  for (const name of ["mp3", "wav"]) {
    await writeFile(file(`${name}.mp3`), mp3);
    await writeFile(file(`${name}.wav`), tone);
    await writeFile(file(`${name}.2.wav`), tone);
  }
  await writeFile(file("calls.json"), JSON.stringify(callsFile()));
  return {
    root,
    calls: file("calls.json"),
    dataDir: file("data"),
    /** What the look-alike has logged, over all starts. */
    providerEvents: async () => {
      const lines = (await readFile(file("data/demo-provider.log"), "utf8")).split("\n");
      return lines.filter(Boolean).map((line) => JSON.parse(line));
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

async function childrenOf(pid) {
  const children = [];
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/children`, "utf8");
    children.push(...text.split(" ").filter(Boolean).map(Number));
  }
  return children;
}

export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts it and waits for the welcome. It leads a process group of its own, as in a terminal. */
export async function startDemo(folder) {
  const options = { listen: "127.0.0.1:0", audio: folder.root, calls: folder.calls };
  Object.assign(options, { "data-dir": folder.dataDir, simulator: simBinary() });
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(tapedeckBinary(), ["demo", ...flags], {
    detached: true,
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (said.err += text));
  let isOver = false;
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  }).finally(() => (isOver = true));
  const end = async () => {
    if (!isOver) process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  try {
    await until(
      "the welcome",
      () => said.out.includes("Ctrl-C stops everything") || isOver,
      (isSaid) => isSaid,
    );
    if (isOver) throw new Error(`the demo ended at once: ${said.err}`);
    const login = /http:\/\/\S+\/login\?token=\S+/.exec(said.out)[0];
    return {
      login,
      baseUrl: new URL(login).origin,
      welcome: said.out,
      pid: child.pid,
      simulators: await childrenOf(child.pid),
      end,
      /** Sends SIGINT, to the whole group as a terminal's Ctrl-C does or to the server alone. */
      interrupt: async ({ group }) => {
        process.kill(group ? -child.pid : child.pid, "SIGINT");
        const killer = setTimeout(end, kStopMs);
        const how = await ended;
        clearTimeout(killer);
        return how;
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

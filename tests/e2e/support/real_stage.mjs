/**
 * The stage of page_scenarios.mjs with the real server and the simulator.
 *
 * The simulator is frozen (SIGSTOP) to hold downloads: first three that fill the slots while three
 * more wait behind them, so that the next press is answered "queued, 4th"; later the watched one, in
 * the middle of its transfer.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { kNamedCalls } from "./mock_calls.mjs";
import { startSim } from "./sim.mjs";
import { makeTapedeck, until } from "./tapedeck.mjs";
import { makeTone } from "./tone.mjs";

export const kToneSeconds = 12;
const kNames = ["cold", "stored", "failed", "rightToLeft", "markup"];
/** Presses that fill the slots of the business, and presses that wait behind them. */
const kRunning = 3;
const kWaiting = 3;
/** A tone of 12 s has 96 kB: it takes about 4 s unless the simulator has to catch up. */
const kDripBytesPerSecond = 24_000;

/** Starts the simulator with a folder of sound, which is removed with it. */
async function startProvider() {
  const sound = await mkdtemp(path.join(os.tmpdir(), "tapedeck-sound-"));
  try {
    await writeFile(path.join(sound, "tone.wav"), makeTone(kToneSeconds));
    return { sim: await startSim({ data: sound }), sound };
  } catch (error) {
    await rm(sound, { recursive: true, force: true });
    throw error;
  }
}

class RealStage {
  constructor(provider, deck) {
    this.sim = provider.sim;
    this.sound = provider.sound;
    this.deck = deck;
    this.calls = {};
  }

  get baseUrl() {
    return this.deck.url;
  }

  /** Makes businesses and keys with the commands, as an operator does; then starts the server; then adds calls. */
  async prepare() {
    const account = await this.sim.addAccount({ business: "harbour-dental" });
    this.business = await this.deck.addBusiness("harbour-dental", account, "--format", "wav");
    this.businessKey = this.business.key;
    await this.deck.start();
    for (const name of kNames) {
      const { title, from, minutesAgo } = kNamedCalls[name];
      this.calls[name] = { title, sid: await this.addCall(from, minutesAgo) };
    }
    this.crowd = [];
    for (let number = 0; number < kRunning + kWaiting; number += 1) {
      this.crowd.push(await this.addCall(`+1415555017${number}`, 300 + number));
    }
    const recording = this.calls.failed.sid;
    this.refusal = await this.sim.addRule({ fault: "status", status: 400, recording });
    for (const state of ["failed", "stored"]) {
      await this.deck.press(this.business, this.calls[state].sid);
      await this.deck.untilState(this.business, this.calls[state].sid, state);
    }
  }

  /** A call with a tone as its recording; returns the id of the recording. */
  async addCall(from, minutesAgo) {
    const recording = await this.sim.addRecording({
      account: this.business.account.sid,
      duration_s: kToneSeconds,
      channels: 1,
      files: { wav_1: "tone.wav" },
    });
    await this.deck.tell(this.business, recording, {
      from,
      to: "+14155550100",
      direction: "inbound",
      started_at: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
      duration: kToneSeconds,
    });
    return recording.sid;
  }

  /** Fills the slots, and three places of the queue. */
  async queueFourth(sid) {
    const rate = { bytes_per_second: kDripBytesPerSecond };
    await this.sim.addRule({ fault: "drip", recording: sid, ...rate });
    this.freeze();
    for (const other of this.crowd) await this.deck.press(this.business, other);
    await until(
      "a full house",
      () => this.deck.queue(this.business),
      (queue) => queue.active_count === kRunning && queue.queue_length === kWaiting,
    );
  }

  async queueRetryFourth(sid) {
    await this.sim.removeRule(this.refusal);
    await this.queueFourth(sid);
  }

  /** Cancels the recordings ahead of it. */
  async queueFirst() {
    for (const sid of this.crowd.splice(kRunning)) {
      const answer = await this.deck.post(this.business, sid, "cancel");
      if (answer.status !== 200) throw new Error(`cancel: ${answer.status} ${answer.body}`);
    }
  }

  /** Lets the running downloads end, and holds its own transfer after its first bytes. */
  async fetchSome(sid) {
    this.thaw();
    await this.deck.untilStatus(this.business, sid, (status) => status.progress?.percent > 0);
    this.freeze();
  }

  store() {
    this.thaw();
  }

  freeze() {
    this.sim.signal("SIGSTOP");
  }

  thaw() {
    this.sim.signal("SIGCONT");
  }

  async stop() {
    this.thaw();
    await this.deck.destroy();
    await this.sim.stop();
    await rm(this.sound, { recursive: true, force: true });
  }
}

/** Starts everything; the result is a stage for page_scenarios.mjs with `sim` and `deck`. */
export async function startRealStage() {
  const provider = await startProvider();
  let deck;
  try {
    deck = await makeTapedeck({ sim: provider.sim, settings: { PUBLIC_URL: "" } });
    const stage = new RealStage(provider, deck);
    await stage.prepare();
    return stage;
  } catch (error) {
    await deck?.destroy();
    await provider.sim.stop();
    await rm(provider.sound, { recursive: true, force: true });
    throw error;
  }
}

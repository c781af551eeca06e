// The time from the death of a worker until another one fetches its recordings, as the provider sees it: an API and two
// workers, of which the downloading one is killed. Half of the kills include its supervisor, so that it is not restarted.
//
//   ./dev bench restart [--kills 20] [--at-once 5]
import { parseArgs } from "node:util";

import { makeBusiness, slow } from "../tests/e2e/support/nodes.mjs";
import { startSim } from "../tests/e2e/support/sim.mjs";
import { makeTapedeck } from "../tests/e2e/support/tapedeck.mjs";

const goalSeconds = 17;
const limit = 3;
const { values } = parseArgs({
  options: { kills: { type: "string", default: "20" }, "at-once": { type: "string", default: "5" } },
});
const kills = Number(values.kills);

// Seconds until each of its recordings was requested again.
async function killOne(withSupervisor) {
  const sim = await startSim();
  const deck = await makeTapedeck({ sim, nodes: ["api", "worker"] });
  try {
    await deck.start();
    const { business, account, recordings, calls } = await makeBusiness(deck, limit);
    await sim.addRule(slow(account, 120_000));
    for (const sid of calls) await deck.press(business, sid);
    await sim.untilStats((stats) => stats.accounts[account.sid]?.current === limit);
    const [, worker] = deck.nodes;
    await deck.startNode("worker");
    const child = await deck.childOf(worker);
    const killed = performance.now();
    if (withSupervisor) worker.child.kill("SIGKILL");
    else process.kill(child, "SIGKILL");
    const again = new Map();
    await sim.untilStats((stats) => {
      for (const { sid } of recordings) {
        if (stats.recordings[sid].requested > 1 && !again.has(sid)) again.set(sid, (performance.now() - killed) / 1000);
      }
      return again.size === limit;
    });
    const { greatest } = (await sim.stats()).accounts[account.sid];
    if (greatest > limit) throw new Error(`the provider saw ${greatest} downloads of one business at once`);
    return [...again.values()];
  } finally {
    await deck.destroy();
    await sim.stop();
  }
}

const took = [];
let next = 0;
const killNext = async () => {
  while (next < kills) took.push(...(await killOne(next++ % 2 === 1)));
};
await Promise.all(Array.from({ length: Number(values["at-once"]) }, killNext));
took.sort((a, b) => a - b);
const worst = took.at(-1);
console.log(`worker killed to its recordings fetched by another, ${kills} kills, ${took.length} recordings (goal ${goalSeconds} s)  ` +
  `least ${took[0].toFixed(1)}, median ${took[Math.floor(took.length / 2)].toFixed(1)}, most ${worst.toFixed(1)} s` +
  `${worst <= goalSeconds ? "" : "  (short of the goal)"}`);
process.exit(0);

// The time to rebuild the slots after Redis has lost everything: an API and a worker on a call store with so many waiting
// recordings, and several times FLUSHALL. The provider accepts connections and never answers.
//
//   ./dev bench rebuild [--waiting 100000] [--rounds 5]
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { startRedis } from "../tools/services/redis.mjs";
import { makeTapedeck } from "../tests/e2e/support/tapedeck.mjs";

const goalSeconds = 5;
const account = "AC" + "1".repeat(32);
const { values } = parseArgs({
  options: { waiting: { type: "string", default: "100000" }, rounds: { type: "string", default: "5" } },
});
const waiting = Number(values.waiting);
const rounds = Number(values.rounds);
// As many automatic fetches as the window holds; presses, which have no window; many businesses with few recordings each.
const scenes = [
  { lane: "fetch", businesses: Math.ceil(waiting / 1_000) },
  { lane: "play", businesses: Math.ceil(waiting / 1_000) },
  { lane: "play", businesses: Math.ceil(waiting / 10) },
];

// Rows written directly, for each business in turn: they wait, and Redis has never had a request for them.
function writeWaiting(dataDir, lane, businesses) {
  const count = (most) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${most})`;
  const business = `'b' || (i % ${businesses})`;
  const sql = `
    BEGIN;
    ${count(businesses)} INSERT INTO businesses (id, account_sid, sealed_auth_token, download_limit, format, format_is_default, paused)
      SELECT ${business}, '', '', 0, 'mp3', 1, 0 FROM n;
    ${count(waiting)} INSERT INTO calls (business_id, call_sid, from_party, to_party, started_at, search_text)
      SELECT ${business}, printf('CA%032x', i), '', '', i, '' FROM n;
    ${count(waiting)} INSERT INTO recordings (business_id, call_sid, account_sid, recording_sid, sid, state, lane, wanted_order, wanted_at)
      SELECT ${business}, printf('CA%032x', i), '${account}', printf('RE%032x', i), printf('CA%032x', i), 'queued', '${lane}', i, i FROM n;
    COMMIT;`;
  execFileSync("sqlite3", [join(dataDir, "tapedeck.db")], { input: sql });
}

// The recordings of the businesses in Redis, in any state.
const counting = `
  local sum = 0
  for i = 0, ARGV[1] - 1 do
    sum = sum + redis.call('SCARD', 'rec_slots:b' .. i) + redis.call('LLEN', 'rec_queue:b' .. i)
      + redis.call('ZCARD', 'rec_fetch:b' .. i) + redis.call('ZCARD', 'rec_delayed:b' .. i)
  end
  return sum`;

async function measure({ lane, businesses }) {
  const silent = net.createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const settings = {
    TWILIO_BASE_URL: `http://127.0.0.1:${silent.address().port}`, TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: "token",
  };
  const redis = await startRedis();
  const deck = await makeTapedeck({ nodes: ["api", "worker"], redis, settings });
  const took = [];
  try {
    writeWaiting(deck.dataDir, lane, businesses);
    await deck.start();
    // Counts after the rebuild is reported complete, because counting slows Redis down.
    const untilWhole = async (since) => {
      await deck.untilLine((line) => line.includes("RECOVERED"), since);
      const took = performance.now();
      const count = Number(await redis.ask("EVAL", counting, "0", String(businesses)));
      if (count < waiting) throw new Error(`Redis knows of ${count} of ${waiting} that wait`);
      return took;
    };
    await untilWhole(0);
    for (let i = 0; i < rounds; ++i) {
      const seen = deck.lines.length;
      const began = performance.now();
      await redis.ask("FLUSHALL");
      took.push(((await untilWhole(seen)) - began) / 1000);
    }
  } finally {
    await deck.destroy();
    silent.close();
  }
  return took.sort((a, b) => a - b);
}

for (const scene of scenes) {
  const took = await measure(scene);
  const worst = took.at(-1);
  const what = `${waiting} waiting (${scene.lane} lane) in ${scene.businesses} businesses, whole again after FLUSHALL (goal ${goalSeconds} s)`;
  console.log(`${what.padEnd(100)} median ${took[Math.floor(took.length / 2)].toFixed(2)}, most ${worst.toFixed(2)} s of ${rounds}` +
    `${worst <= goalSeconds ? "" : "  (short of the goal)"}`);
}
process.exit(0);

// Starts the real server with one stored recording, for bench/stream.sh. Prints a line of JSON {url, key} when the recording
// plays, writes its bytes to the given file, and ends everything when standard input ends.
//
//   node bench/stream/stored_recording.mjs FILE LOOPS
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';

import { startSim } from '../../tests/e2e/support/sim.mjs';
import { makeTapedeck } from '../../tests/e2e/support/tapedeck.mjs';

const seconds = 120; // 480 kB of the provider's MP3, which is 4,000 bytes a second

const [file, loops] = process.argv.slice(2);
const sim = await startSim();
let deck;
try {
  deck = await makeTapedeck({ sim, settings: { HTTP_LOOPS: loops } });
  await deck.start();
  const account = await sim.addAccount();
  const business = await deck.addBusiness('bench', account);
  const call = await deck.tell(business, await sim.addRecording({ account: account.sid, duration_s: seconds }));
  await writeFile(file, (await deck.play(business, call)).body);
  console.log(JSON.stringify({ url: `${deck.url}/api/recordings/${call}/stream`, key: business.key }));
  process.stdin.resume();
  await once(process.stdin, 'end');
} finally {
  await deck?.destroy();
  await sim.stop();
}

import assert from "node:assert/strict";
import { test } from "node:test";

import { barsOf, readWaveform } from "../src/peaks";

test("a waveform is read as the server writes it", () => {
  const value = { version: 1, channels: 1, sample_rate: 8000, duration: 2.5, peaks: [[-1, 1, 0, 0.5]] };
  assert.deepEqual(readWaveform(value), { duration: 2.5, channels: [[-1, 1, 0, 0.5]] });
});

test("an invalid waveform is null", () => {
  for (const value of [
    null,
    "text",
    {},
    { duration: 0, peaks: [[0, 1]] },
    { duration: 1, peaks: [] },
    { duration: 1, peaks: [[]] },
    { duration: 1, peaks: [["a", "b"]] },
    { duration: 1, peaks: [[0, Number.NaN]] },
    { duration: 1, peaks: { 0: [0, 1] } },
  ]) {
    assert.equal(readWaveform(value), null);
  }
});

test("one channel is drawn on both sides, and the loudest bar fills the height", () => {
  const bars = barsOf({ duration: 1, channels: [[-0.25, 0.1, 0, 0.5]] }, 2);
  assert.deepEqual(bars, [
    { up: 0.5, down: 0.5 },
    { up: 1, down: 1 },
  ]);
});

test("each party of a call has a side", () => {
  const channels = [
    [0, 1, 0, 0],
    [0, 0, -0.5, 0],
  ];
  assert.deepEqual(barsOf({ duration: 1, channels }, 2), [
    { up: 1, down: 0 },
    { up: 0, down: 0.5 },
  ]);
});

test("no pair is lost, with more bars than pairs or fewer", () => {
  const waveform = { duration: 1, channels: [[-0.1, 0.2, -0.3, 0.4, -0.5, 1]] };
  for (const count of [1, 2, 3, 5, 6, 7, 100]) {
    const bars = barsOf(waveform, count);
    assert.equal(bars.length, count);
    assert.equal(Math.max(...bars.map(({ up }) => up)), 1, `${count}`);
  }
  assert.deepEqual(barsOf({ duration: 1, channels: [[0, 0]] }, 2), [
    { up: 0, down: 0 },
    { up: 0, down: 0 },
  ]);
});

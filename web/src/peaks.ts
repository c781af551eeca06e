/**
 * Reads the waveform of a recording (`GET …/peaks`) and computes the bars to draw. Does not touch the
 * page.
 */

export interface Waveform {
  /** Seconds. */
  duration: number;
  /** For each channel, minimum and maximum of each stretch in turn, -1 to 1. */
  channels: number[][];
}

/** Of a waveform with more channels, only the first ones are drawn. */
const kChannelsMax = 2;

/** Null for anything that cannot be drawn. */
export function readWaveform(value: unknown): Waveform | null {
  if (typeof value !== "object" || value === null) return null;
  const { duration, peaks } = value as Record<string, unknown>;
  if (typeof duration !== "number" || !(duration > 0) || !Array.isArray(peaks)) return null;
  const channels = peaks.filter(
    (channel): channel is number[] =>
      Array.isArray(channel) && channel.length >= 2 && channel.every(Number.isFinite),
  );
  return channels.length === 0 ? null : { duration, channels: channels.slice(0, kChannelsMax) };
}

/** How far a bar reaches above and below the middle, each 0 to 1. */
export interface Bar {
  up: number;
  down: number;
}

/**
 * `count` bars from front to back. The first channel is above the middle and the second below it, so
 * that each party of a call has a side; a single channel is on both. The loudest bar fills the height,
 * because calls are quiet.
 */
export function barsOf(waveform: Waveform, count: number): Bar[] {
  const [first = [], second = first] = waveform.channels;
  const bars: Bar[] = [];
  let loudest = 0;
  for (let i = 0; i < count; i += 1) {
    const bar = { up: loudestOf(first, i, count), down: loudestOf(second, i, count) };
    loudest = Math.max(loudest, bar.up, bar.down);
    bars.push(bar);
  }
  if (loudest === 0) return bars;
  return bars.map(({ up, down }) => ({ up: up / loudest, down: down / loudest }));
}

function loudestOf(numbers: number[], index: number, count: number): number {
  const from = Math.floor((index * numbers.length) / count);
  const to = Math.max(from + 1, Math.floor(((index + 1) * numbers.length) / count));
  let loudest = 0;
  for (let i = from; i < to; i += 1) loudest = Math.max(loudest, Math.abs(numbers[i] ?? 0));
  return loudest;
}

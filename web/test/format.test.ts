import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  dateLocale,
  dayKey,
  formatAddress,
  formatAgo,
  formatBytes,
  formatDay,
  formatDuration,
  formatUntil,
  ordinal,
  speakDuration,
} from "../src/format";

function eachOf<Input>(rows: [Input, string][], format: (input: Input) => string): void {
  for (const [input, expected] of rows) assert.equal(format(input), expected, String(input));
}

describe("formatAddress", () => {
  it("groups phone numbers by their country", () => {
    eachOf(
      [
        ["+14155550100", "+1 (415) 555-0100"],
        ["+972501234567", "+972 50 123 4567"],
        ["+442079460018", "+44 207 946 0018"],
        ["+3531234567", "+353 123 4567"],
        ["+4930123456", "+49 3012 3456"],
      ],
      formatAddress,
    );
  });

  it("leaves other text as it is, without the scheme of an address", () => {
    eachOf(
      [
        ["sip:frontdesk@example.com", "frontdesk@example.com"],
        ["client:ava", "ava"],
        ["<b>Ava</b>", "<b>Ava</b>"],
        ["911", "911"],
        ["+1", "+1"],
      ],
      formatAddress,
    );
  });

  it("names callers without a number", () => {
    eachOf(
      [
        ["+266696687", "Withheld number"],
        ["Anonymous", "Withheld number"],
        ["", "Unknown number"],
      ],
      formatAddress,
    );
  });
});

describe("durations", () => {
  it("are written as a clock", () => {
    eachOf(
      [
        [0, "0:00"],
        [42, "0:42"],
        [725, "12:05"],
        [3723, "1:02:03"],
        [59.6, "1:00"],
      ],
      formatDuration,
    );
  });

  it("are spoken in words", () => {
    eachOf(
      [
        [0, "0 seconds"],
        [1, "1 second"],
        [3723, "1 hour 2 minutes 3 seconds"],
        [120, "2 minutes"],
      ],
      speakDuration,
    );
  });
});

it("ordinals follow English", () => {
  eachOf(
    [
      [1, "1st"],
      [2, "2nd"],
      [3, "3rd"],
      [4, "4th"],
      [11, "11th"],
      [12, "12th"],
      [13, "13th"],
      [21, "21st"],
      [111, "111th"],
      [102, "102nd"],
    ],
    ordinal,
  );
});

it("bytes are written in decimal units", () => {
  eachOf(
    [
      [999, "999 B"],
      [1000, "1 kB"],
      [192_000, "192 kB"],
      [999_600, "1.0 MB"],
      [1_250_000, "1.3 MB"],
    ],
    formatBytes,
  );
});

describe("times", () => {
  const now = new Date(2026, 10, 23, 12, 0, 0);
  const ago = (milliseconds: number): Date => new Date(now.getTime() - milliseconds);
  const minute = 60_000;
  const hour = 60 * minute;

  it("have the heading of their day", () => {
    eachOf<Date>(
      [
        [new Date(2026, 10, 23, 0, 0), "Today"],
        [new Date(2026, 10, 22, 23, 59), "Yesterday"],
        [new Date(2026, 10, 16, 9), "Monday 16 November"],
        [new Date(2025, 11, 31, 9), "Wednesday 31 December 2025"],
      ],
      (moment) => formatDay(moment, now, "en-GB").replace(/,/g, ""),
    );
  });

  it("of one day share a key, and of neighbouring days do not", () => {
    assert.equal(dayKey(new Date(2026, 10, 23, 0, 0)), dayKey(new Date(2026, 10, 23, 23, 59)));
    assert.notEqual(dayKey(new Date(2026, 10, 23)), dayKey(new Date(2026, 10, 24)));
  });

  it("are relative to now", () => {
    eachOf<Date>(
      [
        [ago(20_000), "just now"],
        [ago(12 * minute), "12 min ago"],
        [ago(3 * hour), "3 h ago"],
        [ago(26 * hour), "1 day ago"],
        [ago(5 * 24 * hour), "5 days ago"],
        [ago(90 * 24 * hour), "2 months ago"],
        [ago(3 * 365.3 * 24 * hour), "3 years ago"],
        [ago(-2 * minute), "soon"],
      ],
      (moment) => formatAgo(moment, now),
    );
  });

  it("count down in seconds, minutes and hours", () => {
    eachOf<Date>(
      [
        [ago(10), "now"],
        [ago(-8000), "in 8 s"],
        [ago(-150_000), "in 3 min"],
        [ago(-2 * hour), "in 2 h"],
      ],
      (moment) => formatUntil(moment, now),
    );
  });

  it("are written in the reader's own English", () => {
    assert.equal(dateLocale(["he-IL", "en-US", "en"]), "en-US");
    assert.equal(dateLocale(["he-IL"]), "en-GB");
  });
});

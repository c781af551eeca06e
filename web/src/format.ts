/** Pure functions that format values for a person. All take `now` where time matters. */

const kSecond = 1000;
const kMinute = 60 * kSecond;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;

/** Twilio's number of a caller without caller id: "ANONYMOUS" on a keypad. */
const kWithheldNumber = "+266696687";
const kWithheldWords = new Set(["anonymous", "restricted", "private", "unavailable"]);

/** Country calling codes of one and two digits (ITU-T E.164 list); all others have three. */
const kShortCountryCodes = new Set(
  (
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 " +
    "63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
  ).split(" "),
);

/** E.164: at most 15 digits after the plus. */
const kE164 = /^\+[1-9]\d{6,14}$/;

function countryCodeOf(digits: string): string {
  for (const length of [1, 2]) {
    const code = digits.slice(0, length);
    if (kShortCountryCodes.has(code)) return code;
  }
  return digits.slice(0, 3);
}

/** Groups digits from the end: the last four, then threes, never a group of one. */
function groupDigits(digits: string): string {
  if (digits.length <= 4) return digits;
  const groups = [digits.slice(-4)];
  let rest = digits.slice(0, -4);
  while (rest.length > 4) {
    groups.unshift(rest.slice(-3));
    rest = rest.slice(0, -3);
  }
  groups.unshift(rest);
  return groups.join(" ");
}

/** True for a number that can be grouped; names and SIP addresses are not. */
export function isPhoneNumber(address: string): boolean {
  return kE164.test(address);
}

/** A phone number in groups, a SIP or client address without its scheme, else the text as it is. */
export function formatAddress(address: string): string {
  const text = address.trim();
  if (text === "") return "Unknown number";
  if (text === kWithheldNumber || kWithheldWords.has(text.toLowerCase())) return "Withheld number";
  if (!isPhoneNumber(text)) return text.replace(/^(sips?|client):/i, "");
  const digits = text.slice(1);
  const code = countryCodeOf(digits);
  const national = digits.slice(code.length);
  if (code === "1" && national.length === 10) {
    return `+1 (${national.slice(0, 3)}) ${national.slice(3, 6)}-${national.slice(6)}`;
  }
  return `+${code} ${groupDigits(national)}`;
}

/** `0:42`, `12:05`, `1:02:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0
    ? `${hours}:${pad(minutes)}:${pad(whole % 60)}`
    : `${minutes}:${pad(whole % 60)}`;
}

/** A duration for a screen reader: "1 hour 2 minutes", "42 seconds". */
export function speakDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [
    countOf(Math.floor(whole / 3600), "hour"),
    countOf(Math.floor(whole / 60) % 60, "minute"),
    countOf(whole % 60, "second"),
  ].filter((part) => part !== null);
  return parts.length === 0 ? "0 seconds" : parts.join(" ");
}

function countOf(count: number, noun: string): string | null {
  return count === 0 ? null : `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** 1st, 2nd, 3rd, 4th, 11th, 21st. */
export function ordinal(position: number): string {
  const lastTwo = position % 100;
  const isTeen = lastTwo >= 11 && lastTwo <= 13;
  const ending = isTeen ? "th" : (["th", "st", "nd", "rd"][position % 10] ?? "th");
  return `${position}${ending}`;
}

/** Decimal units, as browsers show downloads: `812 kB`, `1.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const kilobytes = bytes / 1000;
  if (kilobytes < 999.5) return `${Math.round(kilobytes)} kB`;
  return `${(kilobytes / 1000).toFixed(1)} MB`;
}

/** The start of a moment's day, in the reader's own time zone. */
function startOfDay(moment: Date): Date {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
}

/** Calendar days between two moments; a day of 23 or 25 hours counts as one. */
function daysBetween(earlier: Date, later: Date): number {
  return Math.round((startOfDay(later).getTime() - startOfDay(earlier).getTime()) / kDay);
}

/** The heading of a call: "Today", "Yesterday", "Monday 16 November", with another year. */
export function formatDay(moment: Date, now: Date, locale: string): string {
  const days = daysBetween(moment, now);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  const year = moment.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(locale, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...year,
  }).format(moment);
}

/** A key that is equal for moments of the same local day. */
export function dayKey(moment: Date): string {
  return `${moment.getFullYear()}-${moment.getMonth() + 1}-${moment.getDate()}`;
}

export function formatClock(moment: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(moment);
}

/** A moment in full, for a tooltip: weekday, date, seconds and time zone. */
export function formatFullTime(moment: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" }).format(moment);
}

/** "just now", "12 min ago", "3 h ago", "5 days ago", "2 months ago"; a future moment is "soon". */
export function formatAgo(moment: Date, now: Date): string {
  const elapsed = now.getTime() - moment.getTime();
  if (elapsed < -kMinute) return "soon";
  if (elapsed < kMinute) return "just now";
  if (elapsed < kHour) return `${Math.floor(elapsed / kMinute)} min ago`;
  const days = daysBetween(moment, now);
  if (days === 0 || elapsed < 12 * kHour) return `${Math.floor(elapsed / kHour)} h ago`;
  if (days < 60) return days === 1 ? "1 day ago" : `${days} days ago`;
  const months = Math.floor(days / 30.44);
  if (months < 24) return `${months} months ago`;
  return `${Math.floor(days / 365.25)} years ago`;
}

/** How long until a moment: "now", "in 8 s", "in 3 min", "in 2 h". */
export function formatUntil(moment: Date, now: Date): string {
  const left = moment.getTime() - now.getTime();
  if (left < kSecond) return "now";
  if (left < kMinute) return `in ${Math.ceil(left / kSecond)} s`;
  if (left < kHour) return `in ${Math.ceil(left / kMinute)} min`;
  return `in ${Math.ceil(left / kHour)} h`;
}

/**
 * The locale for dates. The page is in English, so the reader's variant of English decides between
 * 2 PM and 14:00. The default has the day before the month and 24 hours.
 */
export function dateLocale(languages: readonly string[]): string {
  return languages.find((language) => /^en\b/i.test(language)) ?? "en-GB";
}

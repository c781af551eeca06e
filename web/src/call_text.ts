/** The title of a call: in its row, in the player and for a screen reader. Pure. */

import { formatAddress, formatClock, formatDay, isPhoneNumber, speakDuration } from "./format";
import type { Call, Party } from "./types";

/** The person or number at the other end; for an unknown direction, the caller. */
export function otherParty(call: Call): Party {
  return call.direction === "outbound" ? call.to : call.from;
}

/** The business's own end. */
export function ownParty(call: Call): Party {
  return call.direction === "outbound" ? call.from : call.to;
}

/** A name where there is one, else the number in groups. */
export function partyTitle(party: Party): string {
  return party.name ?? formatAddress(party.address);
}

/**
 * True when the title is always read left to right. In a right-to-left page, a number would show its
 * plus at the wrong end.
 */
export function isTitleNumber(party: Party): boolean {
  return party.name === null && isPhoneNumber(party.address);
}

export function directionWord(call: Call): string {
  return { inbound: "Inbound", outbound: "Outbound", unknown: "Call" }[call.direction];
}

/** Names a call in the label of its buttons: "call from Dana Levi, 5 minutes, Today 14:02". */
export function spokenCall(call: Call, now: Date, locale: string): string {
  const relation = call.direction === "outbound" ? "to" : "from";
  const parts = [`call ${relation} ${partyTitle(otherParty(call))}`];
  if (call.duration !== null) parts.push(speakDuration(call.duration));
  if (call.startedAt !== null) {
    parts.push(`${formatDay(call.startedAt, now, locale)} ${formatClock(call.startedAt, locale)}`);
  }
  return parts.join(", ");
}
